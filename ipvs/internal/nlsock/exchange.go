// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"encoding/binary"
	"errors"
	"slices"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/linux"
	"github.com/mdlayher/netlink"
)

// Append adds a request to those of the next Send, and returns its header. The sequence
// numbers of successive messages are consecutive. Append pads data to a multiple of four
// bytes.
func (c *Conn) Append(typ netlink.HeaderType, flags netlink.HeaderFlags, data []byte) netlink.Header {
	c.sequence++
	c.count++
	h := netlink.Header{
		Length:   uint32(headerLen + align(len(data))),
		Type:     typ,
		Flags:    netlink.Request | flags,
		Sequence: c.sequence,
		PID:      c.transport.PortID(),
	}
	c.out = AppendMessage(c.out, netlink.Message{Header: h, Data: data})
	return h
}

// UnfinishedError is the error of a send that the kernel has received and may still be
// working on.
type UnfinishedError struct{ Err error }

func (e *UnfinishedError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the context that ended the wait.
func (e *UnfinishedError) Unwrap() error { return e.Err }

// Send sends the appended messages in one system call. The kernel handles them before
// that returns. If the context ends meanwhile, Send abandons the call and returns an
// UnfinishedError. After any other error the kernel has handled no message.
func (c *Conn) Send() error {
	op := "send"
	if c.count > 1 {
		op = "send-messages"
	}
	out := c.out
	c.out, c.count = c.out[:0], 0
	if err := c.Err(); err != nil {
		return err
	}
	if c.ctx == nil {
		if err := c.transport.Send(out); err != nil {
			return c.failure(op, err)
		}
		return nil
	}
	sent := make(chan error, 1)
	go func() { sent <- c.transport.Send(out) }()
	select {
	case err := <-sent:
		if err != nil {
			return c.failure(op, err)
		}
		return nil
	case <-c.ctx.Done():
		c.abandoned = sent
		c.out = nil // the system call still reads it
		return &UnfinishedError{c.ctx.Err()}
	}
}

// Receive calls each with the messages of one answer: one datagram, or all datagrams up
// to the end of a dump, the message for which IsDone holds. It returns the error that a
// message holds as a *netlink.OpError with the errno and the sequence number. The data
// of a message are valid during the call.
func (c *Conn) Receive(each func(netlink.Message)) error {
	multipart := false
	for {
		datagram, err := c.transport.Receive()
		if err != nil {
			return c.failure("receive", err)
		}
		for len(datagram) > 0 {
			var m netlink.Message
			m, datagram, err = NextMessage(datagram)
			if err != nil {
				return &netlink.OpError{Op: "receive", Err: err}
			}
			if err := checkMessage(m); err != nil {
				return err
			}
			each(m)
			if IsDone(m) {
				return nil
			}
			multipart = multipart || m.Header.Flags&netlink.Multi != 0
		}
		if !multipart {
			return nil
		}
	}
}

// Execute sends one request and returns a copy of the answer, without the end of a dump.
func (c *Conn) Execute(typ netlink.HeaderType, flags netlink.HeaderFlags, data []byte) ([]netlink.Message, error) {
	request := netlink.Message{Header: c.Append(typ, flags, data)}
	if err := c.Send(); err != nil {
		return nil, err
	}
	var replies []netlink.Message
	err := c.Receive(func(m netlink.Message) {
		if !IsDone(m) {
			m.Data = slices.Clone(m.Data)
			replies = append(replies, m)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := netlink.Validate(request, replies); err != nil {
		return nil, err
	}
	return replies, nil
}

// KernelErrno returns the errno and the sequence number of an error message. It is not
// ok for a failure of the connection, whose errno is in an os.SyscallError.
func KernelErrno(err error) (errno syscall.Errno, sequence uint32, ok bool) {
	var refused *netlink.OpError
	if !errors.As(err, &refused) {
		return 0, 0, false
	}
	errno, ok = refused.Err.(syscall.Errno)
	return errno, refused.Sequence, ok
}

// IsDone reports whether a message ends a dump.
func IsDone(m netlink.Message) bool {
	return m.Header.Type == netlink.Done && m.Header.Flags&netlink.Multi != 0
}

var errShortError = errors.New("not enough data for netlink error code")

// checkMessage returns the error that a message holds. The end of a dump holds one, too.
func checkMessage(m netlink.Message) error {
	switch {
	case m.Header.Type == netlink.Error:
	case IsDone(m) && len(m.Data) > 0:
	default:
		return nil
	}
	if len(m.Data) < 4 {
		return &netlink.OpError{Op: "receive", Err: errShortError}
	}
	code := int32(binary.NativeEndian.Uint32(m.Data))
	if code == 0 {
		return nil
	}
	return &netlink.OpError{Op: "receive", Err: linux.Errno(uint32(-code)), Sequence: m.Header.Sequence}
}
