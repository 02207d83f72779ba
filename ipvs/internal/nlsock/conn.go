// SPDX-License-Identifier: Apache-2.0

// Package nlsock is a connection to generic netlink that sends several messages in one
// system call and copies none. Its message types are those of package netlink, whose
// own connection starts a goroutine for each call and copies each message.
package nlsock

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/mdlayher/netlink"
)

// Transport exchanges datagrams with the kernel, or with a fake of it.
type Transport interface {
	// PortID returns the address of the socket: nl_pid in struct sockaddr_nl.
	PortID() uint32
	// Send sends a datagram. The kernel handles its messages before Send returns.
	Send(datagram []byte) error
	// Receive waits for a datagram. It is valid until the next Receive.
	Receive() (datagram []byte, err error)
	// Bound makes Receive fail with os.ErrDeadlineExceeded when ctx ends, until release
	// is called.
	Bound(ctx context.Context) (release func())
	// OpenProc opens a file of /proc/net in the network namespace of the socket.
	OpenProc(name string) (io.ReadCloser, error)
	// Close ends calls that wait.
	Close() error
}

// Conn is a connection that several goroutines use in turn. Between Acquire and Release
// its other methods belong to the caller, except Close, IsClosed, Ended, Sleep and
// OpenProc, which anybody can call at any time.
type Conn struct {
	transport Transport
	inUse     chan struct{} // has an element between Acquire and Release
	closed    chan struct{}
	closeOnce sync.Once

	ctx     context.Context // bounds the current use; nil if nothing does
	unbound func()          // ends the effect of ctx on the transport
	// abandoned receives the result of a send that ctx did not wait for.
	abandoned chan error

	sequence uint32 // number of the last message
	count    int    // number of messages in out
	out      []byte
}

// NewConn returns a connection over a transport.
func NewConn(t Transport) *Conn {
	return &Conn{
		transport: t,
		inUse:     make(chan struct{}, 1),
		closed:    make(chan struct{}),
		sequence:  rand.Uint32(),
	}
}

// Acquire waits for exclusive use of the connection until Release. The error is that of
// ctx if ctx ends first, and os.ErrClosed after Close. ctx, which may be nil, also ends
// the waits of the methods that are called until Release.
func (c *Conn) Acquire(ctx context.Context) error {
	select {
	case c.inUse <- struct{}{}:
	default:
		if err := c.waitForUse(ctx); err != nil {
			return err
		}
	}
	if ctx == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		<-c.inUse
		return err
	}
	c.ctx, c.unbound = ctx, c.transport.Bound(ctx)
	return nil
}

func (c *Conn) waitForUse(ctx context.Context) error {
	var ended <-chan struct{}
	if ctx != nil {
		ended = ctx.Done()
	}
	select {
	case c.inUse <- struct{}{}:
		return nil
	case <-c.closed:
		return os.ErrClosed
	case <-ended:
		return ctx.Err()
	}
}

// Release ends the use of the connection. If a send was abandoned, the connection stays
// in use until the kernel has handled it.
func (c *Conn) Release() {
	if c.ctx != nil {
		c.unbound()
		c.ctx, c.unbound = nil, nil
	}
	if sent := c.abandoned; sent != nil {
		c.abandoned = nil
		go func() {
			<-sent
			<-c.inUse
		}()
		return
	}
	<-c.inUse
}

// IsClosed reports whether Close was called.
func (c *Conn) IsClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// Err returns os.ErrClosed after Close, and the error of the context of Acquire after
// its end.
func (c *Conn) Err() error { return c.Ended(c.ctx) }

// Ended returns os.ErrClosed after Close, and the error of ctx, which may be nil, after
// its end.
func (c *Conn) Ended(ctx context.Context) error {
	if c.IsClosed() {
		return os.ErrClosed
	}
	if ctx != nil {
		return ctx.Err()
	}
	return nil
}

// Sleep waits for a time, or until Ended has an error, which it returns.
func (c *Conn) Sleep(ctx context.Context, d time.Duration) error {
	var ended <-chan struct{}
	if ctx != nil {
		ended = ctx.Done()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.closed:
	case <-ended:
	}
	return c.Ended(ctx)
}

// Close closes the connection. Calls that wait return os.ErrClosed. A second Close
// returns it, too.
func (c *Conn) Close() error {
	err := os.ErrClosed
	c.closeOnce.Do(func() {
		close(c.closed)
		err = c.transport.Close()
	})
	return err
}

// OpenProc opens a file of /proc/net in the network namespace of the connection.
func (c *Conn) OpenProc(name string) (io.ReadCloser, error) {
	if c.IsClosed() {
		return nil, os.ErrClosed
	}
	file, err := c.transport.OpenProc(name)
	if err != nil && c.IsClosed() {
		return nil, os.ErrClosed
	}
	return file, err
}

// failure returns the error of a failed send or receive.
func (c *Conn) failure(op string, err error) error {
	reason := c.reason(err)
	if errors.Is(reason, os.ErrClosed) || c.ctx != nil && reason == c.ctx.Err() {
		return reason
	}
	return &netlink.OpError{Op: op, Err: reason}
}

// reason returns what made a call of the transport fail: os.ErrClosed if the connection
// is closed, the error of the context if that has ended, and err otherwise.
func (c *Conn) reason(err error) error {
	if c.IsClosed() {
		return os.ErrClosed
	}
	if c.ctx != nil && errors.Is(err, os.ErrDeadlineExceeded) && c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	return err
}
