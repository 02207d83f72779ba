// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"cmp"
	"slices"
	"syscall"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// FamilyLookup is the Fault.Command for look-ups of the IPVS family. A client looks
// the family up when it is made, and when the module may have been loaded again.
const FamilyLookup ipvs.Command = 0xff

// Fault makes some requests fail.
type Fault struct {
	// Command selects the requests with a command. 0 selects all requests except
	// FamilyLookup.
	Command ipvs.Command
	// Skip is the number of selected requests that succeed first.
	Skip int
	// Times is the number of requests that fail after those. 0 means one, a negative
	// number all.
	Times int
	// Effect is how they fail.
	Effect Effect
}

// Effect is how a request fails. The functions Refuse, FailSend, FailReceive and so on
// return one.
type Effect struct {
	refuse      syscall.Errno
	failSend    syscall.Errno
	failReceive syscall.Errno
	before      func()
	delay       time.Duration
	rewrite     func([][]netlink.Message) [][]netlink.Message
}

// Refuse answers with an error message. The request has no effect. The errno is this
// system's, such as syscall.ENOMEM; the message holds Linux's number.
func Refuse(errno syscall.Errno) Effect { return Effect{refuse: errno} }

// FailSend makes the system call that sends fail. Neither the request nor others in
// the same send have an effect.
func FailSend(errno syscall.Errno) Effect { return Effect{failSend: errno} }

// FailReceive makes the system call that receives fail once. The answer follows.
func FailReceive(errno syscall.Errno) Effect { return Effect{failReceive: errno} }

// Lose handles the request and loses its answer, as if the receive buffer were full. A
// receive fails with ENOBUFS instead.
func Lose() Effect {
	return Effect{failReceive: syscall.ENOBUFS, rewrite: func([][]netlink.Message) [][]netlink.Message { return nil }}
}

// LoseRefusal refuses the request and loses the answer. The client cannot tell it from Lose.
func LoseRefusal(errno syscall.Errno) Effect {
	e := Lose()
	e.refuse = errno
	return e
}

// Silence handles the request and does not answer, even if the request asks for an
// acknowledgement. The kernel does so if its handler returns EINTR, for example when it
// stops a sync daemon whose thread has not begun to run.
func Silence() Effect {
	return Effect{rewrite: func([][]netlink.Message) [][]netlink.Message { return nil }}
}

// Delay handles the request at once and answers later. A client that does not wait so long
// receives the answer during one of its next calls.
func Delay(d time.Duration) Effect { return Effect{delay: d} }

// Interrupt marks a dump with NLM_F_DUMP_INTR, as if the table had changed during it.
func Interrupt() Effect {
	return eachReply(func(m *netlink.Message) { m.Header.Flags |= netlink.DumpInterrupted })
}

// Truncate cuts the attributes of every reply to at most n bytes.
func Truncate(n int) Effect {
	return eachReply(func(m *netlink.Message) { m.Data = m.Data[:min(len(m.Data), genlHeaderLen+n)] })
}

// Garble replaces the attributes of every reply with the given bytes. With no bytes
// the replies are empty.
func Garble(attributes []byte) Effect {
	return eachReply(func(m *netlink.Message) {
		m.Data = slices.Concat(m.Data[:min(len(m.Data), genlHeaderLen)], attributes)
	})
}

// Answer replaces the answer with the given datagrams. Sequence numbers and port IDs
// that are zero become those of the replaced answer.
func Answer(datagrams ...[]Message) Effect {
	return Effect{rewrite: func(old [][]netlink.Message) [][]netlink.Message {
		var header netlink.Header
		for _, d := range old {
			for _, m := range d {
				header = m.Header
			}
		}
		var answer [][]netlink.Message
		for _, d := range datagrams {
			wire := wireMessages(d)
			for i := range wire {
				h := &wire[i].Header
				h.Sequence, h.PID = cmp.Or(h.Sequence, header.Sequence), cmp.Or(h.PID, header.PID)
			}
			answer = append(answer, wire)
		}
		return answer
	}}
}

// Rewrite passes the datagrams of an answer to change, and sends what change returns.
// change must not keep its argument, or call methods of the Kernel or of its clients.
func Rewrite(change func(datagrams [][]Message) [][]Message) Effect {
	return Effect{rewrite: func(old [][]netlink.Message) [][]netlink.Message {
		var public [][]Message
		for _, d := range old {
			public = append(public, publicMessages(d))
		}
		var answer [][]netlink.Message
		for _, d := range change(public) {
			answer = append(answer, wireMessages(d))
		}
		return answer
	}}
}

// Before calls f just before the request is handled. f can, for example, delete the
// service that the request reads, with methods of the Kernel or another client. The client
// of the request waits until f returns, so f must not call it, or wait for a goroutine
// that does.
func Before(f func()) Effect { return Effect{before: f} }

// eachReply applies change to the replies, except errors, acknowledgements and the
// end of a dump.
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

// Inject adds a fault. The first of several faults that select a request applies.
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

// admit records the requests of one send and returns their effects. A non-zero errno
// means that the send fails.
func (k *Kernel) admit(messages []netlink.Message) ([]Effect, syscall.Errno) {
	k.mu.Lock()
	defer k.mu.Unlock()
	bytes := 0
	for _, m := range messages {
		bytes += headerLen + len(m.Data)
	}
	if k.sendLimit > 0 && bytes > k.sendLimit {
		return nil, syscall.EMSGSIZE
	}
	effects := make([]Effect, len(messages))
	errno := syscall.Errno(0)
	for i, m := range messages {
		switch command := FamilyLookup; {
		case m.Header.Type < genlIDControl: // for netlink itself
		case m.Header.Type > genlIDControl && len(m.Data) > 0:
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

// effect returns the effect of the first fault that applies to a request.
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
