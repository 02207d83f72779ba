package ipvstest

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// hz is how often the kernel of Debian counts in a second. It keeps timeouts in
// ticks, in 32 bits.
const hz = 250

// hashed is IP_VS_SVC_F_HASHED, which the kernel sets.
const hashed ipvs.ServiceFlags = 0x0002

// noScheduler is the name that stands for having none.
const noScheduler = "none"

// parseService is ip_vs_genl_parse_service: the identity of the service, the
// service if there is one, and its settings if full is set.
func (k *Kernel) parseService(b []byte, full bool) (ipvs.Service, *service, syscall.Errno) {
	var s ipvs.Service
	attrs, errno := parseNested(b, servicePolicy)
	if errno != 0 {
		return s, nil, errno
	}
	if !attrs.has(svcAF) || !attrs.has(svcFWMark) && !attrs.has(svcPort, svcProtocol, svcAddr) {
		return s, nil, unix.EINVAL
	}
	family := ipvs.Family(u16(attrs[svcAF]))
	if !k.knows(family) {
		return s, nil, unix.EAFNOSUPPORT
	}
	s.ServiceID = identity(family, attrs)
	found := k.find(s.ServiceID)
	if !full {
		return s, found, 0
	}
	if !attrs.has(svcSchedName, svcFlags, svcTimeout, svcNetmask) {
		return s, found, unix.EINVAL
	}
	var flags [8]byte
	copy(flags[:], attrs[svcFlags])
	if found != nil {
		s.Flags = found.Flags
	}
	mask := ipvs.ServiceFlags(u32(flags[4:]))
	s.Flags = s.Flags&^mask | ipvs.ServiceFlags(u32(flags[:4]))&mask
	s.Scheduler = cString(attrs[svcSchedName])
	if attrs.has(svcPEName) {
		s.PersistenceEngine = cString(attrs[svcPEName])
	}
	s.Timeout = u32(attrs[svcTimeout]) * hz / hz
	if family == ipvs.IPv6 {
		s.Netmask = u32(attrs[svcNetmask])
	} else {
		s.Netmask = binary.BigEndian.Uint32(attrs[svcNetmask])
	}
	return s, found, 0
}

func identity(family ipvs.Family, attrs attributes) ipvs.ServiceID {
	if attrs.has(svcFWMark) {
		if mark := u32(attrs[svcFWMark]); mark != 0 {
			return canonical(ipvs.ServiceID{FWMark: mark, Family: family})
		}
		// The kernel takes mark 0 for the service TCP 0.0.0.0:0.
		return ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(address(family, nil), 0)}
	}
	return ipvs.ServiceID{
		Protocol: ipvs.Protocol(u16(attrs[svcProtocol])),
		AddrPort: netip.AddrPortFrom(address(family, attrs[svcAddr]), port(attrs[svcPort])),
	}
}

// address reads a union nf_inet_addr, the end of which may be missing.
func address(family ipvs.Family, b []byte) netip.Addr {
	var full [16]byte
	copy(full[:], b)
	if family == ipvs.IPv6 {
		return netip.AddrFrom16(full)
	}
	return netip.AddrFrom4([4]byte(full[:4]))
}

// knows is ip_vs_is_af_valid.
func (k *Kernel) knows(family ipvs.Family) bool {
	return family == ipvs.IPv4 || family == ipvs.IPv6 && !k.noIPv6
}

// checkService is what ip_vs_add_service and ip_vs_edit_service refuse.
func (k *Kernel) checkService(s ipvs.Service) syscall.Errno {
	switch {
	case s.Scheduler != noScheduler && !k.schedulers[s.Scheduler]:
		return unix.ENOENT
	case s.PersistenceEngine != "" && !k.engines[s.PersistenceEngine]:
		return unix.ENOENT
	case s.AddressFamily() == ipvs.IPv6 && (s.Netmask < 1 || s.Netmask > 128):
		return unix.EINVAL
	}
	return 0
}

