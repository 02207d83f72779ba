package ipvs_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// A client outlives the module: without it there is no IPVS, not just no such
// service, and with the next one it goes on.
func TestModuleIsReloaded(t *testing.T) {
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
		wantErrno(t, "get service", err, unix.ESRCH)
		must(t, c.NewService(service(id)))
		w.unload(t)
		w.load(t)
		must(t, c.NewService(service(id)))
		wantErrno(t, "no such destination", c.DelDestination(id, destID("10.0.0.2:80")), unix.ENOENT)
		must(t, c.Flush())
	})
}

// everyCall makes each call of a client.
func everyCall(c *ipvs.Client) map[string]error {
	id := tcp("10.0.0.1:80")
	errs := map[string]error{}
	_, errs["info"] = c.Info()
	_, errs["config"] = c.Config()
	_, errs["service"] = c.Service(id)
	_, errs["services"] = c.Services()
	_, errs["destinations"] = c.Destinations(id)
	_, errs["daemons"] = c.Daemons()
	_, errs["table"] = c.Table()
	_, errs["table entry"] = c.TableEntry(id)
	errs["new service"] = c.NewService(service(id))
	errs["set service"] = c.SetService(service(id))
	errs["delete service"] = c.DelService(id)
	errs["new destination"] = c.NewDestination(id, destination("10.0.0.2:80"))
	errs["set destination"] = c.SetDestination(id, destination("10.0.0.2:80"))
	errs["delete destination"] = c.DelDestination(id, destID("10.0.0.2:80"))
	errs["start daemon"] = c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"})
	errs["stop daemon"] = c.StopDaemon(ipvs.Master)
	errs["set config"] = c.SetConfig(ipvs.Config{TCP: 1})
	errs["zero service"] = c.ZeroService(id)
	errs["zero all"] = c.ZeroAll()
	errs["flush"] = c.Flush()
	var b ipvs.Batch
	for i, ch := range many(300) {
		if i == 0 {
			errs["batch"] = b.Add(&ch)
		} else {
			errs["batch"] = errors.Join(errs["batch"], b.Add(&ch))
		}
	}
	for i, err := range c.Apply(many(300)) {
		errs[fmt.Sprint("change ", i)] = err
	}
	for i, err := range c.ApplyBatch(&b) {
		errs[fmt.Sprint("change ", i, " of a batch")] = err
	}
	delete(errs, "batch")
	return errs
}

// lookUps counts how often the family is asked for.
func lookUps(k *ipvstest.Kernel) *int {
	n := new(int)
	k.Trace(func(sent bool, messages []netlink.Message) {
		if sent && messages[0].Header.Type == unix.GENL_ID_CTRL {
			*n++
		}
	})
	return n
}

// Only an ENOENT makes the client look the family up, and it stays what it is as
// long as the family is the same.
func TestFamilyIsLookedUpAfterENOENT(t *testing.T) {
	k, c := faulty(t)
	n := lookUps(k)
	id := tcp("10.0.0.1:80")
	must(t, errors.Join(c.Apply(many(300))...))
	_, err := c.Table()
	must(t, err)
	wantErrno(t, "no such service", c.DelService(tcp("10.0.0.9:80")), unix.ESRCH)
	missing := ipvs.DelDestination(id, destID("10.0.0.9:80"))
	errs := c.Apply([]ipvs.Change{missing, ipvs.ZeroAll()})
	wantErrno(t, "an ENOENT before something else", errs[0], unix.ENOENT)
	if *n != 0 {
		t.Errorf("the family was looked up %d times", *n)
	}
	for _, err := range c.Apply([]ipvs.Change{missing, missing}) {
		wantErrno(t, "no such destination", err, unix.ENOENT)
		if !errors.As(err, new(*ipvs.Error)) {
			t.Errorf("%v is what the kernel answered", err)
		}
	}
	if *n != 1 {
		t.Errorf("the family was looked up %d times for two changes", *n)
	}
	k.Inject(ipvstest.Fault{Command: ipvstest.FamilyLookup, Effect: ipvstest.Refuse(unix.ENOMEM)})
	if err := c.DelDestination(id, destID("10.0.0.9:80")); errors.As(err, new(*ipvs.Error)) || !errors.Is(err, unix.ENOMEM) {
		t.Errorf("the look-up fails: got %v", err)
	}
	wantErrno(t, "once more", c.DelDestination(id, destID("10.0.0.9:80")), unix.ENOENT)
}

