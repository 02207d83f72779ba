package ipvs

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

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
//
// If ip_vs is unloaded meanwhile, that change and all later ones have the error
// ErrNoIPVS and no effect. If it is loaded again by then, they are made in its new
// table, which is empty.
func (c *Client) Apply(changes []Change) []error {
	errs := make([]error, len(changes))
	var b Batch
	b.Grow(min(len(changes), batchSize))
	index := make([]int, 0, min(len(changes), batchSize)) // of the changes in b
	gone := false
	apply := func() {
		for i, err := range c.applyUnless(gone, &b) {
			errs[index[i]] = err
			gone = gone || errors.Is(err, ErrNoIPVS)
		}
		b.reset()
		index = index[:0]
	}
	for i := range changes {
		if errs[i] = b.Add(&changes[i]); errs[i] != nil {
			continue
		}
		if index = append(index, i); len(index) == batchSize {
			apply()
		}
	}
	apply()
	return errs
}

// ApplyBatch sends the changes of a batch, as Apply does.
func (c *Client) ApplyBatch(b *Batch) []error { return c.applyUnless(false, b) }

// applyUnless sends the changes of a batch unless ip_vs is gone.
func (c *Client) applyUnless(gone bool, b *Batch) []error {
	c.mu.Lock()
	defer c.mu.Unlock()

	rest := part{b, 0, make([]error, b.Len())}
	errs := rest.errs
	for len(rest.errs) > 0 && !gone {
		n := min(batchSize, len(rest.errs))
		gone = c.send(rest.slice(0, n))
		rest = rest.slice(n, len(rest.errs))
	}
	if gone {
		rest.fail(ErrNoIPVS)
	}
	return errs
}

// Batch is a list of changes as the kernel gets them, which takes a third of the
// memory of a []Change. The zero Batch is empty.
type Batch struct {
	data encoder // the messages without their netlink headers
	ends []int   // where each ends
}

// Add adds a change. One that cannot be sent, such as one without an address, is
// an error, and is left out.
func (b *Batch) Add(ch *Change) error {
	start := len(b.data.b)
	b.data.b = appendHeader(b.data.b, ch.Command)
	ch.encode(&b.data)
	if err := b.data.err; err != nil {
		b.data = encoder{b: b.data.b[:start]}
		return fmt.Errorf("ipvs: %s %s: %w", ch.Command, ch.subject(), err)
	}
	b.ends = append(b.ends, len(b.data.b))
	return nil
}

// changeSize is about what the message of a change takes.
const changeSize = 160

// Grow makes room for n more changes.
func (b *Batch) Grow(n int) {
	b.data.b = slices.Grow(b.data.b, n*changeSize)
	b.ends = slices.Grow(b.ends, n)
}

// GrowLike makes room for as much as another batch holds.
func (b *Batch) GrowLike(other *Batch) {
	b.data.b = slices.Grow(b.data.b, len(other.data.b))
	b.ends = slices.Grow(b.ends, len(other.ends))
}

// Len is how many changes there are.
func (b *Batch) Len() int { return len(b.ends) }

func (b *Batch) reset() { b.data.b, b.ends = b.data.b[:0], b.ends[:0] }

func (b *Batch) message(i int) []byte {
	start := 0
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.data.b[start:b.ends[i]]
}

// part is those changes of a batch that are sent at once: as many as there is
// room for errors, from one on.
type part struct {
	*Batch
	from int
	errs []error
}

func (p part) slice(from, to int) part { return part{p.Batch, p.from + from, p.errs[from:to]} }

// refuse notes the kernel's answer to message i of the part.
func (p part) refuse(i int, errno syscall.Errno) {
	command, subject := subjectOf(p.message(p.from + i))
	p.errs[i] = &Error{Command: command, Errno: errno, Subject: subject}
}

// fail notes that the result of the messages without one is unknown.
func (p part) fail(err error) {
	for i := range p.errs {
		if p.errs[i] == nil {
			p.errs[i] = err
		}
	}
}

// sendOnce sends a part of a batch, with a barrier after it, and waits for its
// results. The kernel handles messages in order and answers those that fail by
// itself, so nothing is open when the barrier is acknowledged.
//
// No change asks for an acknowledgement, because it might wait for ever: the
// kernel does not answer at all if a handler returns EINTR (netlink_rcv_skb),
// as that of CommandDelDaemon does, having stopped the daemon, if its thread had
// not yet begun to run.
func (c *Client) sendOnce(p part) {
	if err := c.ready(); err != nil {
		p.fail(prefixed(c.failure(err)))
		return
	}
	c.messages = c.messages[:0]
	for i := range p.errs {
		c.messages = append(c.messages, message(c.family, 0, p.message(p.from+i)))
	}
	sent, err := c.conn.SendMessages(append(c.messages, barrier()))
	if err == nil {
		c.receive(p, sent)
		return
	}
	if half := len(p.errs) / 2; half > 0 && errors.Is(err, unix.EMSGSIZE) {
		// A send buffer smaller than the usual 208 KiB: nothing was sent.
		first, second := p.slice(0, half), p.slice(half, len(p.errs))
		if c.send(first) {
			second.fail(ErrNoIPVS)
			return
		}
		c.send(second)
		return
	}
	p.fail(prefixed(c.failure(err)))
}

// barrier is a message without effect, the acknowledgement of which tells that
// the kernel has handled all before it.
func barrier() netlink.Message {
	return netlink.Message{Header: netlink.Header{Type: netlink.Noop, Flags: netlink.Request | netlink.Acknowledge}}
}

// receive collects the answers to the messages that were sent.
func (c *Client) receive(p part, sent []netlink.Message) {
	last := len(sent) - 1
	for range 2*len(sent) + maxStale {
		i, errno, err := c.receiveAnswer(sent)
		switch {
		case errors.Is(err, unix.ENOBUFS):
			// Some answers are lost, perhaps the last one too.
			c.unsettled = c.drain(func(sequence uint32, errno syscall.Errno) {
				if i := indexOf(sequence, sent); i >= 0 && i < last {
					p.refuse(i, errno)
				}
			}) != nil
			p.fail(prefixed(c.failure(err)))
			return
		case err != nil:
			c.unsettled = true
			p.fail(prefixed(c.failure(err)))
			return
		case i == last:
			return
		case errno != 0 && i >= 0:
			p.refuse(i, errno)
		}
	}
	c.unsettled = true
	p.fail(errors.New("ipvs: no answer from the kernel to the end of a batch of changes"))
}

// maxStale is how many answers to earlier requests are thrown away.
const maxStale = 2 * batchSize

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
	return indexOf(sequence, sent), errno, nil
}

// indexOf finds the message that an answer belongs to, or returns -1.
func indexOf(sequence uint32, sent []netlink.Message) int {
	return slices.IndexFunc(sent, func(m netlink.Message) bool { return m.Header.Sequence == sequence })
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
