// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"fmt"
	"net/netip"
)

// DestinationID identifies a destination among those of its service. It is
// comparable, so it serves as a map key.
type DestinationID struct {
	// AddrPort is the address and port of the real server. Port 0 is for services
	// whose port is 0. An address with a zone is an error. The kernel refuses an
	// IPv4-mapped IPv6 address, which net.IP often holds: call netip.Addr.Unmap.
	AddrPort netip.AddrPort
}

// String returns "10.0.0.2:80" or "[fd00::2]:80". ParseDestinationID is its inverse.
func (id DestinationID) String() string { return id.AddrPort.String() }

// Destination is a real server of a service. An edit sends all fields: the kernel
// replaces every setting.
//
// Its JSON form has lower-case names and words, as in
//
//	{"id": "10.0.0.2:80", "forward": "Masq", "weight": 1}
//
// and leaves out what is zero, except the forwarding method and the weight.
type Destination struct {
	DestinationID

	// Forward is the forwarding method. A destination of a different family from its
	// service needs Tunnel.
	Forward ForwardingMethod
	// Weight is the relative share of new connections, 0 to 2147483647. A destination
	// of weight 0 gets none. The kernel takes a larger weight for negative and
	// refuses it.
	Weight uint32
	// UpperThreshold is the number of connections at which the destination gets no
	// more new ones; 0 means no limit. LowerThreshold is the number below which it
	// gets them again; 0 means three quarters of UpperThreshold. LowerThreshold must
	// not exceed UpperThreshold. Newer kernels refuse more than 2147483647.
	UpperThreshold, LowerThreshold uint32

	// TunnelType, TunnelPort and TunnelFlags apply only if Forward is Tunnel.
	// TunnelPort applies to GUE, TunnelFlags to GUE and GRE.
	TunnelType  TunnelType
	TunnelPort  uint16
	TunnelFlags TunnelFlags

	// ActiveConns, InactiveConns and PersistentConns are numbers of connections, read
	// only. PersistentConns counts templates.
	ActiveConns, InactiveConns, PersistentConns uint32
	// Stats are the counters and rates, read only.
	Stats Stats
}

// encode writes the attributes that identify the destination.
func (id *DestinationID) encode(e *encoder) {
	if err := checkAddr("destination", id.AddrPort.Addr()); err != nil {
		e.Fail(err)
		return
	}
	e.Uint16(destFamily, uint16(FamilyOf(id.AddrPort.Addr())))
	encodeAddr(e, destAddr, id.AddrPort.Addr())
	e.BigEndian16(destPort, id.AddrPort.Port())
}

// encode writes the attributes inside IPVS_CMD_ATTR_DEST. It includes connections and
// counters if they are not zero; the kernel ignores them in a request.
func (d *Destination) encode(e *encoder) {
	d.DestinationID.encode(e)
	e.Uint32(destForward, uint32(d.Forward))
	e.Uint32(destWeight, d.Weight)
	e.Uint32(destUpperThreshold, d.UpperThreshold)
	e.Uint32(destLowerThreshold, d.LowerThreshold)
	e.Uint8(destTunnelType, uint8(d.TunnelType))
	e.BigEndian16(destTunnelPort, d.TunnelPort)
	e.Uint16(destTunnelFlags, uint16(d.TunnelFlags))
	if d.ActiveConns != 0 || d.InactiveConns != 0 || d.PersistentConns != 0 {
		e.Uint32(destActiveConns, d.ActiveConns)
		e.Uint32(destInactiveConns, d.InactiveConns)
		e.Uint32(destPersistentConns, d.PersistentConns)
	}
	d.Stats.encode(e, destStats, destStats64)
}

// decode reads the attributes inside IPVS_CMD_ATTR_DEST. It treats unknown attributes and
// wrong lengths as Service.decode does.
//
// Kernels before 3.18 do not report the family of a destination. Then it is family, that of
// the service. If that is 0, decode assumes IPv4 if all bytes of the address after the
// fourth are zero, and IPv6 otherwise.
func (d *Destination) decode(b []byte, family Family) error {
	*d = Destination{}
	a := decoder{Rest: b}
	var (
		addr  []byte
		port  uint16
		stats statsDecoder
	)
	for a.Next() {
		switch a.Type {
		case destFamily:
			family = Family(a.Uint16())
		case destAddr:
			addr = a.Value
		case destPort:
			port = a.BigEndian16()
		case destForward:
			d.Forward = ForwardingMethod(a.Uint32())
		case destWeight:
			d.Weight = a.Uint32()
		case destUpperThreshold:
			d.UpperThreshold = a.Uint32()
		case destLowerThreshold:
			d.LowerThreshold = a.Uint32()
		case destActiveConns:
			d.ActiveConns = a.Uint32()
		case destInactiveConns:
			d.InactiveConns = a.Uint32()
		case destPersistentConns:
			d.PersistentConns = a.Uint32()
		case destTunnelType:
			d.TunnelType = TunnelType(a.Uint8())
		case destTunnelPort:
			d.TunnelPort = a.BigEndian16()
		case destTunnelFlags:
			d.TunnelFlags = TunnelFlags(a.Uint16())
		case destStats:
			stats.attr32 = a.Value
		case destStats64:
			stats.attr64 = a.Value
		}
	}
	if a.Err == nil {
		a.Err = stats.decode(&d.Stats)
	}
	if a.Err != nil {
		return fmt.Errorf("destination: %w", a.Err)
	}
	if addr == nil {
		return errors.New("destination: no address in the kernel's reply")
	}
	if family == 0 {
		family = guessFamily(addr)
	}
	ip, err := decodeAddr(family, addr)
	if err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	d.AddrPort = netip.AddrPortFrom(ip, port)
	return nil
}

// guessFamily returns IPv4 if all bytes of an address after the fourth are zero.
func guessFamily(addr []byte) Family {
	for _, b := range addr[min(4, len(addr)):] {
		if b != 0 {
			return IPv6
		}
	}
	return IPv4
}