func (k *Kernel) newService(attrs attributes) syscall.Errno {
	s, found, errno := k.parseService(attrs[cmdService], true)
	switch {
	case errno != 0:
		return errno
	case found != nil:
		return unix.EEXIST
	}
	if errno := k.checkService(s); errno != 0 {
		return errno
	}
	s.Flags |= hashed
	k.services = append(k.services, &service{Service: s})
	return 0
}

func (k *Kernel) setService(attrs attributes) syscall.Errno {
	s, found, errno := k.parseService(attrs[cmdService], true)
	switch {
	case errno != 0:
		return errno
	case found == nil:
		return unix.ESRCH
	}
	if errno := k.checkService(s); errno != 0 {
		return errno
	}
	s.Flags |= hashed
	s.Stats = found.Stats
	found.Service = s
	return 0
}

// existing finds the service that a command is about.
func (k *Kernel) existing(attrs attributes) (*service, syscall.Errno) {
	_, found, errno := k.parseService(attrs[cmdService], false)
	if errno == 0 && found == nil {
		errno = unix.ESRCH
	}
	return found, errno
}

func (k *Kernel) delService(attrs attributes) syscall.Errno {
	found, errno := k.existing(attrs)
	if errno != 0 {
		return errno
	}
	k.services = slices.DeleteFunc(k.services, func(s *service) bool { return s == found })
	return 0
}

func (k *Kernel) flush(attributes) syscall.Errno {
	k.services = nil
	return 0
}

// zero sets the counters of one service, or of all, and of their destinations
// to zero.
func (k *Kernel) zero(attrs attributes) syscall.Errno {
	services := k.services
	if attrs.has(cmdService) {
		s, errno := k.existing(attrs)
		if errno != 0 {
			return errno
		}
		services = []*service{s}
	}
	for _, s := range services {
		s.Stats = ipvs.Stats{}
		for i := range s.destinations {
			s.destinations[i].Stats = ipvs.Stats{}
		}
	}
	return 0
}

func (k *Kernel) getService(attrs attributes) ([]netlink.Message, syscall.Errno) {
	s, errno := k.existing(attrs)
	if errno != 0 {
		return nil, errno
	}
	return []netlink.Message{s.message()}, 0
}

func (k *Kernel) dumpServices(attributes) []netlink.Message {
	var messages []netlink.Message
	for _, s := range k.ordered() {
		messages = append(messages, s.message())
	}
	return messages
}

// message is ip_vs_genl_fill_service.
func (s *service) message() netlink.Message {
	return reply(ipvs.CommandNewService, func(ae *netlink.AttributeEncoder) {
		nest(ae, cmdService, func(ae *netlink.AttributeEncoder) {
			family := s.AddressFamily()
			ae.Uint16(svcAF, uint16(family))
			if s.FWMark != 0 {
				ae.Uint32(svcFWMark, s.FWMark)
			} else {
				ae.Uint16(svcProtocol, uint16(s.Protocol))
				ae.Bytes(svcAddr, union(s.AddrPort.Addr()))
				ae.Bytes(svcPort, bigEndian16(s.AddrPort.Port()))
			}
			ae.String(svcSchedName, s.Scheduler)
			if s.PersistenceEngine != "" {
				ae.String(svcPEName, s.PersistenceEngine)
			}
			flags := binary.NativeEndian.AppendUint32(nil, uint32(s.Flags))
			ae.Bytes(svcFlags, binary.NativeEndian.AppendUint32(flags, ^uint32(0)))
			ae.Uint32(svcTimeout, s.Timeout)
			if family == ipvs.IPv6 {
				ae.Uint32(svcNetmask, s.Netmask)
			} else {
				ae.Bytes(svcNetmask, binary.BigEndian.AppendUint32(nil, s.Netmask))
			}
			encodeStats(ae, svcStats, svcStats64, s.Stats)
		})
	})
}

// union is a union nf_inet_addr.
func union(a netip.Addr) []byte {
	b := make([]byte, 16)
	copy(b, a.AsSlice())
	return b
}
