package ipvs

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/mdlayher/netlink"
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

func (id DestinationID) encode(ae *netlink.AttributeEncoder) error {
	addr, err := encodeAddr(id.AddrPort.Addr())
	if err != nil {
		return err
	}
	ae.Uint16(destFamily, uint16(FamilyOf(id.AddrPort.Addr())))
	ae.Bytes(destAddr, addr)
	encodePort(ae, destPort, id.AddrPort.Port())
	return nil
}

// MarshalBinary returns the attributes inside IPVS_CMD_ATTR_DEST. Connections
// and counters are included if there are any; the kernel ignores them in a request.
func (d Destination) MarshalBinary() ([]byte, error) {
	return marshal(d.encode)
}

func (d Destination) encode(ae *netlink.AttributeEncoder) error {
	if err := d.DestinationID.encode(ae); err != nil {
		return err
	}
	ae.Uint32(destForward, uint32(d.Forward))
	ae.Uint32(destWeight, d.Weight)
	ae.Uint32(destUpperThreshold, d.UpperThreshold)
	ae.Uint32(destLowerThreshold, d.LowerThreshold)
	ae.Uint8(destTunnelType, uint8(d.TunnelType))
	encodePort(ae, destTunnelPort, d.TunnelPort)
	ae.Uint16(destTunnelFlags, uint16(d.TunnelFlags))
	if d.ActiveConns != 0 || d.InactiveConns != 0 || d.PersistentConns != 0 {
		ae.Uint32(destActiveConns, d.ActiveConns)
		ae.Uint32(destInactiveConns, d.InactiveConns)
		ae.Uint32(destPersistentConns, d.PersistentConns)
	}
	d.Stats.encode(ae, destStats, destStats64)
	return nil
}

// UnmarshalBinary reads the attributes inside IPVS_CMD_ATTR_DEST, as
// Service.UnmarshalBinary does.
//
// Kernels before 3.18 do not report the family of a destination. It is then
// that of the service, which a Client knows; here it is IPv4 if all bytes
// after the fourth are zero.
func (d *Destination) UnmarshalBinary(b []byte) error {
	return unmarshal(b, func(ad *netlink.AttributeDecoder) error { return d.decode(ad, 0) })
}

// decode reads a destination; family is that of its service, 0 if unknown.
func (d *Destination) decode(ad *netlink.AttributeDecoder, family Family) error {
	*d = Destination{}
	var (
		addr    []byte
		port    uint16
		stats64 bool
	)
	for ad.Next() {
		switch ad.Type() {
		case destFamily:
			family = Family(ad.Uint16())
		case destAddr:
			addr = ad.Bytes()
		case destPort:
			port = decodePort(ad)
		case destForward:
			d.Forward = ForwardingMethod(ad.Uint32())
		case destWeight:
			d.Weight = ad.Uint32()
		case destUpperThreshold:
			d.UpperThreshold = ad.Uint32()
		case destLowerThreshold:
			d.LowerThreshold = ad.Uint32()
		case destActiveConns:
			d.ActiveConns = ad.Uint32()
		case destInactiveConns:
			d.InactiveConns = ad.Uint32()
		case destPersistentConns:
			d.PersistentConns = ad.Uint32()
		case destTunnelType:
			d.TunnelType = TunnelType(ad.Uint8())
		case destTunnelPort:
			d.TunnelPort = decodePort(ad)
		case destTunnelFlags:
			d.TunnelFlags = TunnelFlags(ad.Uint16())
		case destStats:
			if !stats64 {
				ad.Nested(d.Stats.decode32)
			}
		case destStats64:
			stats64 = true
			ad.Nested(d.Stats.decode64)
		}
	}
	if err := ad.Err(); err != nil {
		return fmt.Errorf("ipvs: destination: %w", err)
	}
	if addr == nil {
		return errors.New("ipvs: destination: no address in the kernel's reply")
	}
	if family == 0 {
		family = guessFamily(addr)
	}
	a, err := decodeAddr(family, addr)
	if err != nil {
		return fmt.Errorf("ipvs: destination: %w", err)
	}
	d.AddrPort = netip.AddrPortFrom(a, port)
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
