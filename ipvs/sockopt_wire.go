// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// The socket options, in the order of include/uapi/linux/ip_vs.h, at the level IPPROTO_IP.
const (
	sockoptBase = 64 + 1024 + 64 // IP_VS_BASE_CTL

	soSetAdd         = sockoptBase + 2  // IP_VS_SO_SET_ADD
	soSetEdit        = sockoptBase + 3  // IP_VS_SO_SET_EDIT
	soSetDel         = sockoptBase + 4  // IP_VS_SO_SET_DEL
	soSetFlush       = sockoptBase + 5  // IP_VS_SO_SET_FLUSH
	soSetAddDest     = sockoptBase + 7  // IP_VS_SO_SET_ADDDEST
	soSetDelDest     = sockoptBase + 8  // IP_VS_SO_SET_DELDEST
	soSetEditDest    = sockoptBase + 9  // IP_VS_SO_SET_EDITDEST
	soSetTimeout     = sockoptBase + 10 // IP_VS_SO_SET_TIMEOUT
	soSetStartDaemon = sockoptBase + 11 // IP_VS_SO_SET_STARTDAEMON
	soSetStopDaemon  = sockoptBase + 12 // IP_VS_SO_SET_STOPDAEMON
	soSetZero        = sockoptBase + 15 // IP_VS_SO_SET_ZERO

	soGetInfo     = sockoptBase + 1 // IP_VS_SO_GET_INFO
	soGetServices = sockoptBase + 2 // IP_VS_SO_GET_SERVICES
	soGetService  = sockoptBase + 3 // IP_VS_SO_GET_SERVICE
	soGetDests    = sockoptBase + 4 // IP_VS_SO_GET_DESTS
	soGetTimeout  = sockoptBase + 6 // IP_VS_SO_GET_TIMEOUT
	soGetDaemon   = sockoptBase + 7 // IP_VS_SO_GET_DAEMON
)

// The sizes of the structures, and where their fields begin. Addresses, ports and masks
// are in network byte order. Only the kernel of i386 has another layout; there
// nlsock opens no socket for these options.
const (
	// struct ip_vs_service_user, with which struct ip_vs_service_entry begins, and with
	// whose first four fields struct ip_vs_get_dests begins.
	svcUserProtocol  = 0
	svcUserAddr      = 4
	svcUserPort      = 8
	svcUserMark      = 12
	svcUserScheduler = 16
	svcUserFlags     = 32
	svcUserTimeout   = 36
	svcUserNetmask   = 40
	svcUserLen       = 44

	// struct ip_vs_dest_user, with which struct ip_vs_dest_entry begins.
	destUserAddr   = 0
	destUserPort   = 4
	destUserFlags  = 8
	destUserWeight = 12
	destUserUpper  = 16
	destUserLower  = 20
	destUserLen    = 24

	// struct ip_vs_service_entry and struct ip_vs_get_services.
	svcEntryDests  = 44
	svcEntryStats  = 48
	svcEntryLen    = 104
	getServicesLen = 8 // before the first entry

	// struct ip_vs_dest_entry and struct ip_vs_get_dests.
	destEntryFlags      = destUserFlags
	destEntryActive     = 24
	destEntryInactive   = 28
	destEntryPersistent = 32
	destEntryStats      = 40
	destEntryLen        = 96
	getDestsCount       = 16
	getDestsLen         = 24 // before the first entry

	infoUserLen    = 12 // struct ip_vs_getinfo
	timeoutUserLen = 12 // struct ip_vs_timeout_user
	daemonUserLen  = 24 // struct ip_vs_daemon_user
)

// putUser writes the identity of a service as struct ip_vs_service_user has it. The
// kernel wants a protocol for a firewall mark, too: TCP, as netlink gives it.
func (id *ServiceID) putUser(b []byte) {
	if id.FWMark != 0 {
		binary.NativeEndian.PutUint16(b[svcUserProtocol:], uint16(TCP))
		binary.NativeEndian.PutUint32(b[svcUserMark:], id.FWMark)
		return
	}
	binary.NativeEndian.PutUint16(b[svcUserProtocol:], uint16(id.Protocol))
	addr := id.AddrPort.Addr().As4()
	copy(b[svcUserAddr:], addr[:])
	binary.BigEndian.PutUint16(b[svcUserPort:], id.AddrPort.Port())
}

// putUser writes a service as struct ip_vs_service_user. Its names fit.
func (s *Service) putUser(b []byte) {
	s.ServiceID.putUser(b)
	copy(b[svcUserScheduler:svcUserScheduler+maxNameLen-1], s.Scheduler)
	binary.NativeEndian.PutUint32(b[svcUserFlags:], uint32(s.Flags))
	binary.NativeEndian.PutUint32(b[svcUserTimeout:], s.Timeout)
	mask, _ := s.Netmask.IPv4()
	copy(b[svcUserNetmask:], mask[:])
}

