// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// busy is a world whose three services have connections that end one after the other.
func busy() *world {
	w := newWorld(three())
	w.sysctls["expire_nodest_conn"] = "1"
	w.connections(web, "10.0.0.2:8080", 3, 1, 0)
	w.connections(tls, "10.0.0.2:443", 1, 0, 0)
	w.at = func(seconds int) {
		switch seconds {
		case 4:
			w.connections(tls, "10.0.0.2:443", 0, 0, 0)
		case 9:
			w.connections(web, "10.0.0.2:8080", 0, 1, 0)
			w.k.SetConnEntries(connTo(web, "10.0.0.2:8080", 1000, "FIN_WAIT", 900).entry)
		case 25:
			w.connections(web, "10.0.0.2:8080", 0, 0, 0)
		}
	}
	return w
}

var stages = map[string]Options{
	"remove":       {Servers: hosts, Wait: DefaultWait},
	"keep servers": {Servers: hosts, Wait: DefaultWait, KeepServers: true},
	"limit, keep":  {Servers: hosts, Wait: 6 * time.Second},
	"limit, undo":  {Servers: hosts, Wait: 6 * time.Second, AtLimit: UndoAtLimit},
	"limit, cut":   {Servers: hosts, Wait: 6 * time.Second, AtLimit: RemoveAtLimit},
}

// atEnd is what the weights may be when a drain ends without a signal.
var atEnd = map[string]string{"remove": "- - -", "keep servers": "0 0 0", "limit, keep": "0 - -", "limit, undo": "3 2 1", "limit, cut": "- - -"}

// At every moment of a drain a signal puts everything back, unless the drain ends anyway, and
// further signals change nothing about that. At every moment before it, each server has its
// weight, has weight 0 or is gone, and only after the way back was written.
func TestDrainIsUndoneBySignalsAtEveryMoment(t *testing.T) {
	moments, undone := 0, 0
	for stage, o := range stages {
		for _, signals := range [][]os.Signal{{os.Interrupt}, {syscall.SIGTERM, os.Interrupt}, {syscall.SIGHUP, syscall.SIGHUP, syscall.SIGHUP}} {
			for moment := 0; ; moment++ {
				w := busy()
				d := w.drain(t, o)
				var err error
				written, at := false, 0
				d.WayBack = func(string) error { written = true; return nil }
				p := w.k.Start(func() { err = d.Run() })
				for _, running := p.Request(); running; _, running = p.Request() {
					if weights := w.weights("10.0.0.2"); weights != "3 2 1" && !written {
						t.Fatalf("%s, moment %d: changed without a way back: %s", stage, moment, weights)
					}
					for i, s := range signals {
						if at == moment+3*i {
							w.signals <- s
						}
					}
					p.Step()
					at++
				}
				if at <= moment {
					break
				}
				moments++
				switch weights := w.weights("10.0.0.2"); {
				case errors.Is(err, ErrInterrupted):
					undone++
					if weights != "3 2 1" {
						t.Errorf("%s, %v at moment %d: the weights are %s", stage, signals, moment, weights)
					}
				case weights != atEnd[stage]:
					t.Errorf("%s, %v at moment %d: %v, the weights are %s", stage, signals, moment, err, weights)
				case moment < at-8:
					t.Errorf("%s, %v at moment %d of %d is ignored", stage, signals, moment, at)
				}
			}
		}
	}
	t.Logf("%d moments, %d of them undone", moments, undone)
	if moments < 200 || undone < 200 {
		t.Error("that is too few")
	}
}

// A request that fails at any moment, of any kind, leaves the drain in a state that it
// tells: it ends, removes no server that it has not read, and its rules lead back.
func TestDrainSurvivesFaultsAtEveryMoment(t *testing.T) {
	effects := map[string]ipvstest.Effect{
		"no memory": ipvstest.Refuse(syscall.ENOMEM), "lost answer": ipvstest.Lose(), "lost refusal": ipvstest.LoseRefusal(syscall.ENOMEM),
		"no permission": ipvstest.Refuse(syscall.EPERM), "cut": ipvstest.Truncate(7), "silence": ipvstest.Silence(),
	}
	moments := 0
	for stage, o := range stages {
		for name, effect := range effects {
			for moment := 0; ; moment++ {
				w := busy()
				d := w.drain(t, o)
				var err error
				at, began := 0, false
				d.WayBack = func(string) error { began = true; return nil }
				p := w.k.Start(func() { err = d.Run() })
				for r, running := p.Request(); running; r, running = p.Request() {
					if at == moment && !(name == "silence" && r.Dump) {
						p.StepWith(effect)
					} else {
						p.Step()
					}
					at++
				}
				if at <= moment {
					break
				}
				moments++
				weights := w.weights("10.0.0.2")
				if !began && weights != "3 2 1" {
					t.Errorf("%s, %s at moment %d: %v before the beginning, the weights are %s", stage, name, moment, err, weights)
				}
				if began && weights != atEnd[stage] {
					if err == nil {
						t.Errorf("%s, %s at moment %d: no error, the weights are %s", stage, name, moment, weights)
					}
					followRules(t, w, d)
				}
			}
		}
	}
	t.Logf("%d moments", moments)
}

// followRules does what the rules of a drain that stopped say, and checks that everything is
// as before.
func followRules(t *testing.T, w *world, d *Drain) {
	c, err := w.k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	rules := fmt.Sprint(d.undone())
	for _, target := range d.targets {
		switch {
		case target.removed:
			if err := c.NewDestination(target.id(), target.before); err != nil && !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s: %v", rules, err)
			}
		case target.quiesced:
			if err := c.SetWeight(target.id(), target.server(), target.before.Weight); err != nil {
				t.Errorf("%s: %v", rules, err)
			}
		}
	}
	if got := w.weights("10.0.0.2"); got != "3 2 1" {
		t.Errorf("%s leads to %s", rules, got)
	}
}
