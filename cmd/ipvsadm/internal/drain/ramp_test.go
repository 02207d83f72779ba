// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// ramp returns a ramp in this world, and what it says.
func (w *world) ramp(t *testing.T, o RampOptions) (*Ramp, *strings.Builder) {
	var said strings.Builder
	say := func(text string) { said.WriteString(text + "\n") }
	o.Over, o.Steps = max(o.Over, DefaultOver), max(o.Steps, DefaultSteps)
	return &Ramp{RampOptions: o, Source: w.drain(t, Options{}).Source, Say: say, Warn: func(text string) { say("warning: " + text) }}, &said
}

// A new server is added with the first step, and has the whole weight at the end.
func TestRampOfNewServer(t *testing.T) {
	w := newWorld(ipvs.Table{entry(web, server("10.0.0.3:80", 100))})
	r, said := w.ramp(t, RampOptions{Service: web, Server: server("10.0.0.2:8080", 100)})
	var seen []string
	w.at = func(int) { seen = append(seen, w.weights("10.0.0.2")) }
	if err := r.Run(); err != nil {
		t.Fatal(err)
	}
	if want := strings.Fields("- 10 20 30 40 50 60 70 80 90"); !slices.Equal(seen, want) || w.weights("10.0.0.2") != "100" || w.clock != epoch.Add(time.Minute) {
		t.Errorf("got %v, then %s at %s", seen, w.weights("10.0.0.2"), w.clock)
	}
	const want = `Ramping 10.0.0.2:8080 of TCP 10.0.0.1:80 from weight 0 to 100, in 10 steps over 1:00. ^C leaves the weight where it is.
0:00: weight 10
0:06: weight 20
0:13: weight 30
0:20: weight 40
0:26: weight 50
0:33: weight 60
0:40: weight 70
0:46: weight 80
0:53: weight 90
1:00: weight 100
Weight 100 reached in 1:00.
`
	if said.String() != want {
		t.Errorf("got\n%s", said)
	}
}

