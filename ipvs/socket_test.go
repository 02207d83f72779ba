package ipvs

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Every kernel has the family nlctrl.
func TestSocket(t *testing.T) {
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

// A datagram of anything is cut into messages that are as they were.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendMessage(nil, netlink.Message{Header: netlink.Header{Length: 20, Type: 1, PID: 7}, Data: []byte{1, 2, 3}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			m, rest, err := cutMessage(b)
			if err != nil {
				return
			}
			length := int(m.Header.Length)
			again := appendMessage(nil, m)
			if !slices.Equal(again, b[:length]) || len(rest) > len(b)-length {
				t.Fatalf("%x: message %x, rest %x", b, again, rest)
			}
			b = rest
		}
	})
}
