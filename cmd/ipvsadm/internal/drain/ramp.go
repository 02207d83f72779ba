// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// RampOptions say whose weight to raise, and how.
type RampOptions struct {
	Service ipvs.ServiceID
	// Server has the weight at the end, and the other settings of a server that is not
	// there yet. Named is set if one of those was named.
	Server ipvs.Destination
	Named  bool
	Over   time.Duration // from the first step to the last
	Steps  int
	// UntilEven ends the ramp as soon as the server has its share of the connections.
	UntilEven bool
}

// Defaults of a ramp.
const (
	DefaultOver  = 60 * time.Second
	DefaultSteps = 10
)

// Ramp raises the weight of a server in equal steps, or lowers it. All fields must be set.
type Ramp struct {
	RampOptions
	Source
	// Say prints a line of progress, and Warn one for the user to note.
	Say, Warn func(text string)

	began   time.Time
	weight  uint32 // that it has now
	present bool   // whether the server is there
}

// UnfitError means that a ramp does not fit what the kernel has. Nothing changed.
type UnfitError struct{ text string }

func (e *UnfitError) Error() string { return e.text }

func unfit(format string, args ...any) error { return &UnfitError{fmt.Sprintf(format, args...)} }

// ErrLeft means that a signal ended the ramp. The weight stays where it is.
var ErrLeft = errors.New("interrupted; the weight stays")

// Run changes the weight until it has the value at the end.
func (r *Ramp) Run() error {
	entry, err := r.Client.TableEntry(r.Service)
	if err != nil {
		return err
	}
	if err := r.check(&entry); err != nil {
		return err
	}
	weights := steps(r.weight, r.Server.Weight, r.Steps)
	if len(weights) == 0 {
		r.Say(fmt.Sprintf("%s has weight %d already.", r, r.weight))
		return nil
	}
	r.warn(&entry.Service, len(weights))
	r.began = r.Now()
	heading := fmt.Sprintf("Ramping %s from weight %d to %d, in %s over %s. ^C leaves the weight where it is.",
		r, r.weight, r.Server.Weight, counted(len(weights), "step", "steps"), Clock(r.duration(len(weights))))
	for i, weight := range weights {
		at := r.began
		if i > 0 {
			at = at.Add(r.Over * time.Duration(i) / time.Duration(len(weights)-1))
		}
		even, err := r.wait(at, i > 0)
		if err != nil {
			return r.left(err)
		}
		if even {
			weight = r.Server.Weight
		}
		if err := r.set(weight); err != nil {
			if i == 0 {
				return err
			}
			return r.left(&StoppedError{err})
		}
		if i == 0 { // now that the kernel takes it
			r.Say(heading)
		}
		if even {
			r.Say(fmt.Sprintf("%s: it has its share of the connections", Clock(r.Now().Sub(r.began))))
			break
		}
		r.Say(fmt.Sprintf("%s: weight %d", Clock(r.Now().Sub(r.began)), weight))
	}
	r.Say(fmt.Sprintf("Weight %d reached in %s.", r.weight, Clock(r.Now().Sub(r.began))))
	return nil
}

func (r *Ramp) String() string { return fmt.Sprintf("%s of %s", r.Server.DestinationID, r.Service) }

// duration is the time from the first of n steps to the last.
func (r *Ramp) duration(n int) time.Duration {
	if n < 2 {
		return 0
	}
	return r.Over
}

// check compares the options with what the kernel has.
func (r *Ramp) check(entry *ipvs.TableEntry) error {
	i := slices.IndexFunc(entry.Destinations, func(d ipvs.Destination) bool { return d.DestinationID == r.Server.DestinationID })
	r.present = i >= 0
	switch {
	case r.UntilEven && entry.Service.Scheduler != ipvs.WeightedLeastConnection && entry.Service.Scheduler != ipvs.LeastConnection:
		return unfit("--until-even is for the schedulers wlc and lc, and %s has %s", r.Service, entry.Service.Scheduler)
	case r.present && r.Named:
		return unfit("%s is there already, and --ramp changes only its weight; -e --keep changes other settings", r)
	case r.present:
		r.weight = entry.Destinations[i].Weight
	case format.NeedsTunnel(r.Service, r.Server.AddrPort.Addr()) && r.Server.Forward != ipvs.Tunnel:
		return unfit("%s is of another address family, and so needs -i", r)
	case r.Server.AddrPort.Port() != r.Service.AddrPort.Port() && !format.AllowsOtherPort(r.Service, r.Server.Forward):
		return unfit("%s is not there; to add it, it needs -m, because it has another port than its service", r)
	}
	return nil
}

