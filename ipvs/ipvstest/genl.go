// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"encoding/binary"
	"syscall"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/linux"
	"github.com/mdlayher/netlink"
)

const (
	headerLen     = 16 // struct nlmsghdr
	genlHeaderLen = 4  // struct genlmsghdr

	// firstFamily is the first number of the family. A real kernel assigns one that
	// depends on the other families.
	firstFamily = 0x1f
	maxAttr     = 6

	// dumpChunkSize is the size of the first datagrams of a dump: a page less the
	// kernel's own data.
	dumpChunkSize = 3776
)

// handle handles one request and queues its answers.
func (s *Socket) handle(request netlink.Message, effect Effect) {
	effect = s.kernel.await(request, effect)
	if effect.before != nil {
		effect.before()
	}
	k := s.kernel
	k.mu.Lock()
	defer k.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()

	datagrams, dump := s.answer(request, effect.refuse)
	if effect.failReceive != 0 {
		s.queue = append(s.queue, datagram{err: syscallError("recvfrom", effect.failReceive)})
	}
	if effect.rewrite != nil {
		datagrams = effect.rewrite(datagrams)
	}
	queue := func() {
		for _, d := range datagrams {
			s.enqueue(datagram{messages: d, dump: dump})
		}
		s.changed.Broadcast()
	}
	if effect.delay == 0 {
		queue()
		return
	}
	s.late++
	time.AfterFunc(effect.delay, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		s.change(func() {
			s.late--
			queue()
		})
	})
}

// answer is netlink_rcv_skb: it handles a request and returns the datagrams of its
// answer. It always reports an error. It acknowledges success only if the request asks
// for that, and never after a dump.
func (s *Socket) answer(request netlink.Message, refuse syscall.Errno) (datagrams [][]netlink.Message, dump bool) {
	h := request.Header
	errno := refuse
	var replies []netlink.Message
	if errno == 0 && h.Flags&netlink.Request != 0 && h.Type >= 0x10 {
		dump = h.Flags&netlink.Dump == netlink.Dump
		switch {
		case dump && s.dumpPending():
			errno = syscall.EBUSY
		default:
			replies, errno = s.kernel.generic(h.Type, dump, request.Data)
		}
	}
	for i := range replies {
		replies[i].Header.Type = h.Type
		replies[i].Header.Sequence = h.Sequence
		replies[i].Header.PID = s.portID
		replies[i].Header.Length = uint32(headerLen + len(replies[i].Data))
	}
	if dump && errno == 0 {
		return s.split(h, replies), true
	}
	for _, m := range replies {
		datagrams = append(datagrams, []netlink.Message{m})
	}
	if errno != 0 || h.Flags&netlink.Acknowledge != 0 {
		datagrams = append(datagrams, []netlink.Message{s.acknowledge(request, errno)})
	}
	return datagrams, false
}

// split distributes the replies of a dump over datagrams, and adds one with the end
// of the dump.
func (s *Socket) split(h netlink.Header, replies []netlink.Message) [][]netlink.Message {
	var datagrams [][]netlink.Message
	room := 0
	for _, m := range replies {
		m.Header.Flags |= netlink.Multi
		if size := headerLen + len(m.Data); room < size {
			datagrams = append(datagrams, nil)
			room = dumpChunkSize
		}
		room -= headerLen + len(m.Data)
		last := len(datagrams) - 1
		datagrams[last] = append(datagrams[last], m)
	}
	done := netlink.Message{
		Header: netlink.Header{
			Length: headerLen + 4, Type: netlink.Done, Flags: netlink.Multi, Sequence: h.Sequence, PID: s.portID,
		},
		Data: make([]byte, 4),
	}
	return append(datagrams, []netlink.Message{done})
}

// acknowledge is netlink_ack: it returns a message with an errno, which is 0 for
// success, and the request. It returns only the request's header on success, and with
// the option NETLINK_CAP_ACK.
func (s *Socket) acknowledge(request netlink.Message, errno syscall.Errno) netlink.Message {
	h := request.Header
	data := binary.NativeEndian.AppendUint32(nil, -linux.Number(errno))
	data = binary.NativeEndian.AppendUint32(data, h.Length)
	data = binary.NativeEndian.AppendUint16(data, uint16(h.Type))
	data = binary.NativeEndian.AppendUint16(data, uint16(h.Flags))
	data = binary.NativeEndian.AppendUint32(data, h.Sequence)
	data = binary.NativeEndian.AppendUint32(data, h.PID)
	flags := netlink.Capped
	if errno != 0 && !s.capAck {
		data = append(data, request.Data...)
		flags = 0
	}
	return netlink.Message{
		Header: netlink.Header{
			Length: uint32(headerLen + len(data)), Type: netlink.Error, Flags: flags, Sequence: h.Sequence, PID: s.portID,
		},
		Data: data,
	}
}

