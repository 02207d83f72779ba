package ipvs

import (
	"errors"
	"fmt"
	"net/netip"
)

// DestinationID tells one destination of a service from the others. It is
// comparable. A port of 0 belongs to a service whose port is 0.
type DestinationID struct {
	AddrPort netip.AddrPort
}

// String is "10.0.0.2:80" or "[fd00::2]:80".
func (id DestinationID) String() string { return id.AddrPort.String() }

// Destination is a real server of a service. To change one, send it whole: the
// kernel replaces every field but the counters.
type Destination struct {
	DestinationID

	// Forward is the forwarding method. A destination whose family differs from
	// its service's needs Tunnel.
	Forward ForwardingMethod
	// Weight is the share of new connections, 0 to 2147483647; 0 gets none.
	// Beyond that the kernel takes it for negative and refuses it.
	Weight uint32
	// UpperThreshold is the number of connections at which the destination gets
	// no more new ones, LowerThreshold the number below which it gets them
	// again, which is no more than the upper one. An upper threshold of 0 means no
	// limit, a lower one of 0 three quarters of the upper one. Newer kernels refuse
	// more than 2147483647.
	UpperThreshold, LowerThreshold uint32

	// TunnelType, TunnelPort and TunnelFlags are of meaning with Tunnel only;
	// the port and the flags with GUE, the flags also with GRE.
	TunnelType  TunnelType
	TunnelPort  uint16
	TunnelFlags TunnelFlags

	// The numbers of connections, read only. PersistentConns counts templates.
	ActiveConns, InactiveConns, PersistentConns uint32
	// Stats are the counters, read only.
	Stats Stats
}

// settings is the destination without what is read only.
func (d Destination) settings() Destination {
	d.ActiveConns, d.InactiveConns, d.PersistentConns, d.Stats = 0, 0, 0, Stats{}
	return d
}

// MarshalBinary returns the attributes that identify the destination.
func (id DestinationID) MarshalBinary() ([]byte, error) {
	return marshal(id.encode)
}

func (id *DestinationID) encode(e *encoder) {
	e.uint16(destFamily, uint16(FamilyOf(id.AddrPort.Addr())))
	e.addr(destAddr, id.AddrPort.Addr())
	e.port(destPort, id.AddrPort.Port())
}

// MarshalBinary returns the attributes inside IPVS_CMD_ATTR_DEST. Connections
// and counters are included if there are any; the kernel ignores them in a request.
func (d Destination) MarshalBinary() ([]byte, error) {
	return marshal(d.encode)
}

func (d *Destination) encode(e *encoder) {
	d.DestinationID.encode(e)
	e.uint32(destForward, uint32(d.Forward))
	e.uint32(destWeight, d.Weight)
	e.uint32(destUpperThreshold, d.UpperThreshold)
	e.uint32(destLowerThreshold, d.LowerThreshold)
	e.uint8(destTunnelType, uint8(d.TunnelType))
	e.port(destTunnelPort, d.TunnelPort)
	e.uint16(destTunnelFlags, uint16(d.TunnelFlags))
	if d.ActiveConns != 0 || d.InactiveConns != 0 || d.PersistentConns != 0 {
		e.uint32(destActiveConns, d.ActiveConns)
		e.uint32(destInactiveConns, d.InactiveConns)
		e.uint32(destPersistentConns, d.PersistentConns)
	}
	d.Stats.encode(e, destStats, destStats64)
}

// UnmarshalBinary reads the attributes inside IPVS_CMD_ATTR_DEST, as
// Service.UnmarshalBinary does.
//
// Kernels before 3.18 do not report the family of a destination. It is then
// that of the service, which a Client knows; here it is IPv4 if all bytes
// after the fourth are zero.
func (d *Destination) UnmarshalBinary(b []byte) error {
	return prefixed(d.decode(b, 0))
}

// decode reads a destination; family is that of its service, 0 if unknown.
func (d *Destination) decode(b []byte, family Family) error {
	*d = Destination{}
	a := decoder{rest: b}
	var (
		addr  []byte
		port  uint16
		stats statsDecoder
	)
	for a.next() {
		switch a.typ {
		case destFamily:
			family = Family(a.uint16())
		case destAddr:
			addr = a.value
		case destPort:
			port = a.port()
		case destForward:
			d.Forward = ForwardingMethod(a.uint32())
		case destWeight:
			d.Weight = a.uint32()
		case destUpperThreshold:
			d.UpperThreshold = a.uint32()
		case destLowerThreshold:
			d.LowerThreshold = a.uint32()
		case destActiveConns:
			d.ActiveConns = a.uint32()
		case destInactiveConns:
			d.InactiveConns = a.uint32()
		case destPersistentConns:
			d.PersistentConns = a.uint32()
		case destTunnelType:
			d.TunnelType = TunnelType(a.uint8())
		case destTunnelPort:
			d.TunnelPort = a.port()
		case destTunnelFlags:
			d.TunnelFlags = TunnelFlags(a.uint16())
		case destStats:
			stats.old = a.value
		case destStats64:
			stats.wide = a.value
		}
	}
	if a.err == nil {
		a.err = stats.decode(&d.Stats)
	}
	if a.err != nil {
		return fmt.Errorf("destination: %w", a.err)
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

func guessFamily(addr []byte) Family {
	for _, b := range addr[min(4, len(addr)):] {
		if b != 0 {
			return IPv6
		}
	}
	return IPv4
}
