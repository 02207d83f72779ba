// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/mdlayher/netlink"
)

// Socket is a socket of generic netlink to the fake: a queue of datagrams. As in the
// kernel, every acknowledgement, error and dump chunk is a datagram of its own.
type Socket struct {
	kernel *Kernel
	portID uint32

	sending sync.Mutex // held while the kernel handles a datagram

	mu        sync.Mutex
	changed   sync.Cond // signals a change of what follows
	queue     []datagram
	overflow  bool // answers were lost, and no receive has reported it
	congested bool // all answers are dropped until the queue is empty
	capAck    bool
	late      int // answers that are delayed
	bounds    int // contexts that bound receives
	ended     int // those that have ended
	closed    bool
}

var _ nlsock.Transport = (*Socket)(nil)

// datagram is what one receive returns: messages, or an error.
type datagram struct {
	messages []netlink.Message
	err      error
	dump     bool
}

// errNothing is the error of a receive from an empty queue. The kernel answers within
// the send, so a real socket, and with it the test, would wait forever.
var errNothing = errors.New("ipvstest: nothing to receive; a real socket would block for ever")

func newSocket(k *Kernel, portID uint32) *Socket {
	s := &Socket{kernel: k, portID: portID, capAck: true}
	s.changed.L = &s.mu
	return s
}

// PortID returns the number of the socket.
func (s *Socket) PortID() uint32 { return s.portID }

// Send handles the messages of a datagram, in order. It ignores what follows a malformed
// one, as netlink_rcv_skb does.
func (s *Socket) Send(datagram []byte) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	if s.isClosed() {
		return os.ErrClosed
	}
	var messages []netlink.Message
	for rest := datagram; len(rest) > 0; {
		var m netlink.Message
		var err error
		if m, rest, err = nlsock.NextMessage(rest); err != nil {
			break
		}
		messages = append(messages, m)
	}
	k := s.kernel
	k.emitTrace(true, messages)
	faults, errno := k.admit(messages)
	if errno != 0 {
		return syscallError("sendto", errno)
	}
	for i, m := range messages {
		s.handle(m, faults[i])
	}
	return nil
}

func (s *Socket) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// enqueue is netlink_overrun: it queues a datagram, unless the receive buffer is full,
// or has been full and is not yet empty.
func (s *Socket) enqueue(d datagram) {
	limit := s.kernel.queueLimit
	if full := limit > 0 && len(s.queue) >= limit; (full || s.congested) && !d.dump {
		s.overflow = s.overflow || !s.congested
		s.congested = true
		return
	}
	s.queue = append(s.queue, d)
}

// dumpPending reports whether chunks of a dump are queued.
func (s *Socket) dumpPending() bool {
	for _, d := range s.queue {
		if d.dump {
			return true
		}
	}
	return false
}

// Receive returns the next datagram. If there is none, it waits for a delayed answer, or
// the end of a context of Bound. Without either it would wait forever, and returns an
// error.
func (s *Socket) Receive() ([]byte, error) {
	d, err := s.next()
	if err != nil {
		return nil, err
	}
	s.kernel.emitTrace(false, d.messages)
	var b []byte
	for i, m := range d.messages {
		b = nlsock.AppendMessage(b, m)
		if i < len(d.messages)-1 {
			b = append(b, make([]byte, -len(b)&3)...)
		}
	}
	return b, nil
}

func (s *Socket) next() (datagram, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 && !s.overflow && !s.closed && s.bounds+s.late > 0 && s.ended == 0 {
		s.changed.Wait()
	}
	switch {
	case s.closed:
		return datagram{}, os.ErrClosed
	case s.ended > 0:
		return datagram{}, os.ErrDeadlineExceeded
	case s.overflow:
		s.overflow = false
		s.clearCongestion()
		return datagram{}, syscallError("recvfrom", syscall.ENOBUFS)
	case len(s.queue) == 0:
		return datagram{}, errNothing
	}
	d := s.queue[0]
	s.queue = s.queue[1:]
	s.clearCongestion()
	return d, d.err
}

// clearCongestion is netlink_rcv_wake: it ends congestion once the queue is empty.
func (s *Socket) clearCongestion() { s.congested = s.congested && len(s.queue) > 0 }

// Bound makes Receive fail with os.ErrDeadlineExceeded when ctx ends, until release is
// called.
func (s *Socket) Bound(ctx context.Context) (release func()) {
	s.change(func() { s.bounds++ })
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		s.change(func() { s.ended++ })
	})
	return func() {
		if !stop() {
			<-ended
			s.change(func() { s.ended-- })
		}
		s.change(func() { s.bounds-- })
	}
}

func (s *Socket) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	s.changed.Broadcast()
}

// Close closes the socket and ends a Receive that waits.
func (s *Socket) Close() error {
	err := os.ErrClosed
	s.change(func() {
		if !s.closed {
			s.closed, err = true, nil
		}
	})
	return err
}

// SetCapAcknowledge sets the option NETLINK_CAP_ACK, with which errors hold only the
// header of the request. It is set at first.
func (s *Socket) SetCapAcknowledge(enable bool) { s.change(func() { s.capAck = enable }) }

// syscallError returns a failed system call as a real socket reports it.
func syscallError(call string, errno syscall.Errno) error { return os.NewSyscallError(call, errno) }
