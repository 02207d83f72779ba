package ipvs

import (
	"fmt"
	"net/netip"
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

func (d *Daemon) encode(e *encoder) {
	e.uint32(daemonState, uint32(d.State))
	e.name(daemonInterface, "interface", d.Interface)
	e.uint32(daemonSyncID, d.SyncID)
	if d.MaxLen != 0 {
		e.uint16(daemonMaxLen, d.MaxLen)
	}
	switch FamilyOf(d.Group) {
	case IPv4:
		e.bytes(daemonGroup, d.Group.AsSlice())
	case IPv6:
		e.bytes(daemonGroup6, d.Group.WithZone("").AsSlice())
	}
	if d.Port != 0 {
		e.uint16(daemonPort, d.Port)
	}
	if d.TTL != 0 {
		e.uint8(daemonTTL, d.TTL)
	}
}

// UnmarshalBinary reads the attributes inside IPVS_CMD_ATTR_DAEMON. Kernels
// before 4.3 report no more than State, Interface and SyncID.
func (d *Daemon) UnmarshalBinary(b []byte) error { return prefixed(d.decode(b)) }

func (d *Daemon) decode(b []byte) error {
	*d = Daemon{}
	a := decoder{rest: b}
	for a.next() {
		switch a.typ {
		case daemonState:
			d.State = DaemonState(a.uint32())
		case daemonInterface:
			d.Interface = a.text()
		case daemonSyncID:
			d.SyncID = a.uint32()
		case daemonMaxLen:
			d.MaxLen = a.uint16()
		case daemonGroup:
			if a.has(4) {
				d.Group, a.err = decodeAddr(IPv4, a.value)
			}
		case daemonGroup6:
			d.Group, a.err = decodeAddr(IPv6, a.value)
		case daemonPort:
			d.Port = a.uint16()
		case daemonTTL:
			d.TTL = a.uint8()
		}
	}
	if a.err != nil {
		return fmt.Errorf("daemon: %w", a.err)
	}
	return nil
}
