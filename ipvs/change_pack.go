// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/binary"
	"net/netip"
)

// The operands of a Change are packed, because programs hold changes by the million, and a
// packed destination is a seventh as long as its message to the kernel. Numbers are varints,
// and texts and addresses have their length before them. Operands that cannot be sent are
// packed as well, so that an error can name them.

// newChange packs an operation.
func newChange(op *operation) Change {
	var b [64]byte // usually enough
	return Change{string(op.pack(b[:0]))}
}

// operation unpacks the change.
func (ch Change) operation() operation {
	var op operation
	if ch.packed != "" {
		op.unpack(unpacker(ch.packed))
	}
	return op
}

func (op *operation) pack(b []byte) []byte {
	b = append(b, byte(op.command))
	switch op.command {
	case CommandNewService, CommandSetService:
		return op.service.pack(b)
	case CommandZero:
		if op.all {
			return b
		}
		return op.service.ServiceID.pack(b)
	case CommandDelService:
		return op.service.ServiceID.pack(b)
	case CommandNewDestination, CommandSetDestination:
		return op.destination.pack(op.service.ServiceID.pack(b))
	case CommandDelDestination:
		return op.destination.DestinationID.pack(op.service.ServiceID.pack(b))
	case CommandNewDaemon, CommandDelDaemon:
		return op.daemon.pack(b)
	case CommandSetConfig:
		return op.timeouts.pack(b)
	}
	return b
}

// unpack reads what pack wrote into a zero operation.
func (op *operation) unpack(u unpacker) {
	op.command, u = Command(u[0]), u[1:]
	switch op.command {
	case CommandNewService, CommandSetService:
		op.service.unpack(&u)
	case CommandZero:
		if op.all = u == ""; !op.all {
			op.service.ServiceID.unpack(&u)
		}
	case CommandDelService:
		op.service.ServiceID.unpack(&u)
	case CommandNewDestination, CommandSetDestination:
		op.service.ServiceID.unpack(&u)
		op.destination.unpack(&u)
	case CommandDelDestination:
		op.service.ServiceID.unpack(&u)
		op.destination.DestinationID.unpack(&u)
	case CommandNewDaemon, CommandDelDaemon:
		op.daemon.unpack(&u)
	case CommandSetConfig:
		op.timeouts.unpack(&u)
	}
}

func (id *ServiceID) pack(b []byte) []byte {
	b = packAddr(b, id.AddrPort.Addr())
	b = packNumber(b, id.AddrPort.Port())
	b = packNumber(b, id.FWMark)
	b = packNumber(b, id.Protocol)
	if id.IPv6 {
		return append(b, 1)
	}
	return append(b, 0)
}

func (id *ServiceID) unpack(u *unpacker) {
	addr := u.addr()
	id.AddrPort = netip.AddrPortFrom(addr, uint16(u.number()))
	id.FWMark = u.number()
	id.Protocol = Protocol(u.number())
	id.IPv6 = u.number() != 0
}

func (s *Service) pack(b []byte) []byte {
	b = s.ServiceID.pack(b)
	b = packText(b, s.Scheduler)
	b = packNumber(b, s.Flags)
	b = packNumber(b, s.FlagsMask)
	b = packNumber(b, s.Timeout)
	b = packNumber(b, s.Netmask.kind)
	b = packNumber(b, s.Netmask.value)
	return packText(b, s.PersistenceEngine)
}

func (s *Service) unpack(u *unpacker) {
	s.ServiceID.unpack(u)
	s.Scheduler = u.text()
	s.Flags = ServiceFlags(u.number())
	s.FlagsMask = ServiceFlags(u.number())
	s.Timeout = u.number()
	s.Netmask.kind = maskKind(u.number())
	s.Netmask.value = u.number()
	s.PersistenceEngine = u.text()
}

func (id *DestinationID) pack(b []byte) []byte {
	return packNumber(packAddr(b, id.AddrPort.Addr()), id.AddrPort.Port())
}

func (id *DestinationID) unpack(u *unpacker) {
	addr := u.addr()
	id.AddrPort = netip.AddrPortFrom(addr, uint16(u.number()))
}

func (d *Destination) pack(b []byte) []byte {
	b = d.DestinationID.pack(b)
	b = packNumber(b, d.Forward)
	b = packNumber(b, d.Weight)
	b = packNumber(b, d.UpperThreshold)
	b = packNumber(b, d.LowerThreshold)
	b = packNumber(b, d.TunnelType)
	b = packNumber(b, d.TunnelPort)
	return packNumber(b, d.TunnelFlags)
}

func (d *Destination) unpack(u *unpacker) {
	d.DestinationID.unpack(u)
	d.Forward = ForwardingMethod(u.number())
	d.Weight = u.number()
	d.UpperThreshold = u.number()
	d.LowerThreshold = u.number()
	d.TunnelType = TunnelType(u.number())
	d.TunnelPort = uint16(u.number())
	d.TunnelFlags = TunnelFlags(u.number())
}

func (d *Daemon) pack(b []byte) []byte {
	b = packNumber(b, d.State)
	b = packText(b, d.Interface)
	b = packNumber(b, d.SyncID)
	b = packNumber(b, d.MaxLen)
	b = packAddr(b, d.Group)
	b = packNumber(b, d.Port)
	return packNumber(b, d.TTL)
}

func (d *Daemon) unpack(u *unpacker) {
	d.State = DaemonState(u.number())
	d.Interface = u.text()
	d.SyncID = u.number()
	d.MaxLen = uint16(u.number())
	d.Group = u.addr()
	d.Port = uint16(u.number())
	d.TTL = uint8(u.number())
}

func (t *Timeouts) pack(b []byte) []byte {
	return packNumber(packNumber(packNumber(b, t.TCP), t.TCPFin), t.UDP)
}

func (t *Timeouts) unpack(u *unpacker) {
	t.TCP = u.number()
	t.TCPFin = u.number()
	t.UDP = u.number()
}

func packNumber[T ~uint8 | ~uint16 | ~uint32](b []byte, v T) []byte {
	return binary.AppendUvarint(b, uint64(v))
}

func packText(b []byte, s string) []byte { return append(packNumber(b, uint32(len(s))), s...) }

// packAddr appends an address, with its zone. The zero Addr has no bytes.
func packAddr(b []byte, a netip.Addr) []byte {
	b = packNumber(b, uint32(a.BitLen()/8+len(a.Zone())))
	b, _ = a.AppendBinary(b)
	return b
}

// unpacker is the rest of what is packed.
type unpacker string

func (u *unpacker) number() uint32 {
	if c := (*u)[0]; c < 0x80 {
		*u = (*u)[1:]
		return uint32(c)
	}
	return u.longNumber()
}

func (u *unpacker) longNumber() uint32 {
	v := uint32(0)
	for i := 0; ; i++ {
		c := (*u)[i]
		v |= uint32(c&0x7f) << (7 * i)
		if c < 0x80 {
			*u = (*u)[i+1:]
			return v
		}
	}
}

// text returns a text that shares the memory of the change.
func (u *unpacker) text() string {
	n := u.number()
	s := string((*u)[:n])
	*u = (*u)[n:]
	return s
}

func (u *unpacker) addr() netip.Addr {
	b := u.text()
	switch len(b) {
	case 0:
		return netip.Addr{}
	case 4:
		return netip.AddrFrom4([4]byte([]byte(b)))
	}
	return netip.AddrFrom16([16]byte([]byte(b[:16]))).WithZone(b[16:])
}
