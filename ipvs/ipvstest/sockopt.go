// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"encoding/binary"
	"os"
	"slices"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/mdlayher/netlink"
)

// SetUserNamespace sets whether clients are root of a user namespace that owns the network
// namespace. Then netlink refuses every command with EPERM, and socket options work: see
// ipvs.SockoptFallback. Without it the fake refuses those, too.
//
// Of the faults, only Refuse and Before have an effect on socket options. Each is a request
// with the command that does the same over netlink.
func (k *Kernel) SetUserNamespace(inside bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unprivileged, k.sockopts = inside, inside
}

var _ nlsock.SockoptOpener = (*Socket)(nil)

// OpenSockopts opens a socket for socket options.
func (s *Socket) OpenSockopts() (nlsock.Sockopts, error) {
	return &sockoptSocket{kernel: s.kernel}, nil
}

// sockoptSocket is an IPv4 socket. It has the option numbers and offsets of
// include/uapi/linux/ip_vs.h.
type sockoptSocket struct {
	kernel *Kernel
	closed bool
}

// Close closes the socket.
func (s *sockoptSocket) Close() error {
	s.closed = true
	return nil
}

const sockoptBase = 1152

// setters are the options of do_ip_vs_set_ctl: the length of their value, and their commands.
var setters = map[int]struct {
	length  int
	command ipvs.Command
}{
	2: {44, ipvs.CommandNewService}, 3: {44, ipvs.CommandSetService}, 4: {44, ipvs.CommandDelService},
	5: {0, ipvs.CommandFlush}, 7: {68, ipvs.CommandNewDestination}, 8: {68, ipvs.CommandDelDestination},
	9: {68, ipvs.CommandSetDestination}, 10: {12, ipvs.CommandSetConfig}, 11: {24, ipvs.CommandNewDaemon},
	12: {24, ipvs.CommandDelDaemon}, 15: {44, ipvs.CommandZero},
}

// Set is do_ip_vs_set_ctl.
func (s *sockoptSocket) Set(option int, b []byte) error {
	k := s.kernel
	setter, known := setters[option-sockoptBase]
	return s.call("setsockopt", setter.command, func() syscall.Errno {
		switch {
		case !known || len(b) != setter.length:
			return syscall.EINVAL
		case setter.length < 44:
			return k.setFewFields(setter.command, b)
		}
		protocol, mark := u16(b), u32(b[12:])
		if setter.command == ipvs.CommandZero && mark == 0 && u32(b[4:]) == 0 && u16(b[8:]) == 0 {
			return k.zero(nil)
		}
		if protocol != 6 && protocol != 17 && protocol != 132 {
			return syscall.EFAULT
		}
		attrs := attributes{cmdService: encode(func(ae *netlink.AttributeEncoder) { serviceAttributes(ae, b) })}
		if len(b) > 44 {
			attrs[cmdDestination] = encode(func(ae *netlink.AttributeEncoder) { destinationAttributes(ae, b[44:]) })
		}
		_, errno := handlers[setter.command].do(k, attrs)
		return errno
	})
}

// setFewFields handles the options that are not about a service.
func (k *Kernel) setFewFields(command ipvs.Command, b []byte) syscall.Errno {
	attrs := attributes{}
	switch command {
	case ipvs.CommandSetConfig:
		attrs[cmdTimeoutTCP], attrs[cmdTimeoutFin], attrs[cmdTimeoutUDP] = b[:4], b[4:8], b[8:]
	case ipvs.CommandNewDaemon, ipvs.CommandDelDaemon:
		attrs[cmdDaemon] = encode(func(ae *netlink.AttributeEncoder) {
			ae.Uint32(daemonState, u32(b))
			ae.String(daemonMcastIfn, cString(b[4:20]))
			ae.Uint32(daemonSyncID, u32(b[20:]))
		})
	}
	_, errno := handlers[command].do(k, attrs)
	return errno
}

