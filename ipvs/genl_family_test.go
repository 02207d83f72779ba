// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// A client outlives the module. While the module is unloaded, the error of every call
// is ErrNoIPVS. Once it is loaded again, the client works.
func TestModuleReload(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		id := tcp("10.0.0.1:80")
		for range 2 {
			must(t, c.NewService(service(id)))
			w.unload(t)
			for name, err := range everyCall(c) {
				if !errors.Is(err, ipvs.ErrNoIPVS) {
					t.Errorf("%s without the module: got %v", name, err)
				}
			}
			w.load(t)
			services, err := c.Services()
			must(t, err)
			wantEqual(t, "services of the new module", services, []ipvs.Service{})
		}
		must(t, c.NewService(service(id)))
		w.unload(t)
		w.load(t)
		_, err := c.Service(id)
		wantErrno(t, "get service", err, syscall.ESRCH)
		must(t, c.NewService(service(id)))
		w.unload(t)
		w.load(t)
		must(t, c.NewService(service(id)))
		wantErrno(t, "no such destination", c.DelDestination(id, destID("10.0.0.2:80")), syscall.ENOENT)
		must(t, c.Flush())
	})
}

// everyCall makes every call of a client and returns the errors by name.
func everyCall(c *ipvs.Client) map[string]error {
	id := tcp("10.0.0.1:80")
	errs := map[string]error{}
	_, errs["info"] = c.Info()
	_, errs["config"] = c.Timeouts()
	_, errs["service"] = c.Service(id)
	_, errs["services"] = c.Services()
	_, errs["destinations"] = c.Destinations(id)
	_, errs["daemons"] = c.Daemons()
	_, errs["table"] = c.Table()
	_, errs["overview"] = c.Overview()
	_, errs["settings"] = c.Settings()
	_, errs["table entry"] = c.TableEntry(id)
	_, errs["table entries"] = collect(c.TableEntries())
	errs["new service"] = c.NewService(service(id))
	errs["set service"] = c.SetService(service(id))
	errs["delete service"] = c.DelService(id)
	errs["new destination"] = c.NewDestination(id, destination("10.0.0.2:80"))
	errs["set destination"] = c.SetDestination(id, destination("10.0.0.2:80"))
	errs["ensure service"] = c.EnsureService(service(id))
	errs["ensure destination"] = c.EnsureDestination(id, destination("10.0.0.2:80"))
	errs["set weight"] = c.SetWeight(id, destID("10.0.0.2:80"), 1)
	errs["drain destination"] = c.DrainDestination(id, destID("10.0.0.2:80"))
	errs["delete destination"] = c.DelDestination(id, destID("10.0.0.2:80"))
	errs["start daemon"] = c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"})
	errs["stop daemon"] = c.StopDaemon(ipvs.Master)
	errs["set config"] = c.SetTimeouts(ipvs.Timeouts{TCP: 1})
	errs["zero service"] = c.ZeroService(id)
	errs["zero all"] = c.ZeroAll()
	errs["flush"] = c.Flush()
	for i, err := range c.Apply(many(300)) {
		errs[fmt.Sprint("change ", i)] = err
	}
	_, errs["connections"] = connsOf(c)
	_, errs["totals"] = c.Totals()
	_, errs["status"] = c.Status()
	return errs
}

// lookUps counts the look-ups of the family.
func lookUps(k *ipvstest.Kernel) *int {
	n := new(int)
	k.Trace(func(sent bool, messages []ipvstest.Message) {
		if sent && messages[0].Type == genlIDControl {
			*n++
		}
	})
	return n
}

// The client looks the family up only after an ENOENT, and returns the ENOENT if the
// family has not changed.
func TestFamilyIsLookedUpAfterENOENT(t *testing.T) {
	k, c := faulty(t)
	n := lookUps(k)
	id := tcp("10.0.0.1:80")
	must(t, errors.Join(c.Apply(many(300))...))
	_, err := c.Table()
	must(t, err)
	wantErrno(t, "no such service", c.DelService(tcp("10.0.0.9:80")), syscall.ESRCH)
	missing := ipvs.DelDestination(id, destID("10.0.0.9:80"))
	errs := c.Apply([]ipvs.Change{missing, ipvs.ZeroAll()})
	wantErrno(t, "an ENOENT before something else", errs[0], syscall.ENOENT)
	if *n != 0 {
		t.Errorf("the family was looked up %d times", *n)
	}
	for _, err := range c.Apply([]ipvs.Change{missing, missing}) {
		wantErrno(t, "no such destination", err, syscall.ENOENT)
		if !errors.As(err, new(*ipvs.Error)) {
			t.Errorf("%v is what the kernel answered", err)
		}
	}
	if *n != 1 {
		t.Errorf("the family was looked up %d times for two changes", *n)
	}
	k.Inject(ipvstest.Fault{Command: ipvstest.FamilyLookup, Effect: ipvstest.Refuse(syscall.ENOMEM)})
	if err := c.DelDestination(id, destID("10.0.0.9:80")); errors.As(err, new(*ipvs.Error)) || !errors.Is(err, syscall.ENOMEM) {
		t.Errorf("the look-up fails: got %v", err)
	}
	wantErrno(t, "once more", c.DelDestination(id, destID("10.0.0.9:80")), syscall.ENOENT)
}

