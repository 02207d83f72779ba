package main

import (
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// servicesPath names ports, as services(5) says.
const servicesPath = "/etc/services"

// portService is an entry of /etc/services: names are its name and its aliases.
type portService struct {
	names    []string
	port     uint16
	protocol string
}

// services reads the file when the first name is wanted. Without the file no
// port has a name.
var services = sync.OnceValue(func() []portService {
	b, err := os.ReadFile(servicesPath)
	if err != nil {
		return nil
	}
	return parseServices(string(b))
})

func parseServices(text string) []portService {
	var all []portService
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		number, protocol, _ := strings.Cut(fields[1], "/")
		port, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			continue
		}
		names := append([]string{fields[0]}, fields[2:]...)
		all = append(all, portService{names, uint16(port), protocol})
	}
	return all
}

// portByName finds the port of a service, under its name or an alias.
func portByName(name string, p ipvs.Protocol) (uint16, bool) {
	protocol := strings.ToLower(p.String())
	for _, s := range services() {
		if s.protocol != protocol {
			continue
		}
		for _, n := range s.names {
			if n == name {
				return s.port, true
			}
		}
	}
	return 0, false
}

// portName finds the name of a port.
func portName(p ipvs.Protocol, port uint16) (string, bool) {
	protocol := strings.ToLower(p.String())
	for _, s := range services() {
		if s.port == port && s.protocol == protocol {
			return s.names[0], true
		}
	}
	return "", false
}
