// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// wantTable checks that the connection of a client is good: it reads the fake's table.
func wantTable(t *testing.T, what string, k *ipvstest.Kernel, c *ipvs.Client) {
	t.Helper()
	got, err := c.Table()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	want := k.Table()
	for i := range want {
		want[i].Destinations = append([]ipvs.Destination{}, want[i].Destinations...) // not nil
	}
	wantEqual(t, what, got, want)
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// No call of a client whose context has ended asks the kernel for anything.
func TestCallsAfterContext(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	for want, ctx := range map[error]context.Context{context.Canceled: ended, context.DeadlineExceeded: late} {
		k, c := faulty(t)
		for name, err := range everyCall(c.WithContext(ctx)) {
			if !errors.Is(err, want) || errors.Is(err, ipvs.ErrResultUnknown) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if sent := k.Commands(); len(sent) != 0 {
			t.Errorf("sent %v", sent)
		}
		// Another context replaces the one that has ended.
		wantTable(t, "afterwards", k, c.WithContext(ctx).WithContext(context.Background()))
		wantTable(t, "afterwards", k, c)
	}
}

// Calls within the time that a context gives are like any others.
func TestCallsWithinContext(t *testing.T) {
	k, c := faulty(t)
	bounded := c.WithContext(t.Context())
	wantTable(t, "bounded", k, bounded)
	must(t, errors.Join(bounded.Apply(many(1000))...))
	wantTable(t, "bounded", k, bounded)
	wantErrno(t, "again", bounded.NewService(service(mark(1, ipvs.IPv4))), syscall.EEXIST)
	must(t, bounded.Close())
	if err := c.Flush(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed by the other client: got %v", err)
	}
}

// Answers that are lost, come late, or are not there yet because the kernel is busy: the
// context ends each call in time, and the connection stays good for all others.
func TestContextEndsWait(t *testing.T) {
	id := tcp("10.0.0.1:80")
	calls := map[string]struct {
		command ipvs.Command
		call    func(*ipvs.Client) error
	}{
		"info":         {ipvs.CommandGetInfo, func(c *ipvs.Client) error { _, err := c.Info(); return err }},
		"timeouts":     {ipvs.CommandGetConfig, func(c *ipvs.Client) error { _, err := c.Timeouts(); return err }},
		"service":      {ipvs.CommandGetService, func(c *ipvs.Client) error { _, err := c.Service(id); return err }},
		"services":     {ipvs.CommandGetService, func(c *ipvs.Client) error { _, err := c.Services(); return err }},
		"destinations": {ipvs.CommandGetDestinations, func(c *ipvs.Client) error { _, err := c.Destinations(id); return err }},
		"table":        {ipvs.CommandGetDestinations, func(c *ipvs.Client) error { _, err := c.Table(); return err }},
		"overview":     {ipvs.CommandGetDestinations, func(c *ipvs.Client) error { _, err := c.Overview(); return err }},
		"settings":     {ipvs.CommandGetDestinations, func(c *ipvs.Client) error { _, err := c.Settings(); return err }},
		"daemons":      {ipvs.CommandGetDaemons, func(c *ipvs.Client) error { _, err := c.Daemons(); return err }},
		"look-up":      {ipvstest.FamilyLookup, func(c *ipvs.Client) error { return c.DelDestination(id, destID("10.0.0.9:80")) }},
	}
	for name, tc := range calls {
		const late = 100 * time.Millisecond
		for _, how := range []string{"lost", "late", "busy"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				k, c := faulty(t)
				for range 2 {
					ctx, cancel := context.WithCancel(t.Context())
					proceed := make(chan struct{})
					k.Inject(ipvstest.Fault{Command: tc.command, Effect: map[string]ipvstest.Effect{
						"lost": ipvstest.Silence(), "late": ipvstest.Delay(late),
						"busy": ipvstest.Before(func() {
							cancel()
							<-proceed
						}),
					}[how]})
					if how != "busy" {
						time.AfterFunc(5*time.Millisecond, cancel)
					}
					started := time.Now()
					err := tc.call(c.WithContext(ctx))
					stalled := how == "late" && time.Since(started) >= late // so the answer was in time
					if !stalled && (!errors.Is(err, context.Canceled) || strings.Count(err.Error(), "ipvs: ") != 1) {
						t.Errorf("got %v", err)
					}
					close(proceed)
					k.ClearFaults() // on a slow machine the call may have ended before
					wantTable(t, "then", k, c)
					if err := tc.call(c); (err != nil) != (name == "look-up") {
						t.Errorf("then the same call: %v", err)
					}
				}
				time.Sleep(late)
				wantTable(t, "when all late answers are there", k, c)
			})
		}
	}
}