// The module is unloaded between two changes. The kernel has made the changes before,
// and none of the others, however they are sent.
func TestModuleUnloadDuringBatch(t *testing.T) {
	for _, at := range []int{0, 1, 50, 127, 128, 129, 255, 299} {
		for name, size := range map[string]int{"large": 0, "small": 1000} {
			k := newFake()
			c, err := k.Dial()
			must(t, err)
			k.SetSendBuffer(size)
			k.Inject(ipvstest.Fault{Skip: at, Effect: ipvstest.Before(func() { k.SetLoaded(false) })})
			errs := c.Apply(many(300))
			for i, err := range errs {
				if want := i >= at; errors.Is(err, ipvs.ErrNoIPVS) != want || (err != nil) != want {
					t.Fatalf("unloaded before %d, %s sends: change %d: %v", at, name, i, err)
				}
			}
			k.SetLoaded(true)
			must(t, c.Flush())
		}
	}
}

// The module is loaded again between two changes. The changes before are lost with the
// old table; the others are made in the new table.
func TestModuleReloadDuringBatch(t *testing.T) {
	reload := func(k *ipvstest.Kernel) ipvstest.Effect {
		return ipvstest.Before(func() {
			k.SetLoaded(false)
			k.SetLoaded(true)
		})
	}
	for _, at := range []int{0, 1, 50, 127, 128, 129, 255, 299} {
		k := newFake()
		c, err := k.Dial()
		must(t, err)
		k.Inject(ipvstest.Fault{Skip: at, Effect: reload(k)})
		must(t, errors.Join(c.Apply(many(300))...))
		var marks []uint32
		for _, e := range k.Table() {
			marks = append(marks, e.Service.FWMark)
		}
		if len(marks) != 300-at || marks[0] != uint32(at+1) || !slices.IsSorted(marks) {
			t.Errorf("reloaded before %d: services %v", at, marks)
		}
	}

	// Errors of the old module stay, unless they are ENOENT as without the module.
	k := newFake()
	c, err := k.Dial()
	must(t, err)
	unknown := ipvs.NewService(service(mark(1000, ipvs.IPv4), func(s *ipvs.Service) { s.Scheduler = "late" }))
	changes := slices.Concat([]ipvs.Change{unknown}, many(2), []ipvs.Change{unknown}, many(3))
	k.Inject(ipvstest.Fault{Skip: 4, Effect: reload(k)})
	errs := c.Apply(changes)
	wantErrno(t, "before others", errs[0], syscall.ENOENT)
	wantErrno(t, "just before", errs[3], syscall.ENOENT)
	must(t, errors.Join(slices.Concat(errs[1:3], errs[4:])...))
	if n := len(k.Table()); n != 3 {
		t.Errorf("%d services", n)
	}

	// The family changes at each look-up, so the client gives up.
	for _, call := range []func() error{
		func() error { _, err := c.Info(); return err },
		func() error { return c.Flush() },
	} {
		k.Inject(ipvstest.Fault{Times: -1, Effect: reload(k)})
		if err := call(); !errors.Is(err, ipvs.ErrNoIPVS) {
			t.Errorf("got %v", err)
		}
		k.ClearFaults()
		must(t, call())
	}
}

// Answers are lost, and then the module is unloaded: known results are returned.
func TestModuleUnloadWithLostAnswers(t *testing.T) {
	k, c := faulty(t)
	k.Inject(ipvstest.Fault{Skip: 5, Effect: ipvstest.Before(func() { k.SetLoaded(false) })})
	k.SetReceiveQueue(10)
	errs := c.Apply(many(30))
	for i, err := range errs {
		switch {
		case errors.Is(err, ipvs.ErrNoIPVS):
			if i < 5 || i >= 15 {
				t.Errorf("change %d: %v", i, err)
			}
		case !errors.Is(err, syscall.ENOBUFS):
			t.Errorf("change %d: %v", i, err)
		}
	}
}

