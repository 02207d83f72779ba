// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"math"
	"net/netip"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// The kernel's defaults: IP_VS_SYNC_GROUP and IP_VS_SYNC_PORT.
var syncGroup = netip.AddrFrom4([4]byte{224, 0, 0, 81})

const syncPort = 8848

// newDaemon is ip_vs_genl_new_daemon and start_sync_thread.
func (k *Kernel) newDaemon(attrs attributes) syscall.Errno {
	attrs, errno := parseNested(attrs[cmdDaemon], daemonPolicy)
	if errno != 0 {
		return errno
	}
	if !attrs.has(daemonState, daemonMcastIfn, daemonSyncID) {
		return syscall.EINVAL
	}
	d := ipvs.Daemon{
		State:     ipvs.DaemonState(u32(attrs[daemonState])),
		Interface: cString(attrs[daemonMcastIfn]),
		SyncID:    u32(attrs[daemonSyncID]),
		Group:     syncGroup,
		Port:      syncPort,
		TTL:       1,
	}
	if attrs.has(daemonMcastGroup) {
		d.Group = address(ipvs.IPv4, attrs[daemonMcastGroup])
	} else if attrs.has(daemonMcast6) {
		d.Group = address(ipvs.IPv6, attrs[daemonMcast6])
	}
	if !d.Group.IsMulticast() || k.hasMixedFamilies() {
		return syscall.EINVAL
	}
	if attrs.has(daemonMcastPort) && u16(attrs[daemonMcastPort]) != 0 {
		d.Port = u16(attrs[daemonMcastPort])
	}
	if attrs.has(daemonMcastTTL) && u8(attrs[daemonMcastTTL]) != 0 {
		d.TTL = u8(attrs[daemonMcastTTL])
	}
	mtu, ok := k.interfaces[d.Interface]
	if !ok {
		return syscall.ENODEV
	}
	if attrs.has(daemonMaxLen) {
		d.MaxLen = u16(attrs[daemonMaxLen])
	}
	d.MaxLen = syncMaxLen(d, mtu)
	if d.State != ipvs.Master && d.State != ipvs.Backup {
		return syscall.EINVAL
	}
	if _, running := k.daemons[d.State]; running {
		return syscall.EEXIST
	}
	k.daemons[d.State] = d
	return 0
}

// syncMaxLen returns the largest payload as the kernel sets it. If the request leaves
// it to the kernel, a packet has 1500 bytes, or for a backup the interface's MTU if
// that is larger.
func syncMaxLen(d ipvs.Daemon, mtu int) uint16 {
	headers, minLen := 20+8, 1
	if d.Group.Is6() {
		headers = 40 + 8
	}
	if d.State == ipvs.Backup {
		minLen = 1024
	}
	switch {
	case d.MaxLen != 0:
		return uint16(min(max(int(d.MaxLen), minLen), math.MaxUint16-headers))
	case d.State == ipvs.Backup:
		return uint16(min(max(mtu, 1500), math.MaxUint16) - headers)
	}
	return uint16(1500 - headers)
}

// hasMixedFamilies reports whether a destination's family differs from its service's.
// The sync protocol does not support that.
func (k *Kernel) hasMixedFamilies() bool {
	for _, s := range k.services {
		for d := range s.destinations.all() {
			if ipvs.FamilyOf(d.AddrPort.Addr()) != s.AddressFamily() {
				return true
			}
		}
	}
	return false
}

// delDaemon is stop_sync_thread.
func (k *Kernel) delDaemon(attrs attributes) syscall.Errno {
	attrs, errno := parseNested(attrs[cmdDaemon], daemonPolicy)
	if errno != 0 {
		return errno
	}
	if !attrs.has(daemonState) {
		return syscall.EINVAL
	}
	state := ipvs.DaemonState(u32(attrs[daemonState]))
	if state != ipvs.Master && state != ipvs.Backup {
		return syscall.EINVAL
	}
	if _, running := k.daemons[state]; !running {
		return syscall.ESRCH
	}
	delete(k.daemons, state)
	return 0
}

func (k *Kernel) dumpDaemons(attributes) []netlink.Message {
	var messages []netlink.Message
	for _, d := range k.runningDaemons() {
		messages = append(messages, daemonMessage(d))
	}
	return messages
}

// daemonMessage is ip_vs_genl_fill_daemon.
func daemonMessage(d ipvs.Daemon) netlink.Message {
	return reply(ipvs.CommandNewDaemon, func(ae *netlink.AttributeEncoder) {
		nest(ae, cmdDaemon, func(ae *netlink.AttributeEncoder) {
			ae.Uint32(daemonState, uint32(d.State))
			ae.String(daemonMcastIfn, d.Interface)
			ae.Uint32(daemonSyncID, d.SyncID)
			ae.Uint16(daemonMaxLen, d.MaxLen)
			ae.Uint16(daemonMcastPort, d.Port)
			ae.Uint8(daemonMcastTTL, d.TTL)
			switch {
			case d.Group.Is6():
				ae.Bytes(daemonMcast6, d.Group.AsSlice())
			case d.Group.Is4():
				ae.Bytes(daemonMcastGroup, d.Group.AsSlice())
			}
		})
	})
}
