package main

import (
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// servicesPath names ports, as services(5) says.
const servicesPath = "/etc/services"

// servicePort is a port of a protocol, in small letters.
type servicePort struct {
	protocol string
	port     uint16
}

// serviceName is a name or an alias of a service with a protocol.
type serviceName struct{ protocol, name string }

// serviceNames is what /etc/services says. Where it says two things, the first
// one counts.
type serviceNames struct {
	names map[servicePort]string
	ports map[serviceName]uint16
}

// services reads the file when the first name is wanted. Without the file no
// port has a name.
var services = sync.OnceValue(func() serviceNames { return readServices(servicesPath) })

// readServices reads a regular file: a pipe may have nobody at its other end.
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

// portByName finds the port of a service, under its name or an alias.
func portByName(name string, p ipvs.Protocol) (uint16, bool) {
	port, ok := services().ports[serviceName{protocolWord(p), name}]
	return port, ok
}

// portName finds the name of a port.
func portName(p ipvs.Protocol, port uint16) (string, bool) {
	name, ok := services().names[servicePort{protocolWord(p), port}]
	return name, ok
}

// protocolWord is the protocol as the file writes it.
func protocolWord(p ipvs.Protocol) string {
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
