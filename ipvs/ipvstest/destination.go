// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"math"
	"net/netip"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// forwardMask is IP_VS_CONN_F_FWD_MASK. The kernel drops all other flags.
const forwardMask ipvs.ForwardingMethod = 0x0007

// parseDestination is ip_vs_genl_parse_dest, with the family checks of
// ip_vs_genl_set_cmd. It parses the settings if full is set.
func (k *Kernel) parseDestination(s *service, b []byte, full bool) (ipvs.Destination, syscall.Errno) {
	var d ipvs.Destination
	attrs, errno := parseNested(b, destinationPolicy)
	if errno != 0 {
		return d, errno
	}
	if !attrs.has(destAddr, destPort) || full && !attrs.has(destFwdMethod, destWeight, destUThresh, destLThresh) {
		return d, syscall.EINVAL
	}
	family := s.AddressFamily()
	if attrs.has(destAddrFamily) && u16(attrs[destAddrFamily]) != 0 {
		family = ipvs.Family(u16(attrs[destAddrFamily]))
	}
	if full {
		d.Forward = ipvs.ForwardingMethod(u32(attrs[destFwdMethod])) & forwardMask
		d.Weight = u32(attrs[destWeight])
		d.UpperThreshold = u32(attrs[destUThresh])
		d.LowerThreshold = u32(attrs[destLThresh])
		if attrs.has(destTunType) {
			d.TunnelType = ipvs.TunnelType(u8(attrs[destTunType]))
		}
		if attrs.has(destTunPort) {
			d.TunnelPort = port(attrs[destTunPort])
		}
		if attrs.has(destTunFlags) {
			d.TunnelFlags = ipvs.TunnelFlags(u16(attrs[destTunFlags]))
		}
	}
	if !k.supportsFamily(family) {
		return d, syscall.EAFNOSUPPORT
	}
	d.AddrPort = netip.AddrPortFrom(address(family, attrs[destAddr]), port(attrs[destPort]))
	if full && family != s.AddressFamily() && (len(k.daemons) > 0 || d.Forward != ipvs.Tunnel) {
		return d, syscall.EINVAL
	}
	return d, 0
}

// fullDestination parses and checks the operands of an add or an edit.
func (k *Kernel) fullDestination(attrs attributes) (*service, ipvs.Destination, syscall.Errno) {
	s, errno := k.findService(attrs)
	if errno != 0 {
		return nil, ipvs.Destination{}, errno
	}
	d, errno := k.parseDestination(s, attrs[cmdDestination], true)
	switch {
	case errno != 0:
	case int32(d.Weight) < 0, d.LowerThreshold > d.UpperThreshold:
		errno = syscall.ERANGE
	case d.UpperThreshold > math.MaxInt32 && !k.largeThresholds:
		errno = syscall.EINVAL
	case d.TunnelType == ipvs.GUE && d.TunnelPort == 0:
		errno = syscall.EINVAL
	}
	return s, d, errno
}

func (k *Kernel) newDestination(attrs attributes) syscall.Errno {
	s, d, errno := k.fullDestination(attrs)
	switch {
	case errno != 0:
		return errno
	case s.destinations.find(d.DestinationID) != nil:
		return syscall.EEXIST
	case !k.reachable(d.AddrPort.Addr()):
		return syscall.EINVAL
	}
	s.destinations.add(d)
	return 0
}

// reachable reports whether an address may be a destination. It must be unicast. A
// link-local address must be the kernel's own.
func (k *Kernel) reachable(a netip.Addr) bool {
	switch {
	case a.Is4():
		return !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
	case k.local[a]:
		return true
	}
	return !a.IsUnspecified() && !a.IsMulticast() && !a.IsLinkLocalUnicast() && !a.Is4In6()
}

func (k *Kernel) setDestination(attrs attributes) syscall.Errno {
	s, d, errno := k.fullDestination(attrs)
	if errno != 0 {
		return errno
	}
	old := s.destinations.find(d.DestinationID)
	if old == nil {
		return syscall.ENOENT
	}
	d.ActiveConns, d.InactiveConns, d.PersistentConns = old.ActiveConns, old.InactiveConns, old.PersistentConns
	d.Stats = old.Stats
	*old = d
	return 0
}

func (k *Kernel) delDestination(attrs attributes) syscall.Errno {
	s, errno := k.findService(attrs)
	if errno != 0 {
		return errno
	}
	d, errno := k.parseDestination(s, attrs[cmdDestination], false)
	if errno != 0 {
		return errno
	}
	if s.destinations.find(d.DestinationID) == nil {
		return syscall.ENOENT
	}
	s.destinations.remove(d.DestinationID)
	return 0
}

// dumpDestinations returns an empty list if there is no such service.
func (k *Kernel) dumpDestinations(attrs attributes) []netlink.Message {
	s, errno := k.findService(attrs)
	if errno != 0 {
		return nil
	}
	var messages []netlink.Message
	for d := range s.destinations.all() {
		messages = append(messages, destinationMessage(d))
	}
	return messages
}

// destinationMessage is ip_vs_genl_fill_dest.
func destinationMessage(d *ipvs.Destination) netlink.Message {
	return reply(ipvs.CommandNewDestination, func(ae *netlink.AttributeEncoder) {
		nest(ae, cmdDestination, func(ae *netlink.AttributeEncoder) {
			ae.Bytes(destAddr, inetAddr(d.AddrPort.Addr()))
			ae.Bytes(destPort, bigEndian16(d.AddrPort.Port()))
			ae.Uint32(destFwdMethod, uint32(d.Forward))
			ae.Uint32(destWeight, d.Weight)
			ae.Uint8(destTunType, uint8(d.TunnelType))
			ae.Bytes(destTunPort, bigEndian16(d.TunnelPort))
			ae.Uint16(destTunFlags, uint16(d.TunnelFlags))
			ae.Uint32(destUThresh, d.UpperThreshold)
			ae.Uint32(destLThresh, d.LowerThreshold)
			ae.Uint32(destActiveConns, d.ActiveConns)
			ae.Uint32(destInactConns, d.InactiveConns)
			ae.Uint32(destPersistConns, d.PersistentConns)
			ae.Uint16(destAddrFamily, uint16(ipvs.FamilyOf(d.AddrPort.Addr())))
			encodeStats(ae, destStats, destStats64, d.Stats)
		})
	})
}
