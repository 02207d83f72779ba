// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/mdlayher/netlink"
)

// batchSize is how many changes one send carries. If all of them fail, their error
// messages still fit the default receive buffer of a socket.
const batchSize = 128

// Apply sends the changes in order, many at a time. It returns one error for each
// change, in a slice as long as changes; errors.Join makes one error of them. A
// change that succeeds has a nil error, a change that the kernel refuses an *Error,
// and a change that cannot be sent, such as one without an address, another
// fs.ErrInvalid; none of them stops the changes after it.
//
// If the connection fails or the context of the client ends, the changes in that send are
// ErrResultUnknown, except those with an answer, and the changes after them were not sent.
// The errors of both also are the error of the connection or the context.
//
// If ip_vs is unloaded during the call, the changes that did not reach it have the
// error ErrNoIPVS and no effect. If it has been loaded again by then, Apply makes
// them in its new, empty table.
func (c *Client) Apply(changes []Change) []error {
	errs := make([]error, len(changes))
	b := newBatch(changes)
	gone := false
	apply := func() {
		for i, err := range c.send(b, gone) {
			errs[b.index[i]] = err
			gone = gone || errors.Is(err, ErrNoIPVS)
		}
		b.reset()
	}
	for i := range changes {
		if errs[i] = b.add(i); len(b.index) == batchSize {
			apply()
		}
	}
	apply()
	return errs
}

// send sends up to batchSize changes, or sets their errors to ErrNoIPVS if ip_vs is gone.
func (c *Client) send(b *batch, gone bool) []error {
	s := span{b, 0, make([]error, len(b.index))}
	if err := c.acquire(); err != nil {
		s.setUnknown(unsent(err))
		return s.errs
	}
	defer c.release()
	switch err := c.conn.nl.Err(); {
	case len(s.errs) == 0:
	case gone:
		s.setUnknown(ErrNoIPVS)
	case err != nil:
		s.setUnknown(unsent(err))
	default:
		c.conn.send(s)
	}
	return s.errs
}

// batch holds the encoded messages of some changes of an Apply.
type batch struct {
	changes []Change // all of the Apply
	index   []int    // of those in the batch
	data    encoder  // their messages, without netlink headers
	ends    []int    // where each message ends
}

// changeSize is a typical size of an encoded change, in bytes.
const changeSize = 160

func newBatch(changes []Change) *batch {
	n := min(len(changes), batchSize)
	return &batch{
		changes: changes,
		index:   make([]int, 0, n),
		data:    encoder{B: make([]byte, 0, n*changeSize)},
		ends:    make([]int, 0, n),
	}
}

// add adds the change with an index. If it cannot be encoded, add returns an error and
// leaves the batch as it is.
func (b *batch) add(i int) error {
	op := b.changes[i].operation()
	start := len(b.data.B)
	b.data.B = appendHeader(b.data.B, op.command)
	op.encode(&b.data)
	if err := b.data.Err; err != nil {
		b.data = encoder{B: b.data.B[:start]}
		return op.explain(err)
	}
	b.index = append(b.index, i)
	b.ends = append(b.ends, len(b.data.B))
	return nil
}

func (b *batch) reset() { b.index, b.data.B, b.ends = b.index[:0], b.data.B[:0], b.ends[:0] }

func (b *batch) message(i int) []byte {
	start := 0
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.data.B[start:b.ends[i]]
}

// span is a range of a batch that is sent at once: len(errs) changes from index
// from on. errs are their results.
type span struct {
	*batch
	from int
	errs []error
}

func (s span) slice(from, to int) span { return span{s.batch, s.from + from, s.errs[from:to]} }

// setErrno sets the error of change i to the kernel's answer.
func (s span) setErrno(i int, errno syscall.Errno) {
	op := s.changes[s.index[s.from+i]].operation()
	s.errs[i] = &Error{Command: op.command, Errno: errno, Subject: op.subject()}
}

// setUnknown sets the error of all changes whose result is not known yet.
func (s span) setUnknown(err error) {
	for i := range s.errs {
		if s.errs[i] == nil {
			s.errs[i] = err
		}
	}
}

// trySend sends a span with a barrier after it, and waits for the results. The
// kernel handles messages in order and answers each message that fails, so every
// result is known when the barrier is acknowledged.
//
// The changes do not ask for acknowledgements, because the client might wait for
// one forever: the kernel does not answer if a handler returns EINTR
// (netlink_rcv_skb). The handler of CommandDelDaemon does so, after it has stopped
// the daemon, if the daemon's thread had not begun to run.
func (c *connection) trySend(s span) {
	if err := c.ensureReady(); err != nil {
		s.setUnknown(unsent(err))
		return
	}
	for i := range s.errs {
		c.nl.Append(netlink.HeaderType(c.family), 0, s.message(s.from+i))
	}
	barrier := c.appendBarrier()
	err := c.nl.Send()
	if err == nil {
		c.collectResults(s, barrier)
		return
	}
	if half := len(s.errs) / 2; half > 0 && errors.Is(err, syscall.EMSGSIZE) {
		// The send buffer is smaller than the usual 208 KiB, and nothing was sent.
		first, second := s.slice(0, half), s.slice(half, len(s.errs))
		if c.send(first) {
			second.setUnknown(ErrNoIPVS)
			return
		}
		c.send(second)
		return
	}
	if c.noteFailedSend(err); isUnfinished(err) {
		s.setUnknown(unanswered(err))
		return
	}
	s.setUnknown(unsent(err))
}

// appendBarrier adds a message without effect to those of the next send, and returns its
// sequence number. Its acknowledgement says that the kernel has handled all messages
// before it.
func (c *connection) appendBarrier() (sequence uint32) {
	return c.nl.Append(netlink.Noop, netlink.Acknowledge, nil).Sequence
}

// collectResults receives the answers to the messages of a span and to the barrier after
// them.
func (c *connection) collectResults(s span, barrier uint32) {
	n := len(s.errs)
	index := func(sequence uint32) int { return n - int(int32(barrier-sequence)) }
	for range 2*(n+1) + maxStale {
		sequence, errno, err := c.receiveAnswer()
		i := index(sequence)
		switch {
		case errors.Is(err, syscall.ENOBUFS):
			// Some answers are lost, and the barrier's may be among them.
			c.desynced = c.drain(func(sequence uint32, errno syscall.Errno) {
				if i := index(sequence); i >= 0 && i < n {
					s.setErrno(i, errno)
				}
			}) != nil
			s.setUnknown(unanswered(err))
			return
		case err != nil:
			c.desynced = true
			s.setUnknown(unanswered(err))
			return
		case i == n:
			return
		case errno != 0 && i >= 0 && i < n:
			s.setErrno(i, errno)
		}
	}
	c.desynced = true
	s.setUnknown(unanswered(errors.New("no answer from the kernel to the end of a batch of changes")))
}

// maxStale bounds how many answers to earlier requests are discarded.
const maxStale = 2 * batchSize

// receiveAnswer reads one answer. It returns the sequence number of the message that it
// belongs to, and the kernel's errno, which is 0 for an acknowledgement.
func (c *connection) receiveAnswer() (sequence uint32, errno syscall.Errno, err error) {
	err = c.nl.Receive(func(m netlink.Message) { sequence = m.Header.Sequence })
	if errno, sequence, refused := nlsock.KernelErrno(err); refused {
		return sequence, errno, nil
	}
	return sequence, 0, err
}