// serviceAttributes converts struct ip_vs_service_user.
func serviceAttributes(ae *netlink.AttributeEncoder, b []byte) {
	ae.Uint16(svcAF, uint16(ipvs.IPv4))
	if mark := u32(b[12:]); mark != 0 {
		ae.Uint32(svcFWMark, mark)
	} else {
		ae.Uint16(svcProtocol, u16(b))
		ae.Bytes(svcAddr, inetAddr(address(ipvs.IPv4, b[4:8])))
		ae.Bytes(svcPort, b[8:10])
	}
	ae.String(svcSchedName, cString(b[16:32]))
	ae.Bytes(svcFlags, slices.Concat(b[32:36], []byte{255, 255, 255, 255}))
	ae.Bytes(svcTimeout, b[36:40])
	ae.Bytes(svcNetmask, b[40:44])
}

// destinationAttributes converts struct ip_vs_dest_user.
func destinationAttributes(ae *netlink.AttributeEncoder, b []byte) {
	ae.Uint16(destAddrFamily, uint16(ipvs.IPv4))
	ae.Bytes(destAddr, inetAddr(address(ipvs.IPv4, b[:4])))
	ae.Bytes(destPort, b[4:6])
	ae.Bytes(destFwdMethod, b[8:12])
	ae.Bytes(destWeight, b[12:16])
	ae.Bytes(destUThresh, b[16:20])
	ae.Bytes(destLThresh, b[20:24])
}

// Get is do_ip_vs_get_ctl.
func (s *sockoptSocket) Get(option int, b []byte) error {
	k := s.kernel
	switch option - sockoptBase {
	case 1:
		return s.call("getsockopt", ipvs.CommandGetInfo, func() syscall.Errno {
			return write32(b, k.info.Version, k.info.ConnTabSize, uint32(len(k.ipv4Services())))
		})
	case 2:
		return s.call("getsockopt", ipvs.CommandGetService, func() syscall.Errno { return k.getServices(b) })
	case 3:
		return s.call("getsockopt", ipvs.CommandGetService, func() syscall.Errno {
			found := k.findUser(b)
			switch {
			case len(b) < 104:
				return syscall.EINVAL
			case found == nil:
				return syscall.ESRCH
			}
			copy(b, serviceEntry(found))
			return 0
		})
	case 4:
		return s.call("getsockopt", ipvs.CommandGetDestinations, func() syscall.Errno { return k.getDests(b) })
	case 6:
		return s.call("getsockopt", ipvs.CommandGetConfig, func() syscall.Errno {
			return write32(b, k.timeouts.TCP, k.timeouts.TCPFin, k.timeouts.UDP)
		})
	case 7:
		return s.call("getsockopt", ipvs.CommandGetDaemons, func() syscall.Errno { return k.getDaemons(b) })
	}
	return s.call("getsockopt", 0, func() syscall.Errno { return syscall.EINVAL })
}

