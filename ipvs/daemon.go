package ipvs

import (
	"fmt"
	"net/netip"

	"github.com/mdlayher/netlink"
)

// Daemon is a sync daemon: the master multicasts the director's connections,
// the backup receives them.
type Daemon struct {
	State DaemonState
	// Interface is the name of the multicast interface, at most 15 bytes.
	Interface string
	// SyncID is 0 to 255; a backup takes the messages of its own id, or of all
	// if it is 0.
	SyncID uint32
	// MaxLen is the largest UDP payload in bytes; 0 lets the kernel choose, by
	// the interface's MTU.
	MaxLen uint16
	// Group is the multicast group; the zero Addr means 224.0.0.81.
	Group netip.Addr
	// Port is the (first) UDP port; 0 means 8848.
	Port uint16
	// TTL is the time to live of the messages; 0 means 1.
	TTL uint8
}

// MarshalBinary returns the attributes inside IPVS_CMD_ATTR_DAEMON. Of the
// fields from MaxLen on, zero ones are left out, so that the kernel's defaults count.
func (d Daemon) MarshalBinary() ([]byte, error) {
	return marshal(d.encode)
}

func (d Daemon) encode(ae *netlink.AttributeEncoder) error {
	ae.Uint32(daemonState, uint32(d.State))
	if err := encodeName(ae, daemonInterface, "interface", d.Interface); err != nil {
		return err
	}
	ae.Uint32(daemonSyncID, d.SyncID)
	if d.MaxLen != 0 {
		ae.Uint16(daemonMaxLen, d.MaxLen)
	}
	switch FamilyOf(d.Group) {
	case IPv4:
		ae.Bytes(daemonGroup, d.Group.AsSlice())
	case IPv6:
		ae.Bytes(daemonGroup6, d.Group.WithZone("").AsSlice())
	}
	if d.Port != 0 {
		ae.Uint16(daemonPort, d.Port)
	}
	if d.TTL != 0 {
		ae.Uint8(daemonTTL, d.TTL)
	}
	return nil
}

// UnmarshalBinary reads the attributes inside IPVS_CMD_ATTR_DAEMON. Kernels
// before 4.3 report no more than State, Interface and SyncID.
func (d *Daemon) UnmarshalBinary(b []byte) error {
	return unmarshal(b, d.decode)
}

func (d *Daemon) decode(ad *netlink.AttributeDecoder) error {
	*d = Daemon{}
	for ad.Next() {
		switch ad.Type() {
		case daemonState:
			d.State = DaemonState(ad.Uint32())
		case daemonInterface:
			d.Interface = ad.String()
		case daemonSyncID:
			d.SyncID = ad.Uint32()
		case daemonMaxLen:
			d.MaxLen = ad.Uint16()
		case daemonGroup:
			d.decodeGroup(ad, IPv4)
		case daemonGroup6:
			d.decodeGroup(ad, IPv6)
		case daemonPort:
			d.Port = ad.Uint16()
		case daemonTTL:
			d.TTL = ad.Uint8()
		}
	}
	if err := ad.Err(); err != nil {
		return fmt.Errorf("ipvs: daemon: %w", err)
	}
	return nil
}

func (d *Daemon) decodeGroup(ad *netlink.AttributeDecoder, family Family) {
	ad.Do(func(b []byte) error {
		if family == IPv4 && len(b) != 4 {
			return fmt.Errorf("multicast group is %d bytes long, want 4", len(b))
		}
		a, err := decodeAddr(family, b)
		d.Group = a
		return err
	})
}
