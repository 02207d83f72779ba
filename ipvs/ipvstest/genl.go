package ipvstest

import (
	"encoding/binary"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

const (
	headerLen     = unix.SizeofNlMsghdr
	genlHeaderLen = unix.GENL_HDRLEN

	// firstFamily is the number of the family at first. In a real kernel it depends
	// on the other families.
	firstFamily = 0x1f
	maxAttr     = 6

	// dumpPart is how many bytes of a dump the kernel puts into a datagram at
	// first: a page less what it needs for itself.
	dumpPart = 3776
)

// handle does one request and queues its answers.
func (s *socket) handle(request netlink.Message, effect Effect) {
	if effect.before != nil {
		effect.before()
	}
	k := s.kernel
	k.mu.Lock()
	defer k.mu.Unlock()

	datagrams, dump := s.answer(request, effect.refuse)
	if effect.failFirst != 0 {
		s.queue = append(s.queue, datagram{err: syscallError("recvmsg", effect.failFirst)})
	}
	if effect.rewrite != nil {
		datagrams = effect.rewrite(datagrams)
	}
	for _, d := range datagrams {
		s.push(datagram{messages: d, dump: dump})
	}
}

// answer is netlink_rcv_skb: it handles a request and returns the datagrams of
// its answer. An error is always answered, success only if an acknowledgement
// is asked for, and never after a dump.
func (s *socket) answer(request netlink.Message, refuse syscall.Errno) (datagrams [][]netlink.Message, dump bool) {
	h := request.Header
	errno := refuse
	var replies []netlink.Message
	if errno == 0 && h.Flags&netlink.Request != 0 && h.Type >= 0x10 {
		dump = h.Flags&netlink.Dump == netlink.Dump
		switch {
		case dump && s.dumping():
			errno = unix.EBUSY
		default:
			replies, errno = s.kernel.generic(h.Type, dump, request.Data)
		}
	}
	for i := range replies {
		replies[i].Header.Type = h.Type
		replies[i].Header.Sequence = h.Sequence
		replies[i].Header.PID = s.pid
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

// split puts the replies of a dump into datagrams, the end of it into one more.
func (s *socket) split(h netlink.Header, replies []netlink.Message) [][]netlink.Message {
	var datagrams [][]netlink.Message
	room := 0
	for _, m := range replies {
		m.Header.Flags |= netlink.Multi
		if size := headerLen + len(m.Data); room < size {
			datagrams = append(datagrams, nil)
			room = dumpPart
		}
		room -= headerLen + len(m.Data)
		last := len(datagrams) - 1
		datagrams[last] = append(datagrams[last], m)
	}
	done := netlink.Message{
		Header: netlink.Header{
			Length: headerLen + 4, Type: netlink.Done, Flags: netlink.Multi, Sequence: h.Sequence, PID: s.pid,
		},
		Data: make([]byte, 4),
	}
	return append(datagrams, []netlink.Message{done})
}

// acknowledge is netlink_ack: an errno, 0 for success, and the request, of
// which only the header after success and with the option NETLINK_CAP_ACK.
func (s *socket) acknowledge(request netlink.Message, errno syscall.Errno) netlink.Message {
	h := request.Header
	data := binary.NativeEndian.AppendUint32(nil, uint32(-int32(errno)))
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
			Length: uint32(headerLen + len(data)), Type: netlink.Error, Flags: flags, Sequence: h.Sequence, PID: s.pid,
		},
		Data: data,
	}
}

// generic is genl_rcv_msg: it hands a request to its family.
func (k *Kernel) generic(typ netlink.HeaderType, dump bool, data []byte) ([]netlink.Message, syscall.Errno) {
	switch {
	case typ == unix.GENL_ID_CTRL:
		return k.control(dump, data)
	case typ != netlink.HeaderType(k.family) || k.missing:
		return nil, unix.ENOENT
	case len(data) < genlHeaderLen:
		return nil, unix.EINVAL
	}
	command := ipvs.Command(data[0])
	handle, ok := handlers[command]
	switch {
	case !ok:
		return nil, unix.EOPNOTSUPP
	case k.powerless:
		return nil, unix.EPERM
	case dump && handle.dump == nil, !dump && handle.do == nil:
		return nil, unix.EOPNOTSUPP
	}
	attrs, errno := parseAttributes(data[genlHeaderLen:], commandPolicy)
	if dump {
		// The callbacks look at the attributes themselves; bad ones make an
		// empty list.
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

// handler is what a command does alone and as a dump.
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
	ipvs.CommandSetConfig:       {do: write((*Kernel).setConfig)},
	ipvs.CommandGetConfig:       {do: (*Kernel).getConfig},
	ipvs.CommandGetInfo:         {do: (*Kernel).getInfo},
	ipvs.CommandZero:            {do: write((*Kernel).zero)},
	ipvs.CommandFlush:           {do: write((*Kernel).flush)},
}

func write(do func(*Kernel, attributes) syscall.Errno) func(*Kernel, attributes) ([]netlink.Message, syscall.Errno) {
	return func(k *Kernel, attrs attributes) ([]netlink.Message, syscall.Errno) { return nil, do(k, attrs) }
}

// reply makes a message of the family, without its number.
func reply(command ipvs.Command, encode func(*netlink.AttributeEncoder)) netlink.Message {
	return genericMessage(uint8(command), 1, encode)
}

func genericMessage(command, version uint8, encode func(*netlink.AttributeEncoder)) netlink.Message {
	ae := netlink.NewAttributeEncoder()
	encode(ae)
	attrs, err := ae.Encode()
	if err != nil {
		panic(err) // only names with a NUL byte can fail, and none gets in
	}
	return netlink.Message{Data: append([]byte{command, version, 0, 0}, attrs...)}
}

// control answers CTRL_CMD_GETFAMILY, by name or id.
func (k *Kernel) control(dump bool, data []byte) ([]netlink.Message, syscall.Errno) {
	if len(data) < genlHeaderLen {
		return nil, unix.EINVAL
	}
	if data[0] != unix.CTRL_CMD_GETFAMILY {
		return nil, unix.EOPNOTSUPP
	}
	family := genericMessage(unix.CTRL_CMD_NEWFAMILY, 2, func(ae *netlink.AttributeEncoder) {
		ae.String(unix.CTRL_ATTR_FAMILY_NAME, "IPVS")
		ae.Uint16(unix.CTRL_ATTR_FAMILY_ID, k.family)
		ae.Uint32(unix.CTRL_ATTR_VERSION, 1)
		ae.Uint32(unix.CTRL_ATTR_HDRSIZE, 0)
		ae.Uint32(unix.CTRL_ATTR_MAXATTR, maxAttr)
	})
	if dump {
		if k.missing {
			return nil, 0
		}
		return []netlink.Message{family}, 0
	}
	attrs, errno := parseAttributes(data[genlHeaderLen:], controlPolicy)
	if errno != 0 {
		return nil, errno
	}
	name, id := attrs[unix.CTRL_ATTR_FAMILY_NAME], attrs[unix.CTRL_ATTR_FAMILY_ID]
	switch {
	case name == nil && id == nil:
		return nil, unix.EINVAL
	case k.missing, name != nil && cString(name) != "IPVS", id != nil && u16(id) != k.family:
		return nil, unix.ENOENT
	}
	return []netlink.Message{family}, 0
}
