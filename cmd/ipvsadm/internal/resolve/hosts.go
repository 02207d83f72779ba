// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"bufio"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

const (
	hostsPath  = "/etc/hosts"
	resolvPath = "/etc/resolv.conf"
)

func readHosts(path string) map[netip.Addr]string {
	file, err := sysconfig.Open("/", path)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	return parseHosts(file)
}

// areFinite tells whether reading these files comes to an end: none is a pipe or a
// device, except /dev/null.
func areFinite(paths ...string) bool {
	null, nullErr := os.Stat(os.DevNull)
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeDevice) != 0 && (nullErr != nil || !os.SameFile(info, null)) {
			return false
		}
	}
	return true
}

// parseHosts parses hosts(5). The first name of an address counts. It is "" if it is not
// a valid host name.
func parseHosts(file io.Reader) map[netip.Addr]string {
	names := map[netip.Addr]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := configFields(line)
		if len(fields) < 2 {
			continue
		}
		a, err := netip.ParseAddr(fields[0])
		if _, known := names[a]; err != nil || known {
			continue
		}
		names[a] = ""
		if isHostName(fields[1]) {
			names[a] = fields[1]
		}
	}
	return names
}

// configFields splits a line at the white space that resolvers accept.
func configFields(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' })
}

// isHostName tells whether a rule may have this name in place of an address: labels of
// letters, digits, hyphens and underscores, not all of them digits. Such a name does not
// break the columns of a listing either.
func isHostName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	letter := false
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || len(part) > 63 || part[0] == '-' || part[len(part)-1] == '-' {
			return false
		}
		for _, c := range []byte(part) {
			switch {
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-', c == '_':
				letter = true
			case c < '0' || '9' < c:
				return false
			}
		}
	}
	return letter && len(name) <= 253
}