// The module goes between two changes. Those before were made, the others were not,
// however they are sent.
func TestModuleIsUnloadedInABatch(t *testing.T) {
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

// The module is another one between two changes. Those before went with the old one;
// the others are made in the new one.
func TestModuleIsReloadedInABatch(t *testing.T) {
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

	// Refusals of the old module stay unless they look just like its absence.
	k := newFake()
	c, err := k.Dial()
	must(t, err)
	unknown := ipvs.NewService(service(mark(1000, ipvs.IPv4), func(s *ipvs.Service) { s.Scheduler = "late" }))
	changes := slices.Concat([]ipvs.Change{unknown}, many(2), []ipvs.Change{unknown}, many(3))
	k.Inject(ipvstest.Fault{Skip: 4, Effect: reload(k)})
	errs := c.Apply(changes)
	wantErrno(t, "before others", errs[0], unix.ENOENT)
	wantErrno(t, "just before", errs[3], unix.ENOENT)
	must(t, errors.Join(slices.Concat(errs[1:3], errs[4:])...))
	if n := len(k.Table()); n != 3 {
		t.Errorf("%d services", n)
	}

	// For ever: then there is none to talk to.
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

// Answers are lost, and then there is no module: what is known is told.
func TestModuleIsUnloadedAndAnswersAreLost(t *testing.T) {
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
		case !errors.Is(err, unix.ENOBUFS):
			t.Errorf("change %d: %v", i, err)
		}
	}
}

// Every error says once whose it is.
func TestErrorsHaveOnePrefix(t *testing.T) {
	check := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.HasPrefix(err.Error(), "ipvs: ") || strings.Count(err.Error(), "ipvs: ") != 1 {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, effect := range map[string]ipvstest.Effect{
		"refused": ipvstest.Refuse(unix.EPERM), "not sent": ipvstest.FailSend(unix.ECONNREFUSED),
		"not received": ipvstest.FailReceive(unix.ENOMEM), "lost": ipvstest.Lose(), "without an answer": ipvstest.Silence(),
		"cut off": ipvstest.Truncate(11), "garbled": ipvstest.Garble([]byte{8, 0, 1, 0, 5, 0, 9, 0}), "stale": ipvstest.Answer(
			[]netlink.Message{{Header: netlink.Header{Type: 0x1f, Sequence: 1}, Data: []byte{1, 1, 0, 0}}}),
	} {
		k, c := faulty(t)
		k.Inject(ipvstest.Fault{Times: -1, Effect: effect})
		for call, err := range everyCall(c) {
			if err != nil {
				check(what+": "+call, err)
			}
		}
	}
	k, c := faulty(t)
	k.Inject(ipvstest.Fault{Command: ipvstest.FamilyLookup, Times: -1, Effect: ipvstest.FailReceive(unix.ENOMEM)})
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
		"service":             new(ipvs.Service).UnmarshalBinary([]byte{1}),
		"service without one": new(ipvs.Service).UnmarshalBinary(nil),
		"destination":         new(ipvs.Destination).UnmarshalBinary([]byte{1}),
		"daemon":              new(ipvs.Daemon).UnmarshalBinary([]byte{1}),
		"config":              new(ipvs.Config).UnmarshalBinary([]byte{1}),
		"info":                new(ipvs.Info).UnmarshalBinary([]byte{1}),
		"protocol":            new(ipvs.Protocol).UnmarshalText([]byte("x")),
	} {
		check(name, err)
	}
	_, err = ipvs.ServiceID{}.MarshalBinary()
	check("no service", err)
	_, err = ipvs.DestinationID{}.MarshalBinary()
	check("no destination", err)
	check("no change", new(ipvs.Batch).Add(&ipvs.Change{}))
	_, err = c.Service(ipvs.ServiceID{})
	check("read of nothing", err)
}
