// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"golang.org/x/sys/unix"
)

// The tests in this file need a kernel socket of generic netlink, but no ip_vs. Their
// names begin with TestNetlink, so that make portable can skip them: emulated programs
// have no such socket.

// unused is a number that no family has.
const unused = 0x3fe

// netlinkClient returns a client with a socket, for a family that does not exist.
func netlinkClient(t *testing.T) *Client {
	t.Helper()
	socket, err := nlsock.Open(&nlsock.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{conn: &connection{nl: nlsock.NewConn(socket), socket: socket, family: unused}}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// setReadBuffer sets the size of the kernel's receive buffer.
func setReadBuffer(t *testing.T, c *Client, bytes int) {
	t.Helper()
	var err error
	failed := c.conn.socket.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, bytes) })
	if err := errors.Join(failed, err); err != nil {
		t.Fatal(err)
	}
}

// After an overflow of the receive buffer the client drains the socket, and receives
// every answer to its next requests.
func TestNetlinkLostAnswers(t *testing.T) {
	c := netlinkClient(t)
	setReadBuffer(t, c, 1) // the kernel raises it to its minimum
	for range 3 {
		known, unknown := 0, 0
		for i, err := range refusedBatch(t, c) {
			switch {
			case errors.Is(err, syscall.ENOENT):
				known++
			case errors.Is(err, syscall.ENOBUFS):
				unknown++
			default:
				t.Errorf("change %d: %v", i, err)
			}
		}
		if known == 0 || unknown == 0 || c.conn.desynced {
			t.Errorf("%d answers known, %d unknown, unsettled: %v", known, unknown, c.conn.desynced)
		}
	}
	setReadBuffer(t, c, 1<<20)
	for i, err := range refusedBatch(t, c) {
		if !errors.Is(err, syscall.ENOENT) {
			t.Errorf("then change %d: %v", i, err)
		}
	}
}

// refusedBatch sends a full batch of changes that the kernel refuses.
func refusedBatch(t *testing.T, c *Client) []error {
	t.Helper()
	p := span{newBatch(slices.Repeat([]Change{Flush()}, batchSize)), 0, make([]error, batchSize)}
	for i := range batchSize {
		if err := p.add(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.acquire(); err != nil {
		t.Fatal(err)
	}
	defer c.release()
	c.conn.trySend(p)
	return p.errs
}

// deaf discards all datagrams that a client would receive.
func deaf(t *testing.T, c *Client) {
	t.Helper()
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	var err error
	failed := c.conn.socket.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
	})
	if err := errors.Join(failed, err); err != nil {
		t.Fatal(err)
	}
}

// waitingCalls are calls that wait for an answer.
var waitingCalls = map[string]func(*Client) error{
	"read":   func(c *Client) error { _, err := c.Info(); return err },
	"change": func(c *Client) error { return c.Flush() },
}

// listening ends the effect of deaf.
func listening(t *testing.T, c *Client) {
	t.Helper()
	var err error
	failed := c.conn.socket.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0) })
	if err := errors.Join(failed, err); err != nil {
		t.Fatal(err)
	}
}

// A context ends a waiting call. Then the connection is as good as before.
func TestNetlinkContextEndsWait(t *testing.T) {
	for what, call := range waitingCalls {
		c := netlinkClient(t)
		for range 3 {
			deaf(t, c)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			err := call(c.WithContext(ctx))
			unsent := err != nil && strings.Contains(err.Error(), "not sent") // on a slow machine
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrResultUnknown) != (what == "change" && !unsent) {
				t.Errorf("%s: got %v", what, err)
			}
			cancel()
			listening(t, c)
			for _, bounded := range []*Client{c, c.WithContext(t.Context())} {
				for i, err := range refusedBatch(t, bounded) {
					if !errors.Is(err, unix.ENOENT) {
						t.Errorf("after %s: change %d: %v", what, i, err)
					}
				}
			}
		}
	}
}

// Close ends a waiting call and makes all later ones fail.
func TestNetlinkClose(t *testing.T) {
	for what, call := range waitingCalls {
		c := netlinkClient(t)
		deaf(t, c)
		ended := make(chan error)
		bounded := c.WithContext(t.Context())
		go func() { ended <- call(bounded) }()
		go func() { ended <- call(c) }()
		time.Sleep(10 * time.Millisecond) // lets the call wait; without that the test passes as well
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		for _, err := range []error{<-ended, <-ended, call(c), call(bounded), c.Close()} {
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s: got %v", what, err)
			}
		}
	}
}
