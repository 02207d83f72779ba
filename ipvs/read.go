// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/mdlayher/netlink"
)

// request is a read: a generic netlink message, with attributes that select an
// object if the command needs them.
type request struct {
	command Command
	encoder
}

func newRequest(command Command) *request {
	return &request{command, encoder{B: appendHeader(make([]byte, 0, 64), command)}}
}

// appendHeader appends the generic netlink header, struct genlmsghdr.
func appendHeader(b []byte, command Command) []byte {
	return append(b, byte(command), familyVersion, 0, 0)
}

const genlHeaderLen = 4

// getOne reads one object.
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

// dump reads all objects of a kind.
func dump[T any](c *Client, r *request, decode func(*T, []byte) error) (*answer[T], error) {
	return get(c, r, netlink.Dump, decode)
}

// nested returns a decoder of replies that passes the value of an attribute to
// decode.
func nested[T any](typ uint16, decode func(*T, []byte) error) func(*T, []byte) error {
	return func(object *T, reply []byte) error {
		a := decoder{Rest: reply}
		found := false
		for a.Next() {
			if a.Type == typ {
				found = true
				a.Err = decode(object, a.Value)
			}
		}
		if a.Err == nil && !found {
			return errors.New("the kernel's reply lacks what was asked for")
		}
		return a.Err
	}
}

const (
	readTries = 5
	readPause = 10 * time.Millisecond
)

// get sends a request and returns its decoded replies. The input of decode aliases
// the receive buffer, so decode must not keep it. get repeats a read that fails with
// a transient error, and a dump that the kernel marks as interrupted by a change.
func get[T any](c *Client, r *request, flags netlink.HeaderFlags, decode func(*T, []byte) error) (*answer[T], error) {
	if r.Err != nil {
		return nil, fmt.Errorf("ipvs: %s: %w", r.command, unfit{r.Err})
	}
	a, err := getRetry(c, r, flags, decode)
	if err == nil {
		return a, nil
	}
	if errno, _, ok := nlsock.KernelErrno(err); ok {
		return nil, &Error{Command: r.command, Errno: errno}
	}
	if errors.Is(err, ErrNoIPVS) {
		return nil, err
	}
	return nil, fmt.Errorf("ipvs: %s: %w", r.command, err)
}

func getRetry[T any](c *Client, r *request, flags netlink.HeaderFlags, decode func(*T, []byte) error) (a *answer[T], err error) {
	if err := c.acquire(); err != nil {
		return nil, err
	}
	defer c.release()
	for try := range readTries {
		if try > 0 {
			if err := c.conn.nl.Sleep(c.ctx, readPause); err != nil {
				return nil, err
			}
		}
		if a, err = exchangeAny(c.conn, flags, r.B, decode); !isTransient(err) {
			break
		}
	}
	return a, err
}

var (
	// errInterrupted is a dump that the kernel marked with NLM_F_DUMP_INTR, or
	// dumps that keep differing.
	errInterrupted error = interrupted{}
	// errStale is an answer to an earlier request.
	errStale = errors.New("only replies to earlier requests")
)

// isTransient reports whether a read that failed with err may succeed if repeated.
func isTransient(err error) bool {
	for _, reason := range []error{syscall.EINTR, syscall.EBUSY, syscall.EAGAIN, syscall.ENOBUFS, errInterrupted} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// exchange sends a request and receives its replies.
func exchange[T any](c *connection, flags netlink.HeaderFlags, request []byte, decode func(*T, []byte) error) (*answer[T], error) {
	if err := c.ensureReady(); err != nil {
		return nil, err
	}
	sent := c.nl.Append(netlink.HeaderType(c.family), flags, request)
	if err := c.nl.Send(); err != nil {
		c.noteFailedSend(err)
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

// noteFailedSend notes that the answers to an unfinished send will arrive later.
func (c *connection) noteFailedSend(err error) {
	c.desynced = c.desynced || isUnfinished(err)
}

func isUnfinished(err error) bool {
	var unfinished *nlsock.UnfinishedError
	return errors.As(err, &unfinished)
}

// answer collects the replies to a request as they arrive.
type answer[T any] struct {
	conn    *connection
	sent    netlink.Header
	decode  func(*T, []byte) error
	objects []T
	chunks  dumpChunks

	started     bool
	stale       bool // it is the answer to an earlier request
	interrupted bool
	badReply    error // the first malformed reply
}

// add adds a message.
func (a *answer[T]) add(m netlink.Message) {
	a.stale = a.stale || !a.started && m.Header.Sequence != a.sent.Sequence
	a.started = true
	a.interrupted = a.interrupted || m.Header.Flags&netlink.DumpInterrupted != 0
	if a.stale || a.badReply != nil || nlsock.IsDone(m) {
		return
	}
	var attributes []byte
	if attributes, a.badReply = a.conn.attributes(m, a.sent); a.badReply == nil {
		a.chunks.addFrom(a.conn.socket, int(m.Header.Length))
		a.objects = append(a.objects, *new(T))
		a.badReply = a.decode(&a.objects[len(a.objects)-1], attributes)
	}
}

// receive reads one answer to its end, even after a malformed reply, so that nothing
// of it is left for the next request.
func receive[T any](c *connection, sent netlink.Header, decode func(*T, []byte) error) (*answer[T], error) {
	a := &answer[T]{conn: c, sent: sent, decode: decode, objects: make([]T, 0, c.sizeHint)}
	err := c.nl.Receive(a.add)
	switch {
	case err != nil:
		_, sequence, answered := nlsock.KernelErrno(err)
		if answered && sequence != sent.Sequence {
			return nil, errStale
		}
		c.desynced = !answered
		return nil, err
	case a.stale:
		return nil, errStale
	case a.badReply != nil:
		return nil, a.badReply
	case a.interrupted:
		return nil, errInterrupted
	}
	c.sizeHint = min(len(a.objects), maxSizeHint)
	return a, nil
}

// maxSizeHint bounds the memory that is allocated before an answer arrives.
const maxSizeHint = 128

// attributes returns the attributes of a reply.
func (c *connection) attributes(reply netlink.Message, sent netlink.Header) ([]byte, error) {
	if err := netlink.Validate(netlink.Message{Header: sent}, []netlink.Message{reply}); err != nil {
		return nil, err
	}
	b := reply.Data
	if len(b) < genlHeaderLen || b[2] != 0 || b[3] != 0 {
		// More of this unknown answer may arrive.
		c.desynced = true
		return nil, errors.New("not a message of generic netlink")
	}
	return b[genlHeaderLen:], nil
}

// withSubject adds the subject of the request to an error of the kernel.
func withSubject(err error, id ServiceID) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		e.Subject = id.String()
	}
	return err
}
