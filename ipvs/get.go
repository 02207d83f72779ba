package ipvs

import (
	"errors"
	"fmt"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// request is a read: a message of generic netlink with the attributes that name
// what is wanted, if any.
type request struct {
	command Command
	encoder
}

func newRequest(command Command) *request {
	return &request{command, encoder{b: appendHeader(make([]byte, 0, 64), command)}}
}

// appendHeader writes the header of generic netlink, struct genlmsghdr.
func appendHeader(b []byte, command Command) []byte {
	return append(b, byte(command), familyVersion, 0, 0)
}

const genlHeaderLen = 4

// getOne asks for one object.
func getOne[T any](c *Client, r *request, decode func(*T, []byte) error) (object T, err error) {
	a, err := get(c, r, 0, decode)
	switch {
	case err != nil:
		return object, err
	case len(a.objects) != 1:
		return object, fmt.Errorf("ipvs: %s: %d replies from the kernel, want 1", r.command, len(a.objects))
	}
	return a.objects[0], nil
}

// dump asks for all objects of a kind.
func dump[T any](c *Client, r *request, decode func(*T, []byte) error) (*answer[T], error) {
	return get(c, r, netlink.Dump, decode)
}

// inside lets decode read what the attribute of a reply holds.
func inside[T any](typ uint16, decode func(*T, []byte) error) func(*T, []byte) error {
	return func(object *T, reply []byte) error {
		a := decoder{rest: reply}
		found := false
		for a.next() {
			if a.typ == typ {
				found = true
				a.err = decode(object, a.value)
			}
		}
		if a.err == nil && !found {
			return errors.New("the kernel's reply lacks what was asked for")
		}
		return a.err
	}
}

const (
	readTries = 5
	readPause = 10 * time.Millisecond
)

// get sends a request and returns the replies, each as decode reads it. What
// decode is given lies in the receive buffer and is not to be kept. A read that
// the kernel could not finish for a passing reason, or a dump that a change
// overtook, is repeated.
func get[T any](c *Client, r *request, flags netlink.HeaderFlags, decode func(*T, []byte) error) (*answer[T], error) {
	if r.err != nil {
		return nil, fmt.Errorf("ipvs: %s: %w", r.command, r.err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()

	var a *answer[T]
	var err error
	for try := range readTries {
		if try > 0 {
			time.Sleep(readPause)
		}
		if a, err = exchangeFound(c, flags, r.b, decode); !passing(err) {
			break
		}
	}
	if err == nil {
		return a, nil
	}
	if errno, _, ok := kernelErrno(err); ok {
		return nil, &Error{Command: r.command, Errno: errno}
	}
	if err = c.failure(err); errors.Is(err, ErrNoIPVS) {
		return nil, err
	}
	return nil, fmt.Errorf("ipvs: %s: %w", r.command, err)
}

var (
	// errInterrupted is a dump that the kernel marked with NLM_F_DUMP_INTR, or
	// one that is not the same twice.
	errInterrupted = errors.New("the table kept changing while it was read")
	// errStale is an answer to an earlier request.
	errStale = errors.New("only replies to earlier requests")
)

// passing tells whether a read that failed so may succeed at once again.
func passing(err error) bool {
	for _, reason := range []error{unix.EINTR, unix.EBUSY, unix.EAGAIN, unix.ENOBUFS, errInterrupted} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// exchange sends a request and receives its replies.
func exchange[T any](c *Client, flags netlink.HeaderFlags, request []byte, decode func(*T, []byte) error) (*answer[T], error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	sent, err := c.conn.Send(message(c.family, flags, request))
	if err != nil {
		return nil, err
	}
	for range maxStale {
		a, err := receive(c, sent, decode)
		if err != errStale {
			return a, err
		}
	}
	return nil, errStale
}

// answer is what is known of the answer to a request while its parts arrive.
type answer[T any] struct {
	client  *Client
	sent    netlink.Message
	decode  func(*T, []byte) error
	objects []T
	parts   dumpParts

	started     bool
	stale       bool // it is the answer to an earlier request
	interrupted bool
	bad         error // what is wrong with a part
	failed      error // why there is no more to come
}

// take takes a message, or the error that ends the answer.
func (a *answer[T]) take(m netlink.Message, err error) (goOn bool) {
	if err != nil {
		a.failed = err
		return false
	}
	a.stale = a.stale || !a.started && m.Header.Sequence != a.sent.Header.Sequence
	a.started = true
	a.interrupted = a.interrupted || m.Header.Flags&netlink.DumpInterrupted != 0
	if a.stale || a.bad != nil {
		return true
	}
	var attributes []byte
	if attributes, a.bad = a.client.open(m, a.sent); a.bad == nil {
		a.parts.add(int(m.Header.Length), a.client.socket)
		a.objects = append(a.objects, *new(T))
		a.bad = a.decode(&a.objects[len(a.objects)-1], attributes)
	}
	return true
}

// receive reads one answer to its end, also if a part of it is bad, so that
// nothing of it is left for the next request.
func receive[T any](c *Client, sent netlink.Message, decode func(*T, []byte) error) (*answer[T], error) {
	a := &answer[T]{client: c, sent: sent, decode: decode, objects: make([]T, 0, c.likely)}
	// Not "for range": the variables of its body would be a third of the
	// allocations of a read.
	c.conn.ReceiveIter()(a.take)
	switch {
	case a.failed != nil:
		_, sequence, answered := kernelErrno(a.failed)
		if answered && sequence != sent.Header.Sequence {
			return nil, errStale
		}
		c.unsettled = !answered
		return nil, a.failed
	case a.stale:
		return nil, errStale
	case a.bad != nil:
		return nil, a.bad
	case a.interrupted:
		return nil, errInterrupted
	}
	c.likely = min(len(a.objects), maxLikely)
	return a, nil
}

// maxLikely bounds how many objects are expected in an answer.
const maxLikely = 128

// open returns the attributes of a reply.
func (c *Client) open(reply, sent netlink.Message) ([]byte, error) {
	if err := netlink.Validate(sent, []netlink.Message{reply}); err != nil {
		return nil, err
	}
	b := reply.Data
	if len(b) < genlHeaderLen || b[2] != 0 || b[3] != 0 {
		// There may be more of what this is.
		c.unsettled = true
		return nil, errors.New("not a message of generic netlink")
	}
	return b[genlHeaderLen:], nil
}

// describe adds to an error of the kernel what the request was about.
func describe(err error, id ServiceID) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		e.Subject = id.String()
	}
	return err
}
