// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// The names of these tests begin with TestNetlink: emulated programs have no socket of
// generic netlink, and make portable skips them.

func dial(t *testing.T, config Config) (*Socket, *Conn) {
	t.Helper()
	s, err := Open(&config)
	if err != nil {
		t.Fatal(err)
	}
	c := NewConn(s)
	t.Cleanup(func() { _ = c.Close() })
	return s, c
}

// getFamily asks for a family, or for all if the name is empty. Every kernel has the
// family nlctrl.
func getFamily(c *Conn, name string) ([]netlink.Message, error) {
	request := []byte{unix.CTRL_CMD_GETFAMILY, 1, 0, 0}
	if name == "" {
		return c.Execute(unix.GENL_ID_CTRL, netlink.Dump, request)
	}
	ae := netlink.NewAttributeEncoder()
	ae.String(unix.CTRL_ATTR_FAMILY_NAME, name)
	attributes, err := ae.Encode()
	if err != nil {
		return nil, err
	}
	return c.Execute(unix.GENL_ID_CTRL, 0, append(request, attributes...))
}

func TestNetlinkSocket(t *testing.T) {
	for _, raw := range []bool{false, true} {
		s, c := dial(t, Config{RawSyscalls: raw})
		if s.RawSyscalls() != raw || s.PortID() == 0 {
			t.Errorf("raw %v, port %d", s.RawSyscalls(), s.PortID())
		}
		for range 2 {
			if families, err := getFamily(c, "nlctrl"); err != nil || len(families) != 1 {
				t.Errorf("got %v, %v", families, err)
			}
			if _, err := getFamily(c, "none such"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v", err)
			}
			// All families: a dump.
			before, _ := s.Datagram()
			families, err := getFamily(c, "")
			if err != nil || len(families) == 0 {
				t.Errorf("got %v, %v", families, err)
			}
			if after, room := s.Datagram(); after <= before || room < MinChunkRoom {
				t.Errorf("%d datagrams before, %d after; room for %d bytes", before, after, room)
			}
		}
		s.SetBuffer(10)
		if family, err := getFamily(c, "nlctrl"); err == nil {
			t.Errorf("with a buffer of 10 bytes: got %v", family)
		}
		s.GrowBuffer()
		if _, err := getFamily(c, "nlctrl"); err != nil || !s.HasLargeBuffer() {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := getFamily(c, "nlctrl"); !errors.Is(err, os.ErrClosed) {
			t.Errorf("closed: got %v", err)
		}
	}
}

// The messages of one send have consecutive numbers, and the kernel answers them in order.
func TestNetlinkSeveralMessages(t *testing.T) {
	_, c := dial(t, Config{})
	const n = 100
	var sent []uint32
	for range n {
		sent = append(sent, c.Append(netlink.Noop, netlink.Acknowledge, []byte{1}).Sequence)
	}
	if err := c.Send(); err != nil {
		t.Fatal(err)
	}
	for i, want := range sent {
		if want != sent[0]+uint32(i) {
			t.Errorf("message %d has number %d after %d", i, want, sent[0])
		}
		got := uint32(0)
		if err := c.Receive(func(m netlink.Message) { got = m.Header.Sequence }); err != nil || got != want {
			t.Fatalf("answer %d: got %d, %v, want %d", i, got, err, want)
		}
	}
}

// waiting are the two ways to wait: for a file from the start, and for one that is made then.
var waiting = []Config{{}, {RawSyscalls: true}}

// A context ends a receive that would wait forever. The connection stays good.
func TestNetlinkContext(t *testing.T) {
	for _, config := range waiting {
		_, c := dial(t, config)
		for range 3 {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
			if err := c.Acquire(ctx); err != nil {
				t.Fatal(err)
			}
			if err := c.Receive(func(netlink.Message) {}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if err := c.Send(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("send after the end: got %v", err)
			}
			if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("sleep after the end: got %v", err)
			}
			c.Release()
			cancel()
			if err := c.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("acquire after the end: got %v", err)
			}
			if _, err := getFamily(c, "nlctrl"); err != nil {
				t.Error(err)
			}
		}
	}
}

// Close ends a receive that waits, with and without a context.
func TestNetlinkClose(t *testing.T) {
	for i, ctx := range []context.Context{unbounded, t.Context(), unbounded, t.Context()} {
		_, c := dial(t, waiting[i/2])
		if err := c.Acquire(ctx); err != nil {
			t.Fatal(err)
		}
		ended, waited := make(chan error), make(chan error, 1)
		go func() {
			err := c.Receive(func(netlink.Message) {})
			<-waited
			c.Release()
			ended <- err
		}()
		go func() { waited <- c.Acquire(unbounded) }()
		time.Sleep(5 * time.Millisecond) // lets both wait; without that the test passes as well
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		for _, err := range []error{<-ended, c.Close(), c.Err(), c.Sleep(ctx, time.Hour)} {
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
	}
}

// A client whose every answer is there at once needs no poller, which would be made for the
// first file that can be waited for.
func TestNetlinkRawSyscallsNeedNoFile(t *testing.T) {
	s, c := dial(t, Config{RawSyscalls: true})
	for _, name := range []string{"nlctrl", ""} {
		if _, err := getFamily(c, name); err != nil {
			t.Error(err)
		}
	}
	if s.file != nil {
		t.Error("a file without a wait")
	}
	for _, want := range []error{nil, os.ErrClosed} {
		if err := s.Close(); err != want {
			t.Errorf("closed: got %v, want %v", err, want)
		}
	}
	if err := s.Control(func(uintptr) { t.Error("called with a closed descriptor") }); err != os.ErrClosed {
		t.Errorf("control: got %v", err)
	}
}
