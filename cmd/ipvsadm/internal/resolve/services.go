// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"io"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

const servicesPath = "/etc/services"

// servicePort is a port with its protocol in lower case.
type servicePort struct {
	protocol string
	port     uint16
}

// serviceName is a name or an alias of a port, with its protocol in lower case.
type serviceName struct{ protocol, name string }

// serviceNames is the content of services(5). The first of several entries counts.
type serviceNames struct {
	names map[servicePort]string
	ports map[serviceName]uint16
}

// readServices reads services(5). It returns nothing if path is not a regular file.
func readServices(path string) serviceNames {
	file, err := sysconfig.Open("/", path)
	if err != nil {
		return serviceNames{}
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(file)
	if err != nil {
		return serviceNames{}
	}
	return parseServices(string(b))
}

func parseServices(text string) serviceNames {
	all := serviceNames{map[servicePort]string{}, map[serviceName]uint16{}}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		number, protocol, _ := strings.Cut(fields[1], "/")
		port, err := strconv.ParseUint(number, 10, 16)
		if err != nil || protocol == "" {
			continue
		}
		key := servicePort{protocol, uint16(port)}
		if _, known := all.names[key]; !known {
			all.names[key] = fields[0]
		}
		for i, name := range fields {
			key := serviceName{protocol, name}
			if _, known := all.ports[key]; i != 1 && !known {
				all.ports[key] = uint16(port)
			}
		}
	}
	return all
}

// protocolName returns the name of a protocol in services(5), or "".
func protocolName(p ipvs.Protocol) string {
	switch p {
	case ipvs.TCP:
		return "tcp"
	case ipvs.UDP:
		return "udp"
	case ipvs.SCTP:
		return "sctp"
	}
	return ""
}
