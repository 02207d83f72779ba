package ipvs

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// batchSize is how many changes travel in one send. Should each of them fail,
// their error messages still fit the default receive buffer of a socket.
const batchSize = 128

// Apply sends the changes in order, many at a time, and returns the error of
// each: a slice as long as changes, all nil if all succeeded (errors.Join makes
// one error of them). A change that the kernel refuses, an *Error, does not stop
// the ones after it. If the connection fails, all changes whose result is not
// known get that failure as their error.
func (c *Client) Apply(changes []Change) []error {
	c.mu.Lock()
	defer c.mu.Unlock()

	errs := make([]error, len(changes))
	b := batch{
		changes: changes, errs: errs,
		msgs:  make([]netlink.Message, 0, min(len(changes), batchSize)+1),
		index: make([]int, 0, min(len(changes), batchSize)),
	}
	for i := range changes {
		if err := b.add(i, c.family); err != nil {
			errs[i] = fmt.Errorf("ipvs: %s %s: %w", changes[i].Command, changes[i].subject(), err)
			continue
		}
		if len(b.msgs) == batchSize {
			c.send(&b)
			b.reset()
		}
	}
	c.send(&b)
	return errs
}

// batch is the part of the changes that is sent at once. index tells which
// change a message is. The messages lie in data, which the next batch uses again.
type batch struct {
	changes []Change
	errs    []error
	msgs    []netlink.Message
	index   []int
	data    encoder
}

// add makes the message of change i.
func (b *batch) add(i int, family uint16) error {
	start := len(b.data.b)
	b.data.b = appendHeader(b.data.b, b.changes[i].Command)
	b.changes[i].encode(&b.data)
	if err := b.data.err; err != nil {
		b.data = encoder{b: b.data.b[:start]}
		return err
	}
	b.msgs = append(b.msgs, message(family, 0, b.data.b[start:]))
	b.index = append(b.index, i)
	return nil
}

func (b *batch) reset() {
	b.msgs, b.index, b.data.b = b.msgs[:0], b.index[:0], b.data.b[:0]
}

// part is some of the messages of a batch. Nothing can be added to it in place.
func (b *batch) part(from, to int) *batch {
	return &batch{changes: b.changes, errs: b.errs, msgs: b.msgs[from:to:to], index: b.index[from:to:to]}
}

// refuse notes the kernel's answer to message i.
func (b *batch) refuse(i int, errno syscall.Errno) {
	ch := b.changes[b.index[i]]
	b.errs[b.index[i]] = &Error{Command: ch.Command, Errno: errno, Subject: ch.subject()}
}

// fail notes that the result of the messages without one is unknown.
func (b *batch) fail(err error) {
	for i := range b.msgs {
		if b.errs[b.index[i]] == nil {
			b.errs[b.index[i]] = err
		}
	}
}

// send sends a batch, with a barrier after it, and waits for its results. The
// kernel handles messages in order and answers those that fail by itself, so
// nothing is open when the barrier is acknowledged.
//
// No change asks for an acknowledgement, because it might wait for ever: the
// kernel does not answer at all if a handler returns EINTR (netlink_rcv_skb),
// as that of CommandDelDaemon does, having stopped the daemon, if its thread had
// not yet begun to run.
func (c *Client) send(b *batch) {
	if len(b.msgs) == 0 {
		return
	}
	err := c.settle()
	if err != nil {
		b.fail(fmt.Errorf("ipvs: %w", err))
		return
	}
	sent, err := c.conn.SendMessages(append(b.msgs, barrier()))
	if err == nil {
		c.receive(b, sent)
		return
	}
	if len(b.msgs) > 1 && errors.Is(err, unix.EMSGSIZE) {
		// A send buffer smaller than the usual 208 KiB: nothing was sent.
		half := len(b.msgs) / 2
		c.send(b.part(0, half))
		c.send(b.part(half, len(b.msgs)))
		return
	}
	b.fail(fmt.Errorf("ipvs: %w", err))
}

