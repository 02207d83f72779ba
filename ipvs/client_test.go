// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/linux"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// faulty returns a fake with one service and two destinations, and a client of it.
func faulty(t *testing.T) (*ipvstest.Kernel, *ipvs.Client) {
	t.Helper()
	k := newFake()
	c, err := k.Dial()
	must(t, err)
	id := tcp("10.0.0.1:80")
	must(t, errors.Join(c.Apply([]ipvs.Change{
		ipvs.NewService(service(id)),
		ipvs.NewDestination(id, destination("10.0.0.2:80")),
		ipvs.NewDestination(id, destination("10.0.0.3:80")),
	})...))
	k.Commands()
	return k, c
}

func TestNoIPVS(t *testing.T) {
	k := newFake()
	k.SetLoaded(false)
	_, err := k.Dial()
	if !errors.Is(err, ipvs.ErrNoIPVS) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	k.SetLoaded(true)
	for name, effect := range map[string]ipvstest.Effect{
		"refused":       ipvstest.Refuse(syscall.EPERM),
		"send fails":    ipvstest.FailSend(syscall.ECONNREFUSED),
		"receive fails": ipvstest.FailReceive(syscall.ENOMEM),
		"nothing":       ipvstest.Answer(nil),
		"no message":    ipvstest.Silence(),
		"two families":  ipvstest.Answer([]ipvstest.Message{{Type: 16, Data: []byte{1, 2, 0, 0}}, {Type: 16, Data: []byte{1, 2, 0, 0}}}),
	} {
		k.Inject(ipvstest.Fault{Command: ipvstest.FamilyLookup, Effect: effect})
		c, err := k.Dial()
		if err == nil || c != nil || errors.Is(err, ipvs.ErrNoIPVS) {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
	_, err = k.Dial()
	must(t, err)
}

// Reads are repeated after transient errors, a limited number of times.
func TestRetries(t *testing.T) {
	const tries = 5
	id := tcp("10.0.0.1:80")
	reads := map[ipvs.Command]func(*ipvs.Client) error{
		ipvs.CommandGetInfo:         func(c *ipvs.Client) error { _, err := c.Info(); return err },
		ipvs.CommandGetConfig:       func(c *ipvs.Client) error { _, err := c.Timeouts(); return err },
		ipvs.CommandGetService:      func(c *ipvs.Client) error { _, err := c.Service(id); return err },
		ipvs.CommandGetDestinations: func(c *ipvs.Client) error { _, err := c.Destinations(id); return err },
		ipvs.CommandGetDaemons:      func(c *ipvs.Client) error { _, err := c.Daemons(); return err },
	}
	effects := map[string]ipvstest.Effect{
		"EINTR":         ipvstest.Refuse(syscall.EINTR),
		"EBUSY":         ipvstest.Refuse(syscall.EBUSY),
		"EAGAIN":        ipvstest.Refuse(syscall.EAGAIN),
		"receive EINTR": ipvstest.FailReceive(syscall.EINTR),
		"ENOBUFS":       ipvstest.Lose(),
		"send ENOBUFS":  ipvstest.FailSend(syscall.ENOBUFS),
	}
	for cmd, read := range reads {
		for name, effect := range effects {
			t.Run(fmt.Sprint(cmd, "/", name), func(t *testing.T) {
				t.Parallel()
				k, c := faulty(t)
				k.Inject(ipvstest.Fault{Command: cmd, Times: tries - 1, Effect: effect})
				must(t, read(c))
				if n := len(k.Commands()); n != tries {
					t.Errorf("%d requests, want %d", n, tries)
				}
				k.Inject(ipvstest.Fault{Command: cmd, Times: tries, Effect: effect})
				if read(c) == nil {
					t.Error("no error after as many failures as tries")
				}
				must(t, read(c))
			})
		}
	}
}

func TestInterruptedDump(t *testing.T) {
	k, c := faulty(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: 2, Effect: ipvstest.Interrupt()})
	services, err := c.Services()
	must(t, err)
	if len(services) != 1 || len(k.Commands()) != 3 {
		t.Errorf("got %v", services)
	}
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: -1, Effect: ipvstest.Interrupt()})
	if _, err := c.Services(); err == nil {
		t.Error("no error for a dump that is always interrupted")
	}
}

