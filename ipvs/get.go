package ipvs

import (
	"errors"
	"fmt"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// nest makes the request that names one object.
func nest(typ uint16, encode func(*netlink.AttributeEncoder) error) ([]byte, error) {
	ae := netlink.NewAttributeEncoder()
	ae.Nested(typ, encode)
	return ae.Encode()
}

// unnest decodes the object inside a reply.
func unnest(b []byte, typ uint16, decode func(*netlink.AttributeDecoder) error) error {
	found := false
	err := unmarshal(b, func(ad *netlink.AttributeDecoder) error {
		for ad.Next() {
			if ad.Type() == typ {
				found = true
				ad.Nested(decode)
			}
		}
		return ad.Err()
	})
	if err == nil && !found {
		err = errors.New("the kernel's reply lacks what was asked for")
	}
	return err
}

// getOne asks for one object, the attributes of which go to decode.
func (c *Client) getOne(cmd Command, request []byte, decode func([]byte) error) error {
	replies, err := c.get(cmd, 0, request)
	switch {
	case err != nil:
		return err
	case len(replies) != 1:
		return fmt.Errorf("ipvs: %s: %d replies from the kernel, want 1", cmd, len(replies))
	}
	if err := decode(replies[0].Data); err != nil {
		return fmt.Errorf("ipvs: %s: %w", cmd, err)
	}
	return nil
}

// dump asks for all objects of a kind.
func dump[T any](c *Client, cmd Command, typ uint16, request []byte, decode func(*T, *netlink.AttributeDecoder) error) ([]T, error) {
	replies, err := c.get(cmd, netlink.Dump, request)
	if err != nil {
		return nil, err
	}
	objects := make([]T, len(replies))
	for i, reply := range replies {
		err := unnest(reply.Data, typ, func(ad *netlink.AttributeDecoder) error { return decode(&objects[i], ad) })
		if err != nil {
			return nil, fmt.Errorf("ipvs: %s: %w", cmd, err)
		}
	}
	return objects, nil
}

const (
	readTries = 5
	readPause = 10 * time.Millisecond
)

// get sends a request and returns the replies. A read that the kernel could not
// finish for a passing reason, or a dump that a change overtook, is repeated.
func (c *Client) get(cmd Command, flags netlink.HeaderFlags, request []byte) ([]genetlink.Message, error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	var replies []genetlink.Message
	var err error
	for try := range readTries {
		if try > 0 {
			time.Sleep(readPause)
		}
		if replies, err = c.exchange(cmd, flags, request); !passing(err) {
			break
		}
	}
	if errno, _, ok := kernelErrno(err); ok {
		return nil, &Error{Command: cmd, Errno: errno}
	}
	if err != nil {
		return nil, fmt.Errorf("ipvs: %s: %w", cmd, err)
	}
	return replies, nil
}

// errInterrupted is a dump that the kernel marked with NLM_F_DUMP_INTR, or one
// that is not the same twice.
var errInterrupted = errors.New("the table kept changing while it was read")

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
func (c *Client) exchange(cmd Command, flags netlink.HeaderFlags, request []byte) ([]genetlink.Message, error) {
	if err := c.settle(); err != nil {
		return nil, err
	}
	sent, err := c.genl.Send(genetlink.Message{
		Header: genetlink.Header{Command: uint8(cmd), Version: familyVersion},
		Data:   request,
	}, c.family, netlink.Request|flags)
	if err != nil {
		return nil, err
	}
	for range maxStale {
		replies, headers, err := c.genl.Receive()
		_, sequence, answered := kernelErrno(err)
		switch {
		case answered && sequence != sent.Header.Sequence:
			continue
		case err != nil:
			c.unsettled = !answered
			return nil, err
		}
		if len(headers) > 0 && headers[0].Header.Sequence != sent.Header.Sequence {
			continue
		}
		for _, h := range headers {
			if h.Header.Flags&netlink.DumpInterrupted != 0 {
				return nil, errInterrupted
			}
		}
		return replies, netlink.Validate(sent, headers)
	}
	return nil, errors.New("only replies to earlier requests")
}

// describe adds to an error of the kernel what the request was about.
func describe(err error, subject string) error {
	var e *Error
	if errors.As(err, &e) {
		e.Subject = subject
	}
	return err
}