// Every error has the prefix of the package once.
func TestErrorsHaveOnePrefix(t *testing.T) {
	check := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.HasPrefix(err.Error(), "ipvs: ") || strings.Count(err.Error(), "ipvs: ") != 1 {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, effect := range map[string]ipvstest.Effect{
		"refused": ipvstest.Refuse(syscall.EPERM), "not sent": ipvstest.FailSend(syscall.ECONNREFUSED),
		"not received": ipvstest.FailReceive(syscall.ENOMEM), "lost": ipvstest.Lose(), "without an answer": ipvstest.Silence(),
		"cut off": ipvstest.Truncate(11), "garbled": ipvstest.Garble([]byte{8, 0, 1, 0, 5, 0, 9, 0}), "stale": ipvstest.Answer(
			[]ipvstest.Message{{Type: 0x1f, Sequence: 1, Data: []byte{1, 1, 0, 0}}}),
	} {
		k, c := faulty(t)
		k.Inject(ipvstest.Fault{Times: -1, Effect: effect})
		for call, err := range everyCall(c) {
			if err != nil {
				check(what+": "+call, err)
			}
		}
		for call, err := range everyCall(c.WithContext(soon(t))) {
			if err != nil {
				check(what+" in time: "+call, err)
			}
		}
	}
	k, c := faulty(t)
	k.Inject(ipvstest.Fault{Command: ipvstest.FamilyLookup, Times: -1, Effect: ipvstest.FailReceive(syscall.ENOMEM)})
	_, err := k.Dial()
	check("dial", err)
	check("look-up", c.DelDestination(tcp("10.0.0.1:80"), destID("10.0.0.9:80")))
	k.SetLoaded(false)
	k.ClearFaults()
	for call, err := range everyCall(c) {
		check("unloaded: "+call, err)
	}
	must(t, c.Close())
	for call, err := range everyCall(c) {
		check("closed: "+call, err)
	}
	for name, err := range map[string]error{
		"service":             ipvs.Decode(new(ipvs.Service), []byte{1}),
		"service without one": ipvs.Decode(new(ipvs.Service), nil),
		"destination":         ipvs.Decode(new(ipvs.Destination), []byte{1}),
		"daemon":              ipvs.Decode(new(ipvs.Daemon), []byte{1}),
		"config":              ipvs.Decode(new(ipvs.Timeouts), []byte{1}),
		"info":                ipvs.Decode(new(ipvs.Info), []byte{1}),
		"protocol":            new(ipvs.Protocol).UnmarshalText([]byte("x")),
		"family":              new(ipvs.Family).UnmarshalText([]byte("x")),
		"forwarding method":   new(ipvs.ForwardingMethod).UnmarshalText([]byte("x")),
		"tunnel":              new(ipvs.TunnelType).UnmarshalText([]byte("x")),
		"state":               new(ipvs.DaemonState).UnmarshalText([]byte("x")),
		"no connections":      ipvs.ErrNoConnEntries,
		"no IPVS":             ipvs.ErrNoIPVS,
		"unknown result":      ipvs.ErrResultUnknown,
	} {
		check(name, err)
	}
	_, err = ipvs.Encode(new(ipvs.ServiceID))
	check("no service", err)
	_, err = ipvs.Encode(new(ipvs.DestinationID))
	check("no destination", err)
	check("no change", ipvs.Change{}.Err())
	_, err = c.Service(ipvs.ServiceID{})
	check("read of nothing", err)
	_, err = c.Destinations(ipvs.ServiceID{})
	check("destinations of nothing", err)
	_, err = readConns(strings.NewReader("titles\nnonsense\n"))
	check("connections", err)
	_, err = readConns(iotest.ErrReader(io.ErrNoProgress))
	check("unreadable connections", err)
	_, err = ipvs.ReadTotals(strings.NewReader("nonsense"))
	check("totals", err)
	for what, option := range map[string]ipvs.Option{
		"path": ipvs.InNetNS("/none/such"), "file": ipvs.InNetNS("/dev/null"), "name": ipvs.InNetNSNamed(""), "PID": ipvs.InNetNSOfPID(0), "FD": ipvs.InNetNSOfFD(-1),
	} {
		_, err := ipvs.Dial(option)
		check("namespace by "+what, err)
	}
}
