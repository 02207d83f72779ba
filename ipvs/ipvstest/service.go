// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"syscall"

	"github.com/mdlayher/netlink"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// hz is the number of ticks per second of Debian's kernel, which stores timeouts in
// ticks with 32 bits.
const hz = 250

// hashed is IP_VS_SVC_F_HASHED, which the kernel sets.
const hashed ipvs.ServiceFlags = 0x0002

// noScheduler is the scheduler name of a service without a scheduler.
const noScheduler = "none"

// parseService is ip_vs_genl_parse_service. It returns the requested service, with its
// settings if full is set, and the existing service of that identity, or nil.
func (k *Kernel) parseService(b []byte, full bool) (ipvs.Service, *service, syscall.Errno) {
	var s ipvs.Service
	attrs, errno := parseNested(b, servicePolicy)
	if errno != 0 {
		return s, nil, errno
	}
	if !attrs.has(svcAF) || !attrs.has(svcFWMark) && !attrs.has(svcPort, svcProtocol, svcAddr) {
		return s, nil, syscall.EINVAL
	}
	family := ipvs.Family(u16(attrs[svcAF]))
	if !k.supportsFamily(family) {
		return s, nil, syscall.EAFNOSUPPORT
	}
	s.ServiceID = parseServiceID(family, attrs)
	found := k.find(s.ServiceID)
	if !full {
		return s, found, 0
	}
	if !attrs.has(svcSchedName, svcFlags, svcTimeout, svcNetmask) {
		return s, found, syscall.EINVAL
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
	s.Netmask = netmask(family, attrs[svcNetmask])
	return s, found, 0
}

func parseServiceID(family ipvs.Family, attrs attributes) ipvs.ServiceID {
	if attrs.has(svcFWMark) {
		if mark := u32(attrs[svcFWMark]); mark != 0 {
			return ipvs.ServiceID{FWMark: mark, IPv6: family == ipvs.IPv6}
		}
		// The kernel takes mark 0 for the service TCP 0.0.0.0:0.
		return ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(address(family, nil), 0)}
	}
	addr := address(family, attrs[svcAddr])
	return ipvs.ServiceID{
		Protocol: ipvs.Protocol(u16(attrs[svcProtocol])), AddrPort: netip.AddrPortFrom(addr, port(attrs[svcPort])), IPv6: addr.Is4In6(),
	}
}

// netmask decodes the mask of an IPv4 service, or the prefix length of an IPv6 service.
func netmask(family ipvs.Family, b []byte) ipvs.Netmask {
	if family == ipvs.IPv6 {
		return ipvs.IPv6Prefix(int(min(u32(b), 129)))
	}
	return ipvs.IPv4Mask(b[0], b[1], b[2], b[3])
}

// address decodes a union nf_inet_addr. Missing bytes at its end are zero.
func address(family ipvs.Family, b []byte) netip.Addr {
	var full [16]byte
	copy(full[:], b)
	if family == ipvs.IPv6 {
		return netip.AddrFrom16(full)
	}
	return netip.AddrFrom4([4]byte(full[:4]))
}

// supportsFamily is ip_vs_is_af_valid.
func (k *Kernel) supportsFamily(family ipvs.Family) bool {
	return family == ipvs.IPv4 || family == ipvs.IPv6 && !k.noIPv6
}

// checkService makes the checks of ip_vs_add_service and ip_vs_edit_service.
func (k *Kernel) checkService(s ipvs.Service) syscall.Errno {
	switch {
	case s.Scheduler != noScheduler && !k.schedulers[s.Scheduler]:
		return syscall.ENOENT
	case s.PersistenceEngine != "" && !k.engines[s.PersistenceEngine]:
		return syscall.ENOENT
	case s.AddressFamily() != ipvs.IPv6:
		return 0
	}
	if bits, ok := s.Netmask.IPv6(); !ok || bits < 1 {
		return syscall.EINVAL
	}
	return 0
}

func (k *Kernel) newService(attrs attributes) syscall.Errno {
	s, found, errno := k.parseService(attrs[cmdService], true)
	switch {
	case errno != 0:
		return errno
	case found != nil:
		return syscall.EEXIST
	}
	if errno := k.checkService(s); errno != 0 {
		return errno
	}
	s.Flags |= hashed
	k.services = append(k.services, &service{s, newDestinationList(nil)})
	return 0
}

func (k *Kernel) setService(attrs attributes) syscall.Errno {
	s, found, errno := k.parseService(attrs[cmdService], true)
	switch {
	case errno != 0:
		return errno
	case found == nil:
		return syscall.ESRCH
	}
	if errno := k.checkService(s); errno != 0 {
		return errno
	}
	s.Flags |= hashed
	s.Stats = found.Stats
	found.Service = s
	return 0
}

// findService returns the service that a command names, or ESRCH.
func (k *Kernel) findService(attrs attributes) (*service, syscall.Errno) {
	_, found, errno := k.parseService(attrs[cmdService], false)
	if errno == 0 && found == nil {
		errno = syscall.ESRCH
	}
	return found, errno
}

func (k *Kernel) delService(attrs attributes) syscall.Errno {
	found, errno := k.findService(attrs)
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
		s, errno := k.findService(attrs)
		if errno != 0 {
			return errno
		}
		services = []*service{s}
	}
	for _, s := range services {
		s.Stats = ipvs.Stats{}
		for d := range s.destinations.all() {
			d.Stats = ipvs.Stats{}
		}
	}
	return 0
}

func (k *Kernel) getService(attrs attributes) ([]netlink.Message, syscall.Errno) {
	s, errno := k.findService(attrs)
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
				ae.Bytes(svcAddr, inetAddr(s.AddrPort.Addr()))
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
				bits, _ := s.Netmask.IPv6()
				ae.Uint32(svcNetmask, uint32(bits))
			} else {
				mask, _ := s.Netmask.IPv4()
				ae.Bytes(svcNetmask, mask[:])
			}
			encodeStats(ae, svcStats, svcStats64, s.Stats)
		})
	})
}

// inetAddr encodes a union nf_inet_addr.
func inetAddr(a netip.Addr) []byte {
	b := make([]byte, 16)
	copy(b, a.AsSlice())
	return b
}