// A dump is cut short after any of its datagrams.
func TestContextEndsDump(t *testing.T) {
	for received := range 8 {
		k, c := faulty(t)
		must(t, errors.Join(c.Apply(many(60))...))
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		k.Trace(func(sent bool, _ []ipvstest.Message) {
			if !sent {
				if n == received {
					cancel()
				}
				n++
			}
		})
		bounded := c.WithContext(ctx)
		for range 10 {
			if _, err := bounded.Services(); err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("after %d: got %v", received, err)
				}
				break
			}
		}
		k.Trace(nil)
		wantTable(t, "then", k, c)
	}
}

// A call waits for another one no longer than its context allows.
func TestContextEndsWaitForOthers(t *testing.T) {
	k, c := faulty(t)
	busy, proceed := make(chan struct{}), make(chan struct{})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandFlush, Effect: ipvstest.Before(func() {
		close(busy)
		<-proceed
	})})
	flushed := make(chan error)
	go func() { flushed <- c.Flush() }()
	<-busy
	for name, err := range everyCall(c.WithContext(soon(t))) {
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ipvs.ErrResultUnknown) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	close(proceed)
	must(t, <-flushed)
	wantTable(t, "then", k, c)
}

// A change whose answer is not there is an ErrResultUnknown.
func TestContextEndsChange(t *testing.T) {
	k, c := faulty(t)
	ctx, cancel := context.WithCancel(t.Context())
	proceed := make(chan struct{})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Effect: ipvstest.Before(func() {
		cancel()
		<-proceed
	})})
	err := c.WithContext(ctx).NewService(service(mark(1, ipvs.IPv4)))
	if !errors.Is(err, context.Canceled) || !errors.Is(err, ipvs.ErrResultUnknown) || err.Error() != "ipvs: result unknown: context canceled" {
		t.Errorf("got %v", err)
	}
	close(proceed)
	// The kernel has made the change by the next call.
	wantErrno(t, "again", c.NewService(service(mark(1, ipvs.IPv4))), syscall.EEXIST)
	wantTable(t, "then", k, c)
}

// Thousands of changes are cancelled while the kernel works on one of them. Those before
// it are made; those that were in the same send are unknown; the others were not sent.
func TestContextEndsApply(t *testing.T) {
	const n, size = 3000, 128
	for _, at := range []int{0, 127, 128, 1500, 2999} {
		k := newFake()
		c, err := k.Dial()
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		returned := make(chan struct{})
		k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Skip: at, Effect: ipvstest.Before(func() {
			cancel()
			<-returned
		})})
		errs := c.WithContext(ctx).Apply(many(n))
		close(returned)
		first := at / size * size
		for i, err := range errs {
			unknown := i >= first && i < first+size
			switch {
			case i < first:
				if err != nil {
					t.Fatalf("cancelled at %d: change %d: %v", at, i, err)
				}
			case !errors.Is(err, context.Canceled), errors.Is(err, ipvs.ErrResultUnknown) != unknown:
				t.Fatalf("cancelled at %d: change %d: %v", at, i, err)
			case !unknown && err.Error() != "ipvs: not sent: context canceled":
				t.Fatalf("cancelled at %d: change %d: %v", at, i, err)
			}
		}
		services, err := c.Services()
		must(t, err)
		if made := min(first+size, n); len(services) != made || len(k.Table()) != made {
			t.Errorf("cancelled at %d: %d services, want %d", at, len(services), made)
		}
	}
}