// warn warns of ramps that do less than one would think.
func (r *Ramp) warn(s *ipvs.Service, n int) {
	if slices.Contains([]string{ipvs.RoundRobin, ipvs.LeastConnection, ipvs.DestinationHashing}, s.Scheduler) {
		r.Warn(fmt.Sprintf("the scheduler %s of %s knows no weights but 0, so the first step gives the server its full share", s.Scheduler, r.Service))
	}
	if n < r.Steps {
		are := "are"
		if n == 1 {
			are = "is"
		}
		r.Warn(fmt.Sprintf("between the weights %d and %d there %s only %s; more need larger weights of all servers of the service",
			r.weight, r.Server.Weight, are, counted(n, "step", "steps")))
	}
}

// steps returns the weights on the way, without those that are the same as the one before.
func steps(from, to uint32, n int) (weights []uint32) {
	last := from
	for i := 1; i <= n; i++ {
		weight := uint32(int64(from) + (int64(to)-int64(from))*int64(i)/int64(n))
		if weight != last {
			weights = append(weights, weight)
		}
		last = weight
	}
	return weights
}

// wait waits until a time. With UntilEven it looks each second whether the server has its
// share of the connections; even tells that it has.
func (r *Ramp) wait(until time.Time, look bool) (even bool, err error) {
	for {
		next := until
		if r.UntilEven && look && r.Now().Add(interval).Before(until) {
			next = r.Now().Add(interval)
		}
		if r.sleep(next) {
			return false, ErrLeft
		}
		if r.UntilEven && look {
			if even, err = r.even(); even || err != nil {
				return even, err
			}
		}
		if next.Equal(until) {
			return false, nil
		}
	}
}

// even tells whether the server has as many connections as others, in proportion to the
// weight that it gets at the end. Like the scheduler wlc, it counts an active connection as
// 256 inactive ones.
func (r *Ramp) even() (bool, error) {
	list, err := r.Client.Destinations(r.Service)
	if err != nil {
		return false, nil // the next step tells if that goes on
	}
	var own, others, weights float64
	for _, d := range list {
		load := float64(d.ActiveConns)*256 + float64(d.InactiveConns)
		switch {
		case d.DestinationID == r.Server.DestinationID:
			own = load
		case d.Weight > 0:
			others += load
			weights += float64(d.Weight)
		}
	}
	return weights > 0 && own*weights >= others*float64(r.Server.Weight), nil
}

// set gives the server a weight, or adds it with that.
func (r *Ramp) set(weight uint32) error {
	if !r.present {
		added := r.Server
		added.Weight = weight
		if err := r.Client.NewDestination(r.Service, added); err != nil {
			return err
		}
		r.present, r.weight = true, weight
		return nil
	}
	err := r.Client.EditDestination(r.Service, r.Server.DestinationID, func(now *ipvs.Destination) error {
		if now.Weight != r.weight {
			return &otherProgram{fmt.Sprintf("set the weight of %s to %d", r, now.Weight)}
		}
		now.Weight = weight
		return nil
	})
	switch {
	case errors.Is(err, ipvs.ErrNoService), errors.Is(err, ipvs.ErrNoDestination):
		return &otherProgram{"has removed " + r.String()}
	case err == nil:
		r.weight = weight
	}
	return err
}

// left says where the weight stays.
func (r *Ramp) left(err error) error {
	took := Clock(r.Now().Sub(r.began))
	var other *otherProgram
	switch {
	case errors.As(err, &other):
		r.Say(fmt.Sprintf("Stopped after %s: %v", took, other))
	case errors.Is(err, ErrLeft) && !r.present:
		r.Say(fmt.Sprintf("Interrupted after %s; nothing is changed.", took))
	case errors.Is(err, ErrLeft):
		r.Say(fmt.Sprintf("Interrupted after %s; the weight stays %d.", took, r.weight))
	default:
		r.Say(fmt.Sprintf("Stopped after %s with weight %d: %v", took, r.weight, err))
	}
	return err
}