// generic is genl_rcv_msg: it dispatches a request to its family.
func (k *Kernel) generic(typ netlink.HeaderType, dump bool, data []byte) ([]netlink.Message, syscall.Errno) {
	switch {
	case typ == genlIDControl:
		return k.control(dump, data)
	case typ != netlink.HeaderType(k.family) || k.unloaded:
		return nil, syscall.ENOENT
	case len(data) < genlHeaderLen:
		return nil, syscall.EINVAL
	}
	command := ipvs.Command(data[0])
	handle, ok := handlers[command]
	switch {
	case !ok:
		return nil, syscall.EOPNOTSUPP
	case k.unprivileged:
		return nil, syscall.EPERM
	case dump && handle.dump == nil, !dump && handle.do == nil:
		return nil, syscall.EOPNOTSUPP
	}
	attrs, errno := parseAttributes(data[genlHeaderLen:], commandPolicy)
	if dump {
		// The dump callbacks parse the attributes. Malformed attributes make
		// the list empty.
		if errno != 0 {
			return nil, 0
		}
		return handle.dump(k, attrs), 0
	}
	if errno != 0 {
		return nil, errno
	}
	return handle.do(k, attrs)
}

// handler has the functions of a command: without and with the dump flag.
type handler struct {
	do   func(*Kernel, attributes) ([]netlink.Message, syscall.Errno)
	dump func(*Kernel, attributes) []netlink.Message
}

// handlers are ip_vs_genl_ops.
var handlers = map[ipvs.Command]handler{
	ipvs.CommandNewService:      {do: write((*Kernel).newService)},
	ipvs.CommandSetService:      {do: write((*Kernel).setService)},
	ipvs.CommandDelService:      {do: write((*Kernel).delService)},
	ipvs.CommandGetService:      {do: (*Kernel).getService, dump: (*Kernel).dumpServices},
	ipvs.CommandNewDestination:  {do: write((*Kernel).newDestination)},
	ipvs.CommandSetDestination:  {do: write((*Kernel).setDestination)},
	ipvs.CommandDelDestination:  {do: write((*Kernel).delDestination)},
	ipvs.CommandGetDestinations: {dump: (*Kernel).dumpDestinations},
	ipvs.CommandNewDaemon:       {do: write((*Kernel).newDaemon)},
	ipvs.CommandDelDaemon:       {do: write((*Kernel).delDaemon)},
	ipvs.CommandGetDaemons:      {dump: (*Kernel).dumpDaemons},
	ipvs.CommandSetConfig:       {do: write((*Kernel).setTimeouts)},
	ipvs.CommandGetConfig:       {do: (*Kernel).getTimeouts},
	ipvs.CommandGetInfo:         {do: (*Kernel).getInfo},
	ipvs.CommandZero:            {do: write((*Kernel).zero)},
	ipvs.CommandFlush:           {do: write((*Kernel).flush)},
}

// write adapts a handler without replies.
func write(do func(*Kernel, attributes) syscall.Errno) func(*Kernel, attributes) ([]netlink.Message, syscall.Errno) {
	return func(k *Kernel, attrs attributes) ([]netlink.Message, syscall.Errno) { return nil, do(k, attrs) }
}

// reply returns a message of the IPVS family. The family's number is set later.
func reply(command ipvs.Command, encode func(*netlink.AttributeEncoder)) netlink.Message {
	return genericMessage(uint8(command), 1, encode)
}

func genericMessage(command, version uint8, attributes func(*netlink.AttributeEncoder)) netlink.Message {
	return netlink.Message{Data: append([]byte{command, version, 0, 0}, encode(attributes)...)}
}

// control answers CTRL_CMD_GETFAMILY, by name or id.
func (k *Kernel) control(dump bool, data []byte) ([]netlink.Message, syscall.Errno) {
	if len(data) < genlHeaderLen {
		return nil, syscall.EINVAL
	}
	if data[0] != ctrlGetFamily {
		return nil, syscall.EOPNOTSUPP
	}
	family := genericMessage(ctrlNewFamily, 2, func(ae *netlink.AttributeEncoder) {
		ae.String(ctrlFamilyName, "IPVS")
		ae.Uint16(ctrlFamilyID, k.family)
		ae.Uint32(ctrlVersion, 1)
		ae.Uint32(ctrlHeaderSize, 0)
		ae.Uint32(ctrlMaxAttr, maxAttr)
	})
	if dump {
		if k.unloaded {
			return nil, 0
		}
		return []netlink.Message{family}, 0
	}
	attrs, errno := parseAttributes(data[genlHeaderLen:], controlPolicy)
	if errno != 0 {
		return nil, errno
	}
	name, id := attrs[ctrlFamilyName], attrs[ctrlFamilyID]
	switch {
	case name == nil && id == nil:
		return nil, syscall.EINVAL
	case k.unloaded, name != nil && cString(name) != "IPVS", id != nil && u16(id) != k.family:
		return nil, syscall.ENOENT
	}
	return []netlink.Message{family}, 0
}