// The results that arrived before a connection failed stay known.
func TestUnknownResults(t *testing.T) {
	k, c := faulty(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Skip: 100, Effect: ipvstest.FailReceive(syscall.ENOMEM)})
	for i, err := range c.Apply(many(300)) {
		if errors.Is(err, ipvs.ErrResultUnknown) != (i < 128) || errors.Is(err, syscall.ENOMEM) != (i < 128) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	k.Inject(ipvstest.Fault{Command: ipvs.CommandFlush, Effect: ipvstest.FailSend(syscall.ECONNREFUSED)})
	if err := c.Flush(); !errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, ipvs.ErrResultUnknown) {
		t.Errorf("got %v", err)
	}
}

// Many goroutines use one connection, and cancel their calls at any time.
func TestConcurrentCancellations(t *testing.T) {
	k, c := faulty(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetInfo, Skip: 5, Times: 40, Effect: ipvstest.Silence()})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Skip: 7, Times: 40, Effect: ipvstest.Delay(time.Millisecond)})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Skip: 3, Times: 40, Effect: ipvstest.Before(func() { time.Sleep(time.Millisecond) })})
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			id := mark(uint32(1000+i), ipvs.IPv4)
			for n := range 40 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n*i%7)*time.Millisecond/2)
				bounded := c.WithContext(ctx)
				_, infoErr := bounded.Info()
				_, tableErr := bounded.Table()
				errs := append(bounded.Apply([]ipvs.Change{ipvs.NewService(service(id)), ipvs.DelService(id)}), infoErr, tableErr)
				cancel()
				for _, err := range errs {
					if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, syscall.EEXIST) && !errors.Is(err, syscall.ESRCH) {
						t.Errorf("got %v", err)
					}
				}
			}
		})
	}
	wait.Wait()
	k.ClearFaults()
	time.Sleep(5 * time.Millisecond)
	wantTable(t, "then", k, c)
	must(t, c.Flush())
	wantTable(t, "flushed", k, c)
}

// Close ends every call at once, whatever it waits for, and with or without a context.
func TestCloseDuringCalls(t *testing.T) {
	for what, effect := range map[string]ipvstest.Effect{
		"late": ipvstest.Delay(time.Hour), "slow": ipvstest.Before(func() { time.Sleep(time.Millisecond) }),
	} {
		k, c := faulty(t)
		started := make(chan struct{})
		var once sync.Once
		k.Trace(func(bool, []ipvstest.Message) { once.Do(func() { close(started) }) })
		k.Inject(ipvstest.Fault{Times: -1, Effect: effect})
		errs := make(chan error)
		calls := 0
		for i := range 20 {
			bounded := c
			if i%2 == 1 {
				bounded = c.WithContext(t.Context())
			}
			for _, call := range []func() error{
				func() error { _, err := bounded.Info(); return err },
				func() error { _, err := bounded.Table(); return err },
				func() error { _, err := bounded.Settings(); return err },
				func() error { return errors.Join(bounded.Apply(many(300))...) },
			} {
				calls++
				go func() { errs <- call() }()
			}
		}
		<-started
		must(t, c.Close())
		closed := 0
		for range calls {
			switch err := <-errs; {
			case errors.Is(err, os.ErrClosed):
				closed++
			case err != nil && !errors.Is(err, syscall.EEXIST):
				t.Errorf("%s: got %v", what, err)
			}
		}
		if closed < calls-5 {
			t.Errorf("%s: Close ended %d of %d calls", what, closed, calls)
		}
	}
}

// A loop over connections ends with the context.
func TestContextEndsConnEntries(t *testing.T) {
	k, c := faulty(t)
	entry := ipvs.ConnEntry{Protocol: "TCP", Client: tcp("10.0.0.9:1").AddrPort, Virtual: tcp("10.0.0.1:80").AddrPort, Destination: tcp("10.0.0.2:80").AddrPort, State: "NONE"}
	k.SetConnEntries(slices.Repeat([]ipvs.ConnEntry{entry}, 10_000)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range c.WithContext(ctx).ConnEntries() {
		if n++; n == 100 {
			cancel()
		}
		last = err
	}
	if n > 5000 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d connections, then %v", n, last)
	}
	_, err := c.WithContext(ctx).Totals()
	if !errors.Is(err, context.Canceled) || fmt.Sprint(err) != "ipvs: context canceled" {
		t.Errorf("got %v", err)
	}
}

func TestNilContextPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	_, c := faulty(t)
	var none context.Context
	c.WithContext(none)
}