// serviceOfEntry reads struct ip_vs_service_entry.
func serviceOfEntry(b []byte) (s Service, destinations uint32) {
	if s.FWMark = binary.NativeEndian.Uint32(b[svcUserMark:]); s.FWMark == 0 {
		s.Protocol = Protocol(binary.NativeEndian.Uint16(b[svcUserProtocol:]))
		s.AddrPort = userAddrPort(b[svcUserAddr:])
	}
	s.Scheduler = userName(b[svcUserScheduler:])
	s.Flags = ServiceFlags(binary.NativeEndian.Uint32(b[svcUserFlags:]))
	s.Timeout = binary.NativeEndian.Uint32(b[svcUserTimeout:])
	s.Netmask = ipv4Netmask(binary.BigEndian.Uint32(b[svcUserNetmask:]))
	s.Stats = userStats(b[svcEntryStats:])
	return s, binary.NativeEndian.Uint32(b[svcEntryDests:])
}

// putUser writes the identity of a destination as struct ip_vs_dest_user has it.
func (id *DestinationID) putUser(b []byte) {
	addr := id.AddrPort.Addr().As4()
	copy(b[destUserAddr:], addr[:])
	binary.BigEndian.PutUint16(b[destUserPort:], id.AddrPort.Port())
}

// putUser writes a destination as struct ip_vs_dest_user. Of its flags, netlink has the
// forwarding method only.
func (d *Destination) putUser(b []byte) {
	d.DestinationID.putUser(b)
	binary.NativeEndian.PutUint32(b[destUserFlags:], uint32(d.Forward&forwardMask))
	binary.NativeEndian.PutUint32(b[destUserWeight:], d.Weight)
	binary.NativeEndian.PutUint32(b[destUserUpper:], d.UpperThreshold)
	binary.NativeEndian.PutUint32(b[destUserLower:], d.LowerThreshold)
}

// destinationOfEntry reads struct ip_vs_dest_entry.
func destinationOfEntry(b []byte) (d Destination) {
	d.AddrPort = userAddrPort(b[destUserAddr:])
	d.Forward = ForwardingMethod(binary.NativeEndian.Uint32(b[destUserFlags:])) & forwardMask
	d.Weight = binary.NativeEndian.Uint32(b[destUserWeight:])
	d.UpperThreshold = binary.NativeEndian.Uint32(b[destUserUpper:])
	d.LowerThreshold = binary.NativeEndian.Uint32(b[destUserLower:])
	d.ActiveConns = binary.NativeEndian.Uint32(b[destEntryActive:])
	d.InactiveConns = binary.NativeEndian.Uint32(b[destEntryInactive:])
	d.PersistentConns = binary.NativeEndian.Uint32(b[destEntryPersistent:])
	d.Stats = userStats(b[destEntryStats:])
	return d
}

// userStats reads struct ip_vs_stats_user. All values but those of bytes have 32 bits.
func userStats(b []byte) Stats {
	u32 := func(at int) uint64 { return uint64(binary.NativeEndian.Uint32(b[at:])) }
	return Stats{
		Conns: u32(0), InPkts: u32(4), OutPkts: u32(8),
		InBytes: binary.NativeEndian.Uint64(b[16:]), OutBytes: binary.NativeEndian.Uint64(b[24:]),
		CPS: u32(32), InPPS: u32(36), OutPPS: u32(40), InBPS: u32(44), OutBPS: u32(48),
	}
}

// putUser writes struct ip_vs_daemon_user.
func (d *Daemon) putUser(b []byte) {
	binary.NativeEndian.PutUint32(b, uint32(d.State))
	copy(b[4:4+maxNameLen-1], d.Interface)
	binary.NativeEndian.PutUint32(b[20:], d.SyncID)
}

// daemonOfUser reads struct ip_vs_daemon_user.
func daemonOfUser(b []byte) Daemon {
	return Daemon{
		State: DaemonState(binary.NativeEndian.Uint32(b)), Interface: userName(b[4:]),
		SyncID: binary.NativeEndian.Uint32(b[20:]),
	}
}

// putUser writes struct ip_vs_timeout_user.
func (t *Timeouts) putUser(b []byte) {
	for i, seconds := range [...]uint32{t.TCP, t.TCPFin, t.UDP} {
		binary.NativeEndian.PutUint32(b[4*i:], seconds)
	}
}

// timeoutsOfUser reads struct ip_vs_timeout_user.
func timeoutsOfUser(b []byte) Timeouts {
	return Timeouts{binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[8:])}
}

// userAddrPort reads an address with a port behind it.
func userAddrPort(b []byte) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), binary.BigEndian.Uint16(b[4:]))
}

// userName reads a name of at most 15 bytes.
func userName(b []byte) string {
	name, _, _ := bytes.Cut(b[:maxNameLen], []byte{0})
	return string(name)
}
