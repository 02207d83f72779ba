// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// many returns n changes that all succeed on an empty table.
func many(n int) []ipvs.Change {
	changes := make([]ipvs.Change, n)
	for i := range changes {
		changes[i] = ipvs.NewService(service(mark(uint32(i+1), ipvs.IPv4)))
	}
	return changes
}

func TestApplyNothing(t *testing.T) {
	k, c := faulty(t)
	if errs := c.Apply(nil); errs == nil || len(errs) != 0 {
		t.Errorf("got %#v", errs)
	}
	if sent := k.Commands(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}

// Apply returns each error at the index of its change, for lengths around batchSize.
func TestApplyErrorPositions(t *testing.T) {
	for _, n := range []int{1, 2, 127, 128, 129, 256, 500} {
		for _, places := range [][]int{{}, {0}, {n - 1}, {n / 2}, {0, n / 2, n - 1}, {126, 127, 128, 129}} {
			for name, bad := range map[string]ipvs.Change{
				"refused":     ipvs.DelService(tcp("10.0.0.1:80")),
				"unencodable": ipvs.NewService(ipvs.Service{}),
			} {
				k := newFake()
				c, err := k.Dial()
				must(t, err)
				changes := many(n)
				want := map[int]bool{}
				for _, p := range places {
					if p < n {
						changes[p], want[p] = bad, true
					}
				}
				errs := c.Apply(changes)
				if len(errs) != n {
					t.Fatalf("%d errors for %d changes", len(errs), n)
				}
				for i, err := range errs {
					if (err != nil) != want[i] {
						t.Errorf("%s at %v of %d: change %d: %v", name, places, n, i, err)
					}
					if err != nil && errors.As(err, new(*ipvs.Error)) != (name == "refused") {
						t.Errorf("%s: got %v", name, err)
					}
				}
				if got := len(k.Table()); got != n-len(want) {
					t.Errorf("%s at %v of %d: %d services", name, places, n, got)
				}
			}
		}
	}
}

func TestApplyAllUnencodable(t *testing.T) {
	k, c := faulty(t)
	for _, err := range c.Apply(make([]ipvs.Change, 300)) {
		if err == nil {
			t.Error("no error for an empty change")
		}
	}
	if sent := k.Commands(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}

// A batch that is too large for the send buffer is sent in several sends.
func TestApplySmallSendBuffer(t *testing.T) {
	for _, size := range []int{150, 200, 1000, 10000} {
		k := newFake()
		c, err := k.Dial()
		must(t, err)
		k.SetSendBuffer(size)
		must(t, errors.Join(c.Apply(many(300))...))
		if n := len(k.Table()); n != 300 {
			t.Errorf("%d bytes: %d services", size, n)
		}
		for i, err := range c.Apply(many(300)) {
			wantErrno(t, "again", err, syscall.EEXIST)
			if t.Failed() {
				t.Fatal(i)
			}
		}
		k.SetSendBuffer(20)
		for _, err := range c.Apply(many(3)) {
			wantErrno(t, "too small for any", err, syscall.EMSGSIZE)
			if errors.As(err, new(*ipvs.Error)) {
				t.Errorf("%v is not what the kernel answered", err)
			}
		}
	}
}

// After an overflow of the receive buffer, the errors that arrived are known, the
// other results are unknown, and the client still works.
func TestApplyLostAnswers(t *testing.T) {
	k, c := faulty(t)
	must(t, c.Flush())
	changes := many(100)
	for i := range 50 {
		changes[i*2] = ipvs.DelService(tcp("10.0.0.9:80"))
	}
	k.SetReceiveQueue(10)
	errs := c.Apply(changes)
	k.SetReceiveQueue(0)
	known, unknown := 0, 0
	for i, err := range errs {
		switch {
		case errors.Is(err, syscall.ESRCH) && i%2 == 0:
			known++
		case errors.Is(err, syscall.ENOBUFS):
			unknown++
		default:
			t.Errorf("change %d: %v", i, err)
		}
	}
	if known != 10 || unknown != 90 {
		t.Errorf("%d known and %d unknown", known, unknown)
	}
	if n := len(k.Table()); n != 50 {
		t.Errorf("%d services, want 50", n)
	}
	must(t, c.Flush())
	services, err := c.Services()
	must(t, err)
	wantEqual(t, "services", services, []ipvs.Service{})
}

// If the connection fails, the batches before the failure keep their results.
func TestApplyConnectionFails(t *testing.T) {
	for name, effect := range map[string]ipvstest.Effect{
		"send":    ipvstest.FailSend(syscall.ECONNREFUSED),
		"receive": ipvstest.FailReceive(syscall.ENOMEM),
	} {
		k := newFake()
		c, err := k.Dial()
		must(t, err)
		k.Inject(ipvstest.Fault{Skip: 200, Effect: effect})
		errs := c.Apply(many(300))
		for i, err := range errs {
			if inBatch := i >= 128 && i < 256; (err != nil) != inBatch {
				t.Errorf("%s: change %d: %v", name, i, err)
			}
		}
		must(t, c.Flush())
	}
}

// The kernel does not answer if its handler returns EINTR.
func TestApplyUnansweredChange(t *testing.T) {
	k, c := faulty(t)
	must(t, c.StartDaemon(ipvs.Daemon{State: ipvs.Backup, Interface: "eth0"}))
	k.Inject(ipvstest.Fault{Command: ipvs.CommandDelDaemon, Effect: ipvstest.Silence()})
	must(t, c.StopDaemon(ipvs.Backup))
	wantErrno(t, "stop again", c.StopDaemon(ipvs.Backup), syscall.ESRCH)
}
