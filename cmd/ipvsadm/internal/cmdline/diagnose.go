// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"net/netip"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func (b *builder) setRole(value string) error {
	role, ok := diagnose.ParseRole(value)
	if !ok {
		return WithHint(Usagef("invalid role `%s' specified; it must be one of %s", value, strings.Join(diagnose.Roles(), ", ")),
			DidYouMean(Nearest(value, diagnose.Roles())))
	}
	b.diagnosis.Role = role
	return nil
}

func (b *builder) setDirector(value string) error {
	network, err := parseNetwork(value, b.hosts)
	if err != nil || !network.IsSingleIP() || !isHost(network.Addr()) {
		return Usagef("invalid director `%s' specified; it must be an address, such as 10.0.0.254", value)
	}
	b.diagnosis.Director = network.Addr()
	return nil
}

// isHost tells whether an address can be that of one machine.
func isHost(addr netip.Addr) bool {
	return !addr.IsUnspecified() && !addr.IsMulticast() && addr != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

func (b *builder) setRules(value string) error {
	if value == "" {
		return Usagef("invalid rules file `' specified; - is standard input")
	}
	b.rulesFile = value
	return nil
}

func (b *builder) setSkip(value string) error {
	for id := range strings.SplitSeq(value, ",") {
		if !diagnose.Exists(id) {
			return WithHint(Usagef("no check has the name `%s'; ipvsadm-diagnose(7) lists them", id), DidYouMean(Nearest(id, diagnose.IDs())))
		}
		b.diagnosis.Skip = append(b.diagnosis.Skip, id)
	}
	return nil
}

// checkDiagnosis checks the options of --diagnose against each other.
func (b *builder) checkDiagnosis() error {
	if err := b.checkTableForm(); err != nil {
		return err
	}
	ofServer := b.seen.and(setOf(serverOption, forwardOption, directorOption))
	isServer := b.diagnosis.Role == diagnose.RealServer
	switch {
	case isServer && b.has(rulesOption):
		return Usagef("The option 'rules' is for a director, not for --diagnose real-server")
	case isServer && b.service.AddrPort.Addr().IsUnspecified():
		return Usagef("--diagnose real-server needs the virtual address of the service, and %s is none", b.service.AddrPort.Addr())
	case isServer && (!b.has(serviceOption) || b.service.FWMark != 0):
		return WithHint(Usagef("--diagnose real-server needs a service with an address: -t, -u or --sctp-service VIP:PORT"),
			"--diagnose on the director prints the line for each server")
	case isServer && !b.has(forwardOption):
		return WithHint(Usagef("--diagnose real-server needs the forwarding method: -g, -i or -m"),
			"--diagnose on the director prints the line for each server")
	case !isServer && ofServer != optionSet{}:
		return Usagef("The option '%s' is only for --diagnose real-server", ofServer.first().name())
	case isServer && b.has(probeOption):
		return Usagef("The option 'probe' is for a director, not for --diagnose real-server")
	case b.has(rulesOption) && b.has(probeOption):
		return Usagef("The option 'probe' conflicts with the 'rules' option")
	case b.has(rulesOption) && b.has(netnsOption):
		return Usagef("The option 'netns' conflicts with the 'rules' option")
	case b.has(clientOption) && !b.list.Options.Filter.Client.IsSingleIP():
		return Usagef("--diagnose takes the address of one client, not a network")
	case b.has(clientOption) && !isHost(b.list.Options.Filter.Client.Addr()):
		return Usagef("--diagnose takes the address of a client, and %s is none", b.list.Options.Filter.Client.Addr())
	}
	return nil
}

// completeDiagnosis sets what depends on more than one option.
func (b *builder) completeDiagnosis() error {
	if err := b.lookUpServerPort(); err != nil {
		return err
	}
	o := &b.diagnosis
	o.Service, o.Forward = b.service.ServiceID, b.destination.Forward
	o.Client = b.list.Options.Filter.Client.Addr()
	o.Verbose, o.Probe = b.has(verboseOption), b.has(probeOption)
	if b.has(serverOption) {
		port := b.server.port
		if !b.server.hasPort || o.Forward != ipvs.Masquerade {
			port = o.Service.AddrPort.Port()
		}
		o.Server = netip.AddrPortFrom(b.server.addr.Unmap(), port)
	}
	for _, other := range []struct {
		name string
		addr netip.Addr
	}{
		{"client", o.Client}, {"director", o.Director}, {"real-server", o.Server.Addr()},
	} {
		if b.has(serviceOption) && other.addr.IsValid() && ipvs.FamilyOf(other.addr) != o.Service.AddressFamily() {
			return Usagef("The address of the option '%s' is not of the family of the service", other.name)
		}
	}
	return nil
}
