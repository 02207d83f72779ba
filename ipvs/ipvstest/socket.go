package ipvstest

import (
	"errors"
	"iter"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// socket is the netlink socket of one client: a queue of datagrams.
//
// It is not an nltest.Dial, which hands over all answers of a batch as one
// datagram and loses those after the first error. The kernel puts every
// acknowledgement, error and part of a dump into a datagram of its own.
type socket struct {
	kernel *Kernel
	pid    uint32

	mu          sync.Mutex
	queue       []datagram
	overflow    bool // answers were lost, and no receive has told yet
	congested   bool // all answers are lost until the queue is empty
	capAck      bool
	hasDeadline bool
	closed      bool
}

// datagram is what one receive returns: messages, or an error.
type datagram struct {
	messages []netlink.Message
	err      error
	dump     bool
}

//lint:ignore SA1019 NewConn takes nothing else.
var _ netlink.Socket = (*socket)(nil)

// errNothing is what a receive on an empty queue fails with. The kernel answers
// within the send, so a real socket would wait for ever, and so would the test.
var errNothing = errors.New("ipvstest: nothing to receive; a real socket would block for ever")

// Send handles one request.
func (s *socket) Send(m netlink.Message) error { return s.SendMessages([]netlink.Message{m}) }

// SendMessages handles the requests of one send, in order.
func (s *socket) SendMessages(messages []netlink.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	k := s.kernel
	k.traced(true, messages)
	faults, errno := k.admit(messages)
	if errno != 0 {
		return syscallError("sendmsg", errno)
	}
	for i, m := range messages {
		s.handle(m, faults[i])
	}
	return nil
}

// push queues a datagram unless the receive buffer is full, or has been and is not
// empty yet: netlink_overrun.
func (s *socket) push(d datagram) {
	limit := s.kernel.queueLimit
	if full := limit > 0 && len(s.queue) >= limit; (full || s.congested) && !d.dump {
		s.overflow = s.overflow || !s.congested
		s.congested = true
		return
	}
	s.queue = append(s.queue, d)
}

// dumping tells whether parts of a dump wait to be received.
func (s *socket) dumping() bool {
	for _, d := range s.queue {
		if d.dump {
			return true
		}
	}
	return false
}

// Receive returns the messages of the next datagram.
func (s *socket) Receive() ([]netlink.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, net.ErrClosed
	case s.overflow:
		s.overflow = false
		s.relieve()
		return nil, syscallError("recvmsg", unix.ENOBUFS)
	case len(s.queue) == 0 && s.hasDeadline:
		return nil, os.ErrDeadlineExceeded
	case len(s.queue) == 0:
		return nil, errNothing
	}
	d := s.queue[0]
	s.queue = s.queue[1:]
	s.relieve()
	if d.err == nil {
		s.kernel.traced(false, d.messages)
	}
	return d.messages, d.err
}

// relieve is netlink_rcv_wake: there is room for answers again once all are read.
func (s *socket) relieve() { s.congested = s.congested && len(s.queue) > 0 }

// ReceiveIter yields the messages of the next datagram.
func (s *socket) ReceiveIter() iter.Seq2[netlink.Message, error] {
	return func(yield func(netlink.Message, error) bool) {
		messages, err := s.Receive()
		if err != nil {
			yield(netlink.Message{}, err)
			return
		}
		for _, m := range messages {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// Close closes the socket.
func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	return nil
}

// SetOption knows CapAcknowledge: errors then carry only the header of the
// request. Other options have no effect here.
func (s *socket) SetOption(option netlink.ConnOption, enable bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if option == netlink.CapAcknowledge {
		s.capAck = enable
	}
	return nil
}

// SetDeadline sets the deadline of receives.
func (s *socket) SetDeadline(t time.Time) error { return s.SetReadDeadline(t) }

// SetReadDeadline sets the deadline of receives. It passes at once: nothing
// can arrive any more.
func (s *socket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hasDeadline = !t.IsZero()
	return nil
}

// SetWriteDeadline has no effect: sends never wait.
func (s *socket) SetWriteDeadline(time.Time) error { return nil }

// syscallError is a failure of a system call as a real socket reports it.
func syscallError(call string, errno syscall.Errno) error { return os.NewSyscallError(call, errno) }
