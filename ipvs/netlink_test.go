package ipvs

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// The tests here need a kernel's socket of generic netlink, but no ip_vs. Their names
// begin with TestNetlink, by which make portable leaves them out: an emulated
// program has no such socket.

// Every kernel has the family nlctrl.
func TestNetlinkSocket(t *testing.T) {
	s, err := openSocket(unix.Syscall6)
	if err != nil {
		t.Fatal(err)
	}
	conn := netlink.NewConn(s, s.PID())
	genl := genetlink.NewConn(conn)
	for range 2 {
		family, err := genl.GetFamily("nlctrl")
		if err != nil || family.ID != unix.GENL_ID_CTRL || family.Name != "nlctrl" {
			t.Errorf("got %+v, %v", family, err)
		}
		if _, err := genl.GetFamily("none such"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
		// All families: several messages, and in the end one more datagram.
		request := message(unix.GENL_ID_CTRL, netlink.Dump, []byte{unix.CTRL_CMD_GETFAMILY, 1, 0, 0})
		if families, err := conn.Execute(request); err != nil || len(families) == 0 {
			t.Errorf("got %v, %v", families, err)
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Error(err)
	}
	if _, err := conn.Receive(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the deadline: got %v", err)
	}
	s.offered = 10
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		t.Error(err)
	}
	if family, err := genl.GetFamily("nlctrl"); err == nil {
		t.Errorf("with a buffer of 10 bytes: got %v", family)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if _, err := conn.Receive(); err == nil {
		t.Error("no error after it was closed")
	}
}

// unused is the number of no family.
const unused = 0x3fe

// netlinkClients are clients, with connections of both kinds, of a family that does
// not exist.
func netlinkClients(t *testing.T) map[string]*Client {
	t.Helper()
	own, err := openSocket(unix.Syscall6)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := netlink.Dial(unix.NETLINK_GENERIC, nil)
	if err != nil {
		t.Fatal(err)
	}
	clients := map[string]*Client{
		"own socket":   {conn: netlink.NewConn(own, own.PID()), family: unused},
		"plain socket": {conn: plain, family: unused},
	}
	t.Cleanup(func() {
		for _, c := range clients {
			_ = c.Close()
		}
	})
	return clients
}

// The receive buffer overflows. The client reads what is left to its end, and has
// every answer to what it asks then.
func TestNetlinkAnswersAreLost(t *testing.T) {
	for name, c := range netlinkClients(t) {
		if err := c.conn.SetReadBuffer(1); err != nil { // the kernel has a least
			t.Fatal(err)
		}
		for range 3 {
			known, unknown := 0, 0
			for i, err := range refusedBatch(t, c) {
				switch {
				case errors.Is(err, unix.ENOENT):
					known++
				case errors.Is(err, unix.ENOBUFS):
					unknown++
				default:
					t.Errorf("%s: change %d: %v", name, i, err)
				}
			}
			if known == 0 || unknown == 0 || c.unsettled {
				t.Errorf("%s: %d answers known, %d unknown, unsettled: %v", name, known, unknown, c.unsettled)
			}
		}
		if err := c.conn.SetReadBuffer(1 << 20); err != nil {
			t.Fatal(err)
		}
		for i, err := range refusedBatch(t, c) {
			if !errors.Is(err, unix.ENOENT) {
				t.Errorf("%s: then change %d: %v", name, i, err)
			}
		}
	}
}

// refusedBatch sends as many changes as go at once, each of which is refused.
func refusedBatch(t *testing.T, c *Client) []error {
	t.Helper()
	p := part{&Batch{}, 0, make([]error, batchSize)}
	for range batchSize {
		flush := Flush()
		if err := p.Add(&flush); err != nil {
			t.Fatal(err)
		}
	}
	c.sendOnce(p)
	return p.errs
}

// deaf throws away whatever a connection would receive.
func deaf(t *testing.T, conn *netlink.Conn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	failed := raw.Control(func(fd uintptr) {
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

// The deadline is the user's: it holds for every call until the user sets another.
func TestNetlinkDeadlineStays(t *testing.T) {
	for name, c := range netlinkClients(t) {
		deaf(t, c.conn)
		if err := c.conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for what, call := range waitingCalls {
				if err := call(c); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s, %s: got %v", name, what, err)
				}
			}
		}
	}
}

// Close ends a call that waits, and lets every later one fail.
func TestNetlinkClose(t *testing.T) {
	for what, call := range waitingCalls {
		for name, c := range netlinkClients(t) {
			deaf(t, c.conn)
			ended := make(chan error)
			go func() { ended <- call(c) }()
			time.Sleep(10 * time.Millisecond) // for the call to wait; a later one fails all the same
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			for _, err := range []error{<-ended, call(c), c.Close()} {
				if !errors.Is(err, os.ErrClosed) {
					t.Errorf("%s, %s: got %v", name, what, err)
				}
			}
		}
	}
}