// Reads are not repeated after permanent errors.
func TestPermanentErrors(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ESRCH, syscall.EPERM, syscall.EINVAL, syscall.ENOMEM, syscall.EOPNOTSUPP, linux.Errno(133)} {
		k, c := faulty(t)
		k.Inject(ipvstest.Fault{Times: -1, Effect: ipvstest.Refuse(errno)})
		_, err := c.Services()
		var e *ipvs.Error
		if !errors.As(err, &e) || e.Errno != errno || e.Command != ipvs.CommandGetService || e.Subject != "" {
			t.Errorf("got %#v", err)
		}
		if n := len(k.Commands()); n != 1 {
			t.Errorf("%d requests after %v", n, errno)
		}
	}
	k, c := faulty(t)
	k.Inject(ipvstest.Fault{Times: -1, Effect: ipvstest.FailSend(syscall.ECONNREFUSED)})
	_, err := c.Info()
	if errors.As(err, new(*ipvs.Error)) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a failed send: got %#v", err)
	}
}

// Malformed replies are errors, and the client still works.
func TestMalformedReplies(t *testing.T) {
	effects := map[string]ipvstest.Effect{
		"truncated":         ipvstest.Truncate(11),
		"no attributes":     ipvstest.Garble(nil),
		"an empty one":      ipvstest.Garble([]byte{4, 0, 1, 0}),
		"wrong length":      ipvstest.Garble([]byte{200, 0, 1, 0, 1, 2, 3, 4}),
		"length 0":          ipvstest.Garble([]byte{0, 0, 1, 0}),
		"no generic header": ipvstest.Answer([]ipvstest.Message{{Type: 0x1f}}),
		"short error":       ipvstest.Answer([]ipvstest.Message{{Type: nlmsgError, Data: []byte{1}}}),
	}
	for name, effect := range effects {
		k, c := faulty(t)
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Effect: effect})
		if s, err := c.Service(tcp("10.0.0.1:80")); err == nil {
			t.Errorf("%s: got %+v", name, s)
		}
		if _, err := c.Service(tcp("10.0.0.1:80")); err != nil {
			t.Errorf("%s, then: %v", name, err)
		}
		if strings.HasPrefix(name, "no generic") || name == "short error" {
			continue
		}
		for _, cmd := range []ipvs.Command{ipvs.CommandGetService, ipvs.CommandGetDestinations} {
			k.Inject(ipvstest.Fault{Command: cmd, Effect: effect})
			if table, err := c.Table(); err == nil {
				t.Errorf("%s: got %+v", name, table)
			}
			table, err := c.Table()
			must(t, err)
			if len(table) != 1 || len(table[0].Destinations) != 2 {
				t.Errorf("%s, then: %v", name, table)
			}
		}
	}
	// All attributes of Info are optional.
	k, c := faulty(t)
	k.Inject(ipvstest.Fault{Effect: ipvstest.Garble(nil)})
	info, err := c.Info()
	if info != (ipvs.Info{}) || err != nil {
		t.Errorf("got %+v, %v", info, err)
	}
}

// After a dump that breaks off, its remaining datagrams must not be taken for the
// answer to the next request.
func TestDumpTrailer(t *testing.T) {
	for skip := range 10 {
		k, c := faulty(t)
		for i := range 60 {
			must(t, c.NewService(service(mark(uint32(i+1), ipvs.IPv4))))
		}
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Effect: breakOff(skip)})
		if services, err := c.Services(); err == nil {
			t.Fatalf("got %d services of a broken dump", len(services))
		}
		k.ClearFaults()
		services, err := c.Services()
		must(t, err)
		if len(services) != 61 {
			t.Errorf("broken after %d datagrams, then %d services", skip, len(services))
		}
		must(t, c.Flush())
	}
}

// breakOff inserts a malformed datagram after the first n of an answer.
func breakOff(n int) ipvstest.Effect {
	return ipvstest.Rewrite(func(datagrams [][]ipvstest.Message) [][]ipvstest.Message {
		bad := []ipvstest.Message{{Type: nlmsgError, Sequence: datagrams[0][0].Sequence, Data: []byte{1}}}
		return slices.Insert(datagrams, min(n, len(datagrams)-1), bad)
	})
}