// Other settings of a server that is there stay, and a ramp also goes down.
func TestRampOfServer(t *testing.T) {
	before := server("10.0.0.2:80", 90)
	before.Forward, before.TunnelType, before.UpperThreshold = ipvs.Tunnel, 9, 77
	for _, test := range []struct {
		to    uint32
		steps int
		want  []uint32
	}{
		{100, 2, []uint32{95, 100}}, {0, 3, []uint32{60, 30, 0}}, {92, 10, []uint32{91, 92}}, {91, 10, []uint32{91}}, {90, 10, nil},
		{1<<31 - 1, 2, []uint32{1073741868, 1<<31 - 1}},
	} {
		if got := steps(before.Weight, test.to, test.steps); !slices.Equal(got, test.want) {
			t.Errorf("to %d in %d: got %v, want %v", test.to, test.steps, got, test.want)
		}
		w := newWorld(ipvs.Table{entry(web, before, server("10.0.0.3:80", 1))})
		r, _ := w.ramp(t, RampOptions{Service: web, Server: server("10.0.0.2:80", test.to)})
		r.Steps = test.steps
		if err := r.Run(); err != nil {
			t.Fatal(err)
		}
		want := before
		want.Weight = test.to
		if got := w.k.Table()[0].Destinations[0]; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// A ramp that cannot do what one would think says so.
func TestRampWarns(t *testing.T) {
	for _, test := range []struct{ scheduler, want string }{
		{"rr", "warning: the scheduler rr of TCP 10.0.0.1:80 knows no weights but 0, so the first step gives the server its full share\n" +
			"warning: between the weights 0 and 1 there is only 1 step; more need larger weights of all servers of the service\n"},
		{"wlc", "warning: between the weights 0 and 1 there is only 1 step; more need larger weights of all servers of the service\n"},
	} {
		w := newWorld(ipvs.Table{entry(web, server("10.0.0.2:80", 0))})
		w.k.UpdateService(web, func(s *ipvs.Service) { s.Scheduler = test.scheduler })
		r, said := w.ramp(t, RampOptions{Service: web, Server: server("10.0.0.2:80", 1)})
		if err := r.Run(); err != nil || !strings.HasPrefix(said.String(), test.want+"Ramping") {
			t.Errorf("%v, got\n%s", err, said)
		}
	}
}

func TestRampRefuses(t *testing.T) {
	direct := server("10.0.0.4:8080", 5)
	direct.Forward = ipvs.DirectRoute
	for _, test := range []struct {
		o    RampOptions
		want string
	}{
		{RampOptions{Service: dns, Server: server("10.0.0.2:80", 5)}, "ipvs: get service UDP 10.0.0.1:53: No such service"},
		{RampOptions{Service: web, Server: server("10.0.0.2:80", 5), Named: true},
			"10.0.0.2:80 of TCP 10.0.0.1:80 is there already, and --ramp changes only its weight; -e --keep changes other settings"},
		{RampOptions{Service: web, Server: server("10.0.0.2:80", 5), UntilEven: true},
			"--until-even is for the schedulers wlc and lc, and TCP 10.0.0.1:80 has wrr"},
		{RampOptions{Service: web, Server: direct},
			"10.0.0.4:8080 of TCP 10.0.0.1:80 is not there; to add it, it needs -m, because it has another port than its service"},
		{RampOptions{Service: web, Server: server("[fd00::2]:80", 5)}, "[fd00::2]:80 of TCP 10.0.0.1:80 is of another address family, and so needs -i"},
	} {
		w := newWorld(ipvs.Table{entry(web, server("10.0.0.2:80", 1))})
		w.k.UpdateService(web, func(s *ipvs.Service) { s.Scheduler = "wrr" })
		r, _ := w.ramp(t, test.o)
		if err := r.Run(); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
		if got := w.k.Table()[0].Destinations; len(got) != 1 || got[0] != server("10.0.0.2:80", 1) {
			t.Errorf("got %+v", got)
		}
	}
}

// A first step that the kernel refuses, as for thresholds that contradict each other, is no
// ramp that has begun.
func TestRampRefusedByKernel(t *testing.T) {
	w := newWorld(ipvs.Table{entry(web, server("10.0.0.3:80", 100))})
	w.k.Inject(ipvstest.Fault{Command: ipvs.CommandNewDestination, Effect: ipvstest.Refuse(syscall.ERANGE)})
	r, said := w.ramp(t, RampOptions{Service: web, Server: server("10.0.0.2:8080", 100)})
	if err := r.Run(); !errors.Is(err, syscall.ERANGE) || said.String() != "" {
		t.Errorf("%v, got\n%s", err, said)
	}
}

// At every moment a signal leaves the weight where it is, and the ramp says where.
func TestRampStaysAtSignals(t *testing.T) {
	for moment := 0; ; moment++ {
		w := newWorld(ipvs.Table{entry(web, server("10.0.0.3:80", 100))})
		r, said := w.ramp(t, RampOptions{Service: web, Server: server("10.0.0.2:80", 100)})
		var err error
		at := 0
		p := w.k.Start(func() { err = r.Run() })
		for _, running := p.Request(); running; _, running = p.Request() {
			if at == moment {
				w.signals <- os.Interrupt
			}
			p.Step()
			at++
		}
		if at <= moment {
			break
		}
		weight := w.weights("10.0.0.2")
		switch {
		case err == nil && weight == "100":
		case !errors.Is(err, ErrLeft):
			t.Errorf("moment %d: got %v, weight %s", moment, err, weight)
		case weight == "-" && strings.HasSuffix(said.String(), "nothing is changed.\n"):
		case !strings.HasSuffix(said.String(), "; the weight stays "+weight+".\n"):
			t.Errorf("moment %d: the weight is %s, and it says\n%s", moment, weight, said)
		}
	}
}

// Another program, or a kernel that refuses, ends the ramp.
func TestRampStops(t *testing.T) {
	for _, test := range []struct {
		change       func(*world)
		weight, said string
	}{
		{func(w *world) { w.setWeight(web, "10.0.0.2:80", 7) }, "7", "Stopped after 0:20: another program set the weight of 10.0.0.2:80 of TCP 10.0.0.1:80 to 7\n"},
		{func(w *world) { w.k.SetTable(ipvs.Table{entry(web)}) }, "-", "Stopped after 0:20: another program has removed 10.0.0.2:80 of TCP 10.0.0.1:80\n"},
		{func(w *world) {
			w.k.Inject(ipvstest.Fault{Command: ipvs.CommandSetDestination, Effect: ipvstest.Refuse(syscall.ENOMEM)})
		}, "30", "Stopped after 0:20 with weight 30: ipvs: edit server 10.0.0.2:80 of TCP 10.0.0.1:80: Memory allocation problem\n"},
	} {
		w := newWorld(ipvs.Table{entry(web, server("10.0.0.2:80", 0))})
		w.at = func(seconds int) {
			if seconds == 20 {
				test.change(w)
			}
		}
		r, said := w.ramp(t, RampOptions{Service: web, Server: server("10.0.0.2:80", 100)})
		var stopped *StoppedError
		if err := r.Run(); !errors.As(err, &stopped) || w.weights("10.0.0.2") != test.weight || !strings.HasSuffix(said.String(), test.said) {
			t.Errorf("%v, the weight is %s, got\n%s", err, w.weights("10.0.0.2"), said)
		}
	}
}

// With --until-even the ramp ends when the server has its share.
func TestRampUntilEven(t *testing.T) {
	w := newWorld(ipvs.Table{entry(web, server("10.0.0.3:80", 50))})
	w.connections(web, "10.0.0.3:80", 30, 10, 0)
	w.at = func(seconds int) { w.connections(web, "10.0.0.2:80", uint32(seconds)*4, uint32(seconds), 0) }
	r, said := w.ramp(t, RampOptions{Service: web, Server: server("10.0.0.2:80", 100), UntilEven: true})
	if err := r.Run(); err != nil || w.weights("10.0.0.2") != "100" {
		t.Errorf("%v, the weight is %s", err, w.weights("10.0.0.2"))
	}
	if want := "0:16: it has its share of the connections\nWeight 100 reached in 0:16.\n"; !strings.HasSuffix(said.String(), want) {
		t.Errorf("got\n%s", said)
	}
}
