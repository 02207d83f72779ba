// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bufio"
	"io"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

const nsswitchPath = "/etc/nsswitch.conf"

// readSources returns the sources of host names in /etc/nsswitch.conf, in order.
func readSources() []string {
	order, err := sysconfig.Open("/", nsswitchPath)
	if err != nil {
		return parseSources(strings.NewReader(""))
	}
	defer func() { _ = order.Close() }()
	return parseSources(order)
}

// parseSources returns the sources of host names in nsswitch.conf(5), in order. The
// default is files and dns.
func parseSources(order io.Reader) []string {
	for lines := bufio.NewScanner(order); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		database, sources, _ := strings.Cut(line, ":")
		if strings.TrimSpace(database) == "hosts" {
			return configFields(sources)
		}
	}
	return []string{"files", "dns"}
}

// onlyFiles tells whether /etc/hosts is the only source of host names, so that no name
// server is asked for the name of an address. For the addresses of a name, net.Resolver
// reads nsswitch.conf itself.
func (r *Resolver) onlyFiles() bool {
	sources := r.sources()
	return len(sources) == 1 && sources[0] == "files"
}
