// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"net/netip"
)

// Daemon is a sync daemon. The master multicasts the director's connections, the
// backup receives those of other directors. A director can run one of each.
type Daemon struct {
	State DaemonState `json:"state"`
	// Interface is the name of the multicast interface, at most 15 bytes.
	Interface string `json:"interface"`
	// SyncID is 0 to 255, and another one is an error when the daemon is started. A backup takes messages with its own SyncID, or all
	// messages if its SyncID is 0.
	SyncID uint32 `json:"syncid,omitempty"`
	// MaxLen is the largest UDP payload in bytes. 0 lets the kernel choose one that
	// suits the interface's MTU.
	MaxLen uint16 `json:"maxlen,omitempty"`
	// Group is the multicast group. The zero Addr means 224.0.0.81. An address with a
	// zone is an error: Interface names the interface.
	Group netip.Addr `json:"group,omitzero"`
	// Port is the (first) UDP port. 0 means 8848.
	Port uint16 `json:"port,omitempty"`
	// TTL is the time to live of the messages. 0 means 1.
	TTL uint8 `json:"ttl,omitempty"`
}

// maxSyncID is the largest sync ID that fits a message between directors.
const maxSyncID = 255

// check returns an error if the kernel would take the daemon for another one.
func (d *Daemon) check() error {
	if d.SyncID > maxSyncID {
		return fmt.Errorf("sync ID %d is not from 0 to %d", d.SyncID, maxSyncID)
	}
	if d.Group.Zone() != "" {
		return fmt.Errorf("address %s of the multicast group has a zone: the interface is enough", d.Group)
	}
	return nil
}

// encode writes the attributes inside IPVS_CMD_ATTR_DAEMON. It leaves out MaxLen, Group,
// Port and TTL if they are zero, so that the kernel's defaults apply.
func (d *Daemon) encode(e *encoder) {
	e.Uint32(daemonState, uint32(d.State))
	encodeName(e, daemonInterface, "interface", d.Interface)
	e.Uint32(daemonSyncID, d.SyncID)
	if d.MaxLen != 0 {
		e.Uint16(daemonMaxLen, d.MaxLen)
	}
	switch FamilyOf(d.Group) {
	case IPv4:
		e.Bytes(daemonGroup, d.Group.AsSlice())
	case IPv6:
		e.Bytes(daemonGroup6, d.Group.WithZone("").AsSlice())
	}
	if d.Port != 0 {
		e.Uint16(daemonPort, d.Port)
	}
	if d.TTL != 0 {
		e.Uint8(daemonTTL, d.TTL)
	}
}

// decode reads the attributes inside IPVS_CMD_ATTR_DAEMON. Kernels before 4.3 report only
// State, Interface and SyncID.
func (d *Daemon) decode(b []byte) error {
	*d = Daemon{}
	a := decoder{Rest: b}
	for a.Next() {
		switch a.Type {
		case daemonState:
			d.State = DaemonState(a.Uint32())
		case daemonInterface:
			d.Interface = a.Text()
		case daemonSyncID:
			d.SyncID = a.Uint32()
		case daemonMaxLen:
			d.MaxLen = a.Uint16()
		case daemonGroup:
			if a.CheckSize(4) {
				d.Group, a.Err = decodeAddr(IPv4, a.Value)
			}
		case daemonGroup6:
			d.Group, a.Err = decodeAddr(IPv6, a.Value)
		case daemonPort:
			d.Port = a.Uint16()
		case daemonTTL:
			d.TTL = a.Uint8()
		}
	}
	if a.Err != nil {
		return fmt.Errorf("daemon: %w", a.Err)
	}
	return nil
}
