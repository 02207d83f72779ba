// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"cmp"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// DefaultService returns the service that -A adds without further options, except that a
// service of all ports is persistent, as it must be.
func DefaultService(id ipvs.ServiceID) ipvs.Service {
	s := ipvs.Service{ServiceID: id, Scheduler: DefaultScheduler}
	if format.NeedsPersistence(id) {
		s.Flags, s.Timeout = ipvs.Persistent, DefaultPersistence
	}
	return s
}

// The setters of the option table, here and in other files, parse the value of an option
// into the builder.

func (b *builder) setTCP(value string) error  { return b.setService(ipvs.TCP, value) }
func (b *builder) setUDP(value string) error  { return b.setService(ipvs.UDP, value) }
func (b *builder) setSCTP(value string) error { return b.setService(ipvs.SCTP, value) }

func (b *builder) setService(p ipvs.Protocol, value string) error {
	end, err := parseEndpoint(value, p, b.hosts)
	if err != nil {
		return illegalAddress(illegal("virtual server address[:port]"), value, p, b.hosts)
	}
	b.service.ServiceID = ipvs.ServiceID{Protocol: p, AddrPort: end.AddrPort(), IPv6: end.addr.Is4In6()}
	return nil
}

func (b *builder) setFWMark(value string) error {
	mark, ok := parseIn(value, format.FWMarkRange)
	if !ok {
		return WithHint(Usagef("invalid fwmark value `%s' specified", value), rangeHint(format.FWMarkRange))
	}
	b.service.ServiceID = ipvs.ServiceID{FWMark: uint32(mark)}
	return nil
}

func (b *builder) setIPv6(string) error {
	if b.service.FWMark == 0 {
		return WithHint(Usagef("-6 used before -f\n"), "-6 comes after -f MARK; -t and -u need no -6")
	}
	b.service.IPv6 = true
	return nil
}

func (b *builder) setScheduler(value string) error {
	b.service.Scheduler, b.noScheduler = cmp.Or(truncateName(value), DefaultScheduler), value == ""
	return nil
}

func (b *builder) setPE(value string) error {
	b.service.PersistenceEngine = truncateName(value)
	return nil
}

// truncateName shortens a name to the kernel's limit, as ipvsadm 1.31 does.
func truncateName(name string) string { return name[:min(len(name), 15)] }

func (b *builder) setPersistent(value string) error {
	timeout, ok := parseIn(value, format.PersistenceRange)
	if !ok {
		return WithHint(Usagef("invalid timeout value `%s' specified", value), rangeHint(format.PersistenceRange))
	}
	b.service.Timeout = uint32(timeout)
	return nil
}

func (b *builder) setNetmask(value string) error {
	b.netmask = parseNetmask(value, b.hosts)
	if family := b.service.AddressFamily(); family != 0 {
		return b.netmask.check(family)
	}
	// The family is not known yet, so the value may be of either.
	if b.netmask.check(ipvs.IPv6) == nil {
		return nil
	}
	return b.netmask.check(ipvs.IPv4)
}

func (b *builder) setOps(string) error {
	b.service.Flags |= ipvs.OnePacket
	return nil
}

func (b *builder) setSchedFlags(value string) error {
	b.schedFlags = value
	return nil
}
