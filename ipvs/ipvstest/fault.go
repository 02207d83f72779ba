package ipvstest

import (
	"slices"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// FamilyLookup stands in Fault.Command for the look-up of the IPVS family that
// a client does first, and when the kernel may have got another module.
const FamilyLookup ipvs.Command = 0xff

// Fault makes some requests go wrong.
type Fault struct {
	// Command tells which requests: those of a command, or all but FamilyLookup
	// if it is 0.
	Command ipvs.Command
	// Skip is how many of them are handled well first.
	Skip int
	// Times is how many go wrong then: 0 means one, a negative number all.
	Times int
	// Effect is what goes wrong.
	Effect Effect
}

// Effect is what goes wrong with a request: one of the functions Refuse,
// FailSend, FailReceive and so on makes it.
type Effect struct {
	refuse    syscall.Errno
	failSend  syscall.Errno
	failFirst syscall.Errno
	before    func()
	rewrite   func([][]netlink.Message) [][]netlink.Message
}

// Refuse answers with an error message; the request has no effect.
func Refuse(errno syscall.Errno) Effect { return Effect{refuse: errno} }

// FailSend lets the system call that sends fail. Nothing that is sent with the
// request has an effect.
func FailSend(errno syscall.Errno) Effect { return Effect{failSend: errno} }

// FailReceive lets the system call that receives fail once, before the answer.
func FailReceive(errno syscall.Errno) Effect { return Effect{failFirst: errno} }

// Lose handles the request, but its answer is lost for want of buffer space: a
// receive fails with ENOBUFS instead.
func Lose() Effect {
	return Effect{failFirst: unix.ENOBUFS, rewrite: func([][]netlink.Message) [][]netlink.Message { return nil }}
}

// Silence handles the request and does not answer, not even if an
// acknowledgement is asked for. The kernel does so if what it did was
// interrupted, for example if it stops a sync daemon that has just been started.
func Silence() Effect {
	return Effect{rewrite: func([][]netlink.Message) [][]netlink.Message { return nil }}
}

// Interrupt marks a dump with NLM_F_DUMP_INTR: the table changed meanwhile.
func Interrupt() Effect {
	return eachReply(func(m *netlink.Message) { m.Header.Flags |= netlink.DumpInterrupted })
}

// Truncate cuts the attributes of every reply to at most n bytes.
func Truncate(n int) Effect {
	return eachReply(func(m *netlink.Message) { m.Data = m.Data[:min(len(m.Data), genlHeaderLen+n)] })
}

// Garble puts the given bytes in place of the attributes of every reply. None
// make an empty reply.
func Garble(attributes []byte) Effect {
	return eachReply(func(m *netlink.Message) {
		m.Data = slices.Concat(m.Data[:min(len(m.Data), genlHeaderLen)], attributes)
	})
}

// Answer puts the given datagrams in place of the answer. Sequence numbers and
// port ids are those of the answer they replace unless they are set.
func Answer(datagrams ...[]netlink.Message) Effect {
	return Effect{rewrite: func(old [][]netlink.Message) [][]netlink.Message {
		var header netlink.Header
		for _, d := range old {
			for _, m := range d {
				header = m.Header
			}
		}
		var answer [][]netlink.Message
		for _, d := range datagrams {
			d = slices.Clone(d)
			for i := range d {
				d[i].Header.Length = uint32(headerLen + len(d[i].Data))
				if d[i].Header.Sequence == 0 {
					d[i].Header.Sequence = header.Sequence
				}
				if d[i].Header.PID == 0 {
					d[i].Header.PID = header.PID
				}
			}
			answer = append(answer, d)
		}
		return answer
	}}
}

// Rewrite changes the datagrams of an answer. It may not keep them.
func Rewrite(change func(datagrams [][]netlink.Message) [][]netlink.Message) Effect {
	return Effect{rewrite: change}
}

// Before calls a function just before the request is handled, for example one
// that deletes a service that is about to be read.
func Before(f func()) Effect { return Effect{before: f} }

// eachReply changes the replies, but neither errors and acknowledgements nor
// the end of a dump.
func eachReply(change func(*netlink.Message)) Effect {
	return Effect{rewrite: func(datagrams [][]netlink.Message) [][]netlink.Message {
		for _, d := range datagrams {
			for i := range d {
				if d[i].Header.Type != netlink.Error && d[i].Header.Type != netlink.Done {
					change(&d[i])
					d[i].Header.Length = uint32(headerLen + len(d[i].Data))
				}
			}
		}
		return datagrams
	}}
}

// Inject adds a fault. Of several that fit a request the first counts.
func (k *Kernel) Inject(f Fault) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	k.faults = append(k.faults, &f)
}

// ClearFaults removes all faults.
func (k *Kernel) ClearFaults() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.faults = nil
}

// admit takes note of the requests of one send and finds their faults. An errno
// means that the send fails as a whole.
func (k *Kernel) admit(messages []netlink.Message) ([]Effect, syscall.Errno) {
	k.mu.Lock()
	defer k.mu.Unlock()
	bytes := 0
	for _, m := range messages {
		bytes += headerLen + len(m.Data)
	}
	if k.sendLimit > 0 && bytes > k.sendLimit {
		return nil, unix.EMSGSIZE
	}
	effects := make([]Effect, len(messages))
	errno := syscall.Errno(0)
	for i, m := range messages {
		switch command := FamilyLookup; {
		case m.Header.Type < unix.GENL_ID_CTRL: // for netlink itself
		case m.Header.Type > unix.GENL_ID_CTRL && len(m.Data) > 0:
			command = ipvs.Command(m.Data[0])
			k.requests = append(k.requests, command)
			fallthrough
		default:
			effects[i] = k.effect(command)
		}
		if effects[i].failSend != 0 {
			errno = effects[i].failSend
		}
	}
	return effects, errno
}

func (k *Kernel) effect(command ipvs.Command) Effect {
	for _, f := range k.faults {
		if f.Command != command && (f.Command != 0 || command == FamilyLookup) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times != 0 {
			if f.Times > 0 {
				f.Times--
			}
			return f.Effect
		}
	}
	return Effect{}
}