// barrier is a message without effect, the acknowledgement of which tells that
// the kernel has handled all before it.
func barrier() netlink.Message {
	return netlink.Message{Header: netlink.Header{Type: netlink.Noop, Flags: netlink.Request | netlink.Acknowledge}}
}

// receive collects the answers to the messages that were sent.
func (c *Client) receive(b *batch, sent []netlink.Message) {
	last := len(sent) - 1
	lost := error(nil)
	for range 2*len(sent) + maxStale {
		i, errno, err := c.receiveAnswer(sent)
		switch {
		case errors.Is(err, unix.ENOBUFS):
			// Some answers are lost, perhaps the last one too.
			lost = err
			defer c.limitReceive()()
			continue
		case lost != nil && errors.Is(err, os.ErrDeadlineExceeded):
			c.unsettled = true
			b.fail(lost)
			return
		case err != nil:
			c.unsettled = true
			b.fail(fmt.Errorf("ipvs: %w", err))
			return
		case i == last:
			if lost != nil {
				b.fail(lost)
			}
			return
		case errno != 0 && i >= 0:
			b.refuse(i, errno)
		}
	}
	c.unsettled = true
	b.fail(errors.New("ipvs: no answer from the kernel to the end of a batch of changes"))
}

const (
	// maxStale is how many answers to earlier requests are thrown away.
	maxStale = 2 * batchSize
	// lostAnswerWait is how long the last answer is awaited after the receive
	// buffer overflowed. The kernel answers within the send, so it is there or gone.
	lostAnswerWait = 100 * time.Millisecond
)

// limitReceive lets receives fail after lostAnswerWait until the function that
// it returns is called.
func (c *Client) limitReceive() func() {
	_ = c.conn.SetReadDeadline(time.Now().Add(lostAnswerWait))
	return func() { _ = c.conn.SetReadDeadline(time.Time{}) }
}

// settle throws away what is left of a request that failed half way, so that it
// is not taken for the answer to the next one: the end of a dump alone, which
// the netlink package hands over without its sequence number, looks like an
// empty table.
func (c *Client) settle() error {
	if !c.unsettled {
		return nil
	}
	sent, err := c.conn.SendMessages([]netlink.Message{barrier()})
	if err != nil {
		return err
	}
	defer c.limitReceive()()
	for range maxStale {
		var answers []netlink.Message
		answers, err = c.conn.Receive()
		// A deadline means that there is nothing left.
		if errors.Is(err, os.ErrDeadlineExceeded) || slices.ContainsFunc(answers, func(m netlink.Message) bool {
			return m.Header.Sequence == sent[0].Header.Sequence
		}) {
			c.unsettled = false
			return nil
		}
	}
	return errors.Join(errors.New("ipvs: only answers to earlier requests"), err)
}

// receiveAnswer reads one answer: the message it belongs to, or -1, and the
// errno that the kernel gave, 0 for an acknowledgement.
func (c *Client) receiveAnswer(sent []netlink.Message) (int, syscall.Errno, error) {
	answers, err := c.conn.Receive()
	errno, sequence, ok := kernelErrno(err)
	switch {
	case ok:
	case err != nil:
		return -1, 0, err
	case len(answers) == 0:
		return -1, 0, nil
	default:
		sequence = answers[len(answers)-1].Header.Sequence
	}
	i := slices.IndexFunc(sent, func(m netlink.Message) bool { return m.Header.Sequence == sequence })
	return i, errno, nil
}

// message is a request with the header of generic netlink and attributes as data.
func message(family uint16, flags netlink.HeaderFlags, data []byte) netlink.Message {
	return netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(family), Flags: netlink.Request | flags},
		Data:   data,
	}
}

// kernelErrno tells an error message of the kernel from a failure of the
// socket, which the netlink package wraps in an os.SyscallError.
func kernelErrno(err error) (errno syscall.Errno, sequence uint32, ok bool) {
	var oerr *netlink.OpError
	if !errors.As(err, &oerr) {
		return 0, 0, false
	}
	errno, ok = oerr.Err.(syscall.Errno)
	return errno, oerr.Sequence, ok
}