// A service is deleted while the table is read.
func TestVanishingService(t *testing.T) {
	for _, gone := range []ipvs.ServiceID{tcp("10.0.0.1:80"), mark(1, ipvs.IPv4)} {
		k, c := faulty(t)
		must(t, c.NewService(service(mark(1, ipvs.IPv4))))
		must(t, c.NewService(service(mark(2, ipvs.IPv4))))
		other, err := k.Dial()
		must(t, err)
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Effect: ipvstest.Before(func() {
			_ = other.DelService(gone)
		})})
		table, err := c.Table()
		must(t, err)
		for _, e := range table {
			if e.Service.ServiceID == gone {
				t.Errorf("%s is still there", gone)
			}
		}
		if len(table) != 2 {
			t.Errorf("%d services, want 2", len(table))
		}
	}
	k, c := faulty(t)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Effect: ipvstest.Refuse(syscall.ENOMEM)})
	if _, err := c.Table(); !errors.Is(err, syscall.ENOMEM) {
		t.Errorf("got %v", err)
	}
}

// Reads with an identity that cannot be encoded fail without a request.
func TestUnencodableReads(t *testing.T) {
	k, c := faulty(t)
	for _, id := range []ipvs.ServiceID{{}, tcp("[fe80::1%eth0]:80")} {
		_, serviceErr := c.Service(id)
		_, destinationsErr := c.Destinations(id)
		_, entryErr := c.TableEntry(id)
		for _, err := range []error{serviceErr, destinationsErr, entryErr} {
			if err == nil || errors.As(err, new(*ipvs.Error)) {
				t.Errorf("%v: got %v", id, err)
			}
		}
	}
	if sent := k.Commands(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}

func TestSort(t *testing.T) {
	udp := ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: tcp("10.0.0.1:80").AddrPort}
	sorted := []ipvs.ServiceID{
		tcp("9.0.0.1:80"), tcp("10.0.0.1:79"), tcp("10.0.0.1:80"), tcp("192.168.0.1:1"), udp,
		tcp("[2001:db8::1]:80"), mark(1, ipvs.IPv4), mark(1, ipvs.IPv6), mark(2, ipvs.IPv4), mark(4294967295, ipvs.IPv4),
	}
	var table ipvs.Table
	for _, id := range slices.Backward(sorted) {
		table = append(table, ipvs.TableEntry{Service: service(id), Destinations: []ipvs.Destination{
			destination("[fd00::1]:1"), destination("10.0.0.2:80"), destination("10.0.0.2:9"), destination("9.0.0.2:99"),
		}})
	}
	table.Sort()
	for i, e := range table {
		if e.Service.ServiceID != sorted[i] {
			t.Errorf("%d: got %s, want %s", i, e.Service.ServiceID, sorted[i])
		}
		wantEqual(t, "destinations", e.Destinations, []ipvs.Destination{
			destination("9.0.0.2:99"), destination("10.0.0.2:9"), destination("10.0.0.2:80"), destination("[fd00::1]:1"),
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	k := newFake()
	shared, err := k.Dial()
	must(t, err)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c := shared
			if i%2 == 0 {
				var err error
				if c, err = k.Dial(); err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = c.Close() }()
			}
			id := mark(uint32(i+1), ipvs.IPv4)
			for range 20 {
				errs := c.Apply([]ipvs.Change{
					ipvs.NewService(service(id)), ipvs.NewService(service(id)),
					ipvs.NewDestination(id, destination("10.0.0.2:80")),
				})
				if errs[0] != nil || !errors.Is(errs[1], fs.ErrExist) || errs[2] != nil {
					t.Error(errs)
				}
				entry, err := c.TableEntry(id)
				if err != nil || entry.Service.ServiceID != id || len(entry.Destinations) != 1 {
					t.Error(entry, err)
				}
				if _, err := c.Table(); err != nil {
					t.Error(err)
				}
				if err := c.DelService(id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if table := k.Table(); len(table) != 0 {
		t.Errorf("left: %v", table)
	}
}

func TestDialSkipsNilOptions(t *testing.T) {
	c, err := ipvs.Dial(nil, ipvs.Over(newFake().Socket()), nil)
	must(t, err)
	must(t, c.Close())
}