// call handles a socket option, unless a fault or the caller's privileges refuse it.
func (s *sockoptSocket) call(name string, command ipvs.Command, handle func() syscall.Errno) error {
	k := s.kernel
	k.mu.Lock()
	effect := k.effect(command)
	k.requests = append(k.requests, command)
	k.mu.Unlock()
	if effect.before != nil {
		effect.before()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	errno := effect.refuse
	switch {
	case s.closed:
		return os.ErrClosed
	case errno != 0:
	case k.unloaded:
		errno = syscall.ENOPROTOOPT
	case k.unprivileged && !k.sockopts:
		errno = syscall.EPERM
	default:
		errno = handle()
	}
	if errno != 0 {
		return syscallError(name, errno)
	}
	return nil
}

func write32(b []byte, values ...uint32) syscall.Errno {
	if len(b) < 4*len(values) {
		return syscall.EINVAL
	}
	for i, v := range values {
		binary.NativeEndian.PutUint32(b[4*i:], v)
	}
	return 0
}

// ipv4Services are the services that socket options show.
func (k *Kernel) ipv4Services() []*service {
	return slices.DeleteFunc(k.ordered(), func(s *service) bool { return s.AddressFamily() != ipvs.IPv4 })
}

// findUser returns the service of struct ip_vs_service_entry or ip_vs_get_dests, or nil.
func (k *Kernel) findUser(b []byte) *service {
	if len(b) < 16 {
		return nil
	}
	attrs := attributes{svcProtocol: b[:2], svcAddr: b[4:8], svcPort: b[8:10]}
	if u32(b[12:]) != 0 {
		attrs[svcFWMark] = b[12:16]
	}
	return k.find(parseServiceID(ipvs.IPv4, attrs))
}

// getServices is __ip_vs_get_service_entries. It does not tell how many entries it writes.
func (k *Kernel) getServices(b []byte) syscall.Errno {
	if len(b) < 8 || uint64(len(b)) != 8+104*uint64(u32(b)) {
		return syscall.EINVAL
	}
	for i, s := range k.ipv4Services() {
		if 8+104*i == len(b) {
			break
		}
		copy(b[8+104*i:], serviceEntry(s))
	}
	return 0
}

// getDests is __ip_vs_get_dest_entries.
func (k *Kernel) getDests(b []byte) syscall.Errno {
	if len(b) < 24 || uint64(len(b)) != 24+96*uint64(u32(b[16:])) {
		return syscall.EINVAL
	}
	s := k.findUser(b)
	if s == nil {
		return syscall.ESRCH
	}
	rest := b[24:]
	for d := range s.destinations.all() {
		if !d.AddrPort.Addr().Is4() {
			continue
		}
		if len(rest) == 0 {
			break
		}
		copy(rest, destinationEntry(d))
		rest = rest[96:]
	}
	return 0
}

func (k *Kernel) getDaemons(b []byte) syscall.Errno {
	if len(b) < 48 {
		return syscall.EINVAL
	}
	clear(b[:48])
	for i, state := range []ipvs.DaemonState{ipvs.Master, ipvs.Backup} {
		if d, running := k.daemons[state]; running {
			binary.NativeEndian.PutUint32(b[24*i:], uint32(state))
			copy(b[24*i+4:24*i+19], d.Interface)
			binary.NativeEndian.PutUint32(b[24*i+20:], d.SyncID)
		}
	}
	return 0
}

// serviceEntry is ip_vs_copy_service.
func serviceEntry(s *service) []byte {
	b := make([]byte, 104)
	binary.NativeEndian.PutUint16(b, uint16(max(s.Protocol, ipvs.Protocol(min(s.FWMark, 1)*6))))
	if s.FWMark == 0 {
		copy(b[4:], s.AddrPort.Addr().AsSlice())
		binary.BigEndian.PutUint16(b[8:], s.AddrPort.Port())
	}
	binary.NativeEndian.PutUint32(b[12:], s.FWMark)
	copy(b[16:31], s.Scheduler)
	binary.NativeEndian.PutUint32(b[32:], uint32(s.Flags))
	binary.NativeEndian.PutUint32(b[36:], s.Timeout)
	mask, _ := s.Netmask.IPv4()
	copy(b[40:], mask[:])
	count := uint32(0)
	for range s.destinations.all() {
		count++
	}
	binary.NativeEndian.PutUint32(b[44:], count)
	putStats(b[48:], &s.Stats)
	return b
}

func destinationEntry(d *ipvs.Destination) []byte {
	b := make([]byte, 96)
	copy(b, d.AddrPort.Addr().AsSlice())
	binary.BigEndian.PutUint16(b[4:], d.AddrPort.Port())
	for i, v := range []uint32{
		uint32(d.Forward), d.Weight, d.UpperThreshold, d.LowerThreshold, d.ActiveConns, d.InactiveConns, d.PersistentConns,
	} {
		binary.NativeEndian.PutUint32(b[8+4*i:], v)
	}
	putStats(b[40:], &d.Stats)
	return b
}

// putStats is ip_vs_export_stats_user, which cuts counters to 32 bits.
func putStats(b []byte, s *ipvs.Stats) {
	for at, v := range map[int]uint64{
		0: s.Conns, 4: s.InPkts, 8: s.OutPkts, 32: s.CPS, 36: s.InPPS, 40: s.OutPPS, 44: s.InBPS, 48: s.OutBPS,
	} {
		binary.NativeEndian.PutUint32(b[at:], uint32(v))
	}
	binary.NativeEndian.PutUint64(b[16:], s.InBytes)
	binary.NativeEndian.PutUint64(b[24:], s.OutBytes)
}
