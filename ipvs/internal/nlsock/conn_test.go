// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/linux"
	"github.com/mdlayher/netlink"
)

// unbounded is no context.
var unbounded context.Context

// slow is a kernel that handles a datagram when the test lets it, and answers nothing.
type slow struct {
	got     chan []byte // each datagram that it has received
	proceed chan error  // the result of the send
}

func (*slow) PortID() uint32                              { return 1 }
func (*slow) Receive() ([]byte, error)                    { return nil, os.ErrDeadlineExceeded }
func (*slow) Bound(context.Context) (release func())      { return func() {} }
func (*slow) OpenProc(name string) (io.ReadCloser, error) { return nil, fs.ErrNotExist }
func (*slow) Close() error                                { return nil }
func (s *slow) Send(datagram []byte) error                { s.got <- datagram; return <-s.proceed }
func newSlow() *slow                                      { return &slow{make(chan []byte, 1), make(chan error)} }
func acquire(t *testing.T, c *Conn, ctx context.Context) {
	t.Helper()
	if err := c.Acquire(ctx); err != nil {
		t.Fatal(err)
	}
}

// OpenProc needs no turn at the connection: the race detector sees what it shares with the
// caller that has the turn.
func TestOpenProcBesideAcquire(t *testing.T) {
	c := NewConn(newSlow())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opened := make(chan error)
	go func() {
		_, err := c.OpenProc("none such")
		opened <- err
	}()
	acquire(t, c, ctx)
	c.Release()
	if err := <-opened; !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.OpenProc("none such"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: got %v", err)
	}
}

// A context does not wait for the kernel. The connection stays in use until the kernel has
// handled the messages, and nobody changes them meanwhile.
func TestSendIsAbandoned(t *testing.T) {
	kernel := newSlow()
	c := NewConn(kernel)
	ctx, cancel := context.WithCancel(context.Background())
	acquire(t, c, ctx)
	c.Append(7, 0, []byte{1, 2, 3, 4})
	go func() {
		<-kernel.got
		cancel()
	}()
	var unfinished *UnfinishedError
	if err := c.Send(); !errors.As(err, &unfinished) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	c.Append(8, 0, []byte{5, 6, 7, 8})
	if err := c.Send(); errors.As(err, &unfinished) || !errors.Is(err, context.Canceled) {
		t.Errorf("a send after the end of the context: got %v", err)
	}
	c.Release()
	soon, cancel := context.WithTimeout(context.Background(), 1)
	defer cancel()
	if err := c.Acquire(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the kernel still works on a datagram: got %v", err)
	}
	kernel.proceed <- nil
	acquire(t, c, unbounded)
	c.Append(9, 0, nil)
	go func() { kernel.proceed <- syscall.ECONNREFUSED }()
	if err := c.Send(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
	if sent := <-kernel.got; binary.NativeEndian.Uint16(sent[4:]) != 9 || len(sent) != headerLen {
		t.Errorf("sent %x", sent)
	}
	c.Release()
}

// Close makes a caller give up that waits for the kernel to handle what another one sent.
func TestCloseWithAbandonedSend(t *testing.T) {
	kernel := newSlow()
	c := NewConn(kernel)
	ctx, cancel := context.WithCancel(context.Background())
	acquire(t, c, ctx)
	c.Append(7, 0, nil)
	go func() {
		<-kernel.got
		cancel()
	}()
	if err := c.Send(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	c.Release()
	ended := make(chan error)
	go func() { ended <- c.Acquire(unbounded) }()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
	kernel.proceed <- nil
}

// script answers with given datagrams.
type script struct {
	slow
	answers [][]byte
}

func (s *script) Send([]byte) error { return nil }
func (s *script) Receive() ([]byte, error) {
	if len(s.answers) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	b := s.answers[0]
	s.answers = s.answers[1:]
	return b, nil
}

func datagram(messages ...netlink.Message) (b []byte) {
	for _, m := range messages {
		m.Header.Length = uint32(headerLen + align(len(m.Data)))
		b = AppendMessage(b, m)
	}
	return b
}

func TestReceive(t *testing.T) {
	const typ = 0x20
	single := netlink.Message{Header: netlink.Header{Type: typ}, Data: []byte{1, 2, 3, 4}}
	part := netlink.Message{Header: netlink.Header{Type: typ, Flags: netlink.Multi}, Data: []byte{1, 2, 3, 4}}
	number := func(errno int32) []byte { return binary.NativeEndian.AppendUint32(nil, uint32(-errno)) }
	done := netlink.Message{Header: netlink.Header{Type: netlink.Done, Flags: netlink.Multi}, Data: number(0)}
	failed := done
	failed.Data = number(int32(linux.Number(syscall.EINTR)))
	failed.Header.Sequence = 7
	refused := netlink.Message{Header: netlink.Header{Type: netlink.Error, Sequence: 9}, Data: number(int32(linux.Number(syscall.EPERM)))}
	acknowledged := netlink.Message{Header: netlink.Header{Type: netlink.Error}, Data: number(0)}
	for name, tc := range map[string]struct {
		answers  [][]byte
		messages int
		left     int // datagrams that are not received
		errno    syscall.Errno
		sequence uint32
		fails    bool
	}{
		"one message":         {answers: [][]byte{datagram(single), datagram(single)}, messages: 1, left: 1},
		"an acknowledgement":  {answers: [][]byte{datagram(acknowledged)}, messages: 1},
		"an empty datagram":   {answers: [][]byte{{}, datagram(single)}, left: 1},
		"a dump":              {answers: [][]byte{datagram(part, part), datagram(part), datagram(done)}, messages: 4},
		"a dump in one":       {answers: [][]byte{datagram(part, done)}, messages: 2},
		"an empty dump":       {answers: [][]byte{datagram(done)}, messages: 1},
		"a dump that fails":   {answers: [][]byte{datagram(part), datagram(failed)}, messages: 1, errno: syscall.EINTR, sequence: 7, fails: true},
		"a dump that is lost": {answers: [][]byte{datagram(part)}, messages: 1, fails: true},
		"an error":            {answers: [][]byte{datagram(refused), datagram(single)}, left: 1, errno: syscall.EPERM, sequence: 9, fails: true},
		"a short error":       {answers: [][]byte{datagram(netlink.Message{Header: netlink.Header{Type: netlink.Error}})}, fails: true},
		"half a header":       {answers: [][]byte{datagram(single)[:8]}, fails: true},
		"a long length":       {answers: [][]byte{datagram(single)[:17]}, fails: true},
	} {
		s := &script{answers: tc.answers}
		n := 0
		err := NewConn(s).Receive(func(netlink.Message) { n++ })
		errno, sequence, ok := KernelErrno(err)
		if n != tc.messages || len(s.answers) != tc.left || (err != nil) != tc.fails || errno != tc.errno || sequence != tc.sequence || ok != (errno != 0) {
			t.Errorf("%s: %d messages, %d datagrams left, %v", name, n, len(s.answers), err)
		}
	}
}
