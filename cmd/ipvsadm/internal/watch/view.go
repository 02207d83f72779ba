// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// view shows a listing on a screen.
type view struct {
	*Watch
	reader *kernel.Reader
	screen *screen
	tick   *time.Timer

	result listing.Result // of the last successful reading
	chosen listing.Result // the rows of result that the filter selects
	at     time.Time      // of the last successful reading, zero before it
	// servers has all destinations of each service, because a page may show only some.
	servers map[ipvs.ServiceID][]ipvs.Destination
	failure error // of the last reading, nil if it was successful
	// pendingNames delivers the result of the lookup in progress. It is nil if there is
	// none.
	pendingNames chan *resolve.Names

	above  int  // rows above those on the screen
	more   bool // whether there are rows below them
	paused bool // whether only the space key starts a reading
	room   int  // lines for the listing on the screen
	filter rowFilter
	help   int // number of the page of keys that replaces the listing, 0 for none
}

// runScreen shows the listing until a key, a signal or an error ends it.
func runScreen(w *Watch, r *kernel.Reader) error {
	s, err := openScreen(w.Stdin, w.Terminal.File)
	if err != nil {
		return err
	}
	defer s.close()
	v := &view{Watch: w, reader: r, screen: s, tick: time.NewTimer(0)}
	for {
		quit, err := v.waitForEvent()
		if quit || err != nil {
			return err
		}
		// Handle all waiting keys before drawing.
		if v.at.IsZero() || len(s.keys) > 0 {
			continue
		}
		if err := v.draw(); err != nil {
			return err
		}
	}
}

// waitForEvent waits for a key, a signal, names or the next reading, and handles it. Keys
// come first, so that they work even if a reading takes as long as the interval.
func (v *view) waitForEvent() (quit bool, err error) {
	select {
	case k := <-v.screen.keys:
		return v.handleKey(k)
	case s := <-v.screen.signals:
		return v.handleSignal(s)
	default:
	}
	select {
	case k := <-v.screen.keys:
		return v.handleKey(k)
	case s := <-v.screen.signals:
		return v.handleSignal(s)
	case v.Listing.Names = <-v.pendingNames:
		v.pendingNames = nil
		v.applyFilter()
	case <-v.tick.C:
		err = v.refresh()
		if !v.paused {
			v.tick.Reset(max(time.Until(v.Listing.Time.Add(v.Interval)), minPause))
		}
	}
	return false, err
}

func (v *view) handleSignal(s os.Signal) (quit bool, err error) {
	switch s {
	case syscall.SIGINT:
		return true, nil
	case syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		return true, &SignalError{s.(syscall.Signal)}
	case syscall.SIGTSTP:
		return false, v.screen.suspend(os.Getpid())
	case syscall.SIGCONT:
		return false, v.screen.enter() // the shell may have changed the terminal
	}
	return false, nil
}

// handleKey executes the function of a key.
func (v *view) handleKey(stroke keystroke) (quit bool, err error) {
	switch k := stroke.key; {
	case v.filter.handle(stroke.text):
		v.applyFilter()
		return false, nil
	case k == keyQuit:
		return true, nil
	case k == keySuspend:
		const job = 0 // all processes of the job, as a terminal does
		return false, v.screen.suspend(job)
	case v.help > 0 && stroke.text == "\x1b":
		v.help = 0
		return false, nil
	case v.help > 0 || k == keyHelp:
		v.help++ // draw ends the help after its last page
		return false, nil
	case stroke.text == "\x1b" && v.filter.text != "":
		v.filter = rowFilter{}
		v.applyFilter()
		return false, nil
	case v.at.IsZero(): // the other keys need a listing
		return false, nil
	}
	switch stroke.key {
	case keyRefresh:
		v.tick.Reset(0)
	case keyPause:
		if v.paused = !v.paused; v.paused {
			v.tick.Stop()
		} else {
			v.tick.Reset(0)
		}
	case keyLeft:
		v.sortBy(v.Listing.Options.SortBy - 1)
	case keyRight:
		v.sortBy(v.Listing.Options.SortBy + 1)
	case keyUp:
		v.above = max(0, v.above-1)
	case keyDown:
		v.above++
	case keyPageUp:
		v.above = v.pageStart(v.above, v.room)
	case keyPageDown:
		v.above = v.pageEnd(v.above, v.room)
	case keyHome:
		v.above = 0
	case keyEnd:
		v.above = v.chosen.Rows()
	case keyFilter:
		_, v.filter.typing = v.result.(listing.TableResult)
	}
	return false, nil
}

// sortBy sorts by another key, unless that is not valid or the listing is not sorted.
func (v *view) sortBy(by listing.SortKey) {
	r, ok := v.result.(listing.TableResult)
	if !ok || v.Listing.Options.Unsorted || !by.IsValid() {
		return
	}
	v.Listing.Options.SortBy = by
	r.Table.Sort()
	by.Sort(r.Table)
	v.applyFilter()
}

// refresh reads the listing. If that fails, the last result stays. It returns an error
// only if there is none.
func (v *view) refresh() error {
	v.Listing.Time = time.Now()
	var result listing.Result
	v.failure = v.reader.Try(func() (err error) {
		result, err = v.Listing.Read()
		return err
	})
	switch {
	case v.failure == nil:
		v.result, v.at = result, v.Listing.Time
	case v.at.IsZero():
		return v.failure
	default:
		return nil
	}
	v.servers = nil
	if r, ok := v.result.(listing.TableResult); ok {
		r.Info = nil // the header of the screen replaces it
		v.servers = serversOf(r.Table)
	}
	v.applyFilter()
	v.lookUpNames()
	return nil
}

// lookUpNames starts to look up names. The screen shows numbers until they are found.
func (v *view) lookUpNames() {
	if v.Listing.Names == nil || v.pendingNames != nil {
		return
	}
	addrs := v.result.Addrs()
	names := v.Listing.NewNames(addrs)
	names.Rescue = v.screen.rescue
	v.pendingNames = make(chan *resolve.Names, 1)
	go func(found chan<- *resolve.Names) {
		defer v.screen.rescue()
		names.LookUp(addrs)
		found <- names
	}(v.pendingNames)
}

// draw shows the part of the listing that fits on the screen, or the list of keys.
func (v *view) draw() error {
	width, height := v.screen.size()
	if v.help > 0 {
		if pages := helpPages(width, height); v.help <= len(pages) {
			return v.screen.draw(firstLines(pages[v.help-1], height))
		}
		v.help = 0
	}
	v.room = max(1, height-v.headerHeight(width, height))
	lines := v.fit(v.room)
	if v.failure != nil && v.Style().Colour {
		for i, line := range lines {
			lines[i] = fmt.Appendf(nil, "\x1b[2m%s\x1b[0m", line)
		}
	}
	lines = append(v.header(width, height), lines...)
	return v.screen.draw(firstLines(lines, height))
}

func serversOf(table ipvs.Table) map[ipvs.ServiceID][]ipvs.Destination {
	servers := make(map[ipvs.ServiceID][]ipvs.Destination, len(table))
	for _, entry := range table {
		servers[entry.Service.ServiceID] = entry.Destinations
	}
	return servers
}
