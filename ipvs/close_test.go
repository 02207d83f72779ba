package ipvs_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestClosed(t *testing.T) {
	_, c := faulty(t)
	must(t, c.Close())
	errs := everyCall(c)
	errs["close"] = c.Close()
	for name, err := range errs {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// The deadline of a connection is its owner's, also if an answer was missed.
func TestDeadlineStays(t *testing.T) {
	k := newFake()
	conn := k.Conn()
	c, err := ipvs.New(conn)
	must(t, err)
	must(t, conn.SetReadDeadline(time.Now()))
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetInfo, Times: -1, Effect: ipvstest.Silence()})
	for range 3 {
		if _, err := c.Info(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
	k.ClearFaults()
	must(t, conn.SetReadDeadline(time.Time{}))
	_, err = c.Info()
	must(t, err)

	// Lost answers are no reason to touch it either.
	must(t, conn.SetReadDeadline(time.Now()))
	k.SetReceiveQueue(10)
	if err := errors.Join(c.Apply(append(many(100), many(100)...))...); err == nil {
		t.Error("no error")
	}
	k.SetReceiveQueue(0)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetInfo, Effect: ipvstest.Silence()})
	if _, err := c.Info(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
