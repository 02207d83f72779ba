package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// view is a repeated listing on a screen.
type view struct {
	*lister
	screen  *screen
	tick    *time.Timer
	reading reading
	chosen  reading     // those rows that the filter lets through
	at      time.Time   // of the reading
	failure error       // of the try to read since then, nil if there was none
	finding chan *names // where the names that are looked up meanwhile come from; nil if none are
	above   int         // rows above those that are shown
	more    bool        // whether there are some below them
	paused  bool        // whether it is only read when a key asks for it
	filter  rowFilter
	help    bool // whether the keys are shown in the listing's place
}

// watchOn shows the listing in place until somebody quits.
func (l *lister) watchOn(terminal *os.File) error {
	l.onScreen = true
	if !l.command.has(outputBit) {
		l.command.listing.output = asTable
	}
	s, err := openScreen(l.stdin, terminal)
	if err != nil {
		return err
	}
	defer s.close()
	v := &view{lister: l, screen: s, tick: time.NewTimer(0)}
	for {
		quit, err := v.await()
		if quit || err != nil {
			return err
		}
		// Keys count all the same if they come faster than they can be shown.
		if v.at.IsZero() || len(s.keys) > 0 {
			continue
		}
		if err := v.draw(); err != nil {
			return err
		}
	}
}

// await waits until there is something else to be shown. Keys go first, so that
// they count where a reading takes as long as the interval.
func (v *view) await() (quit bool, err error) {
	select {
	case k := <-v.screen.keys:
		return v.press(k)
	case s := <-v.screen.signals:
		return v.signal(s)
	default:
	}
	select {
	case k := <-v.screen.keys:
		return v.press(k)
	case s := <-v.screen.signals:
		return v.signal(s)
	case v.names = <-v.finding:
		v.finding = nil
		v.choose()
	case <-v.tick.C:
		err = v.refresh()
		if !v.paused {
			v.tick.Reset(max(time.Until(v.now.Add(v.command.listing.interval)), leastPause))
		}
	}
	return false, err
}

func (v *view) signal(s os.Signal) (quit bool, err error) {
	switch s {
	case syscall.SIGINT:
		return true, nil
	case syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT:
		return true, &statusError{errReported, 128 + int(s.(syscall.Signal))}
	case syscall.SIGTSTP:
		return false, v.screen.suspend(os.Getpid())
	case syscall.SIGCONT:
		return false, v.screen.enter() // the shell may have changed the terminal
	}
	return false, nil
}

// press does what a key asks for.
func (v *view) press(stroke keystroke) (quit bool, err error) {
	_, height := v.screen.size()
	switch k := stroke.key; {
	case v.filter.take(stroke.text):
		v.choose()
		return false, nil
	case k == keyQuit:
		return true, nil
	case k == keySuspend:
		const job = 0 // all processes of it, as the terminal does
		return false, v.screen.suspend(job)
	case v.help || k == keyHelp:
		v.help = !v.help
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
		v.sortBy(v.command.listing.sortBy - 1)
	case keyRight:
		v.sortBy(v.command.listing.sortBy + 1)
	case keyUp:
		v.above--
	case keyDown:
		v.above++
	case keyPageUp:
		v.above -= height / 2
	case keyPageDown:
		v.above += height / 2
	case keyHome:
		v.above = 0
	case keyEnd:
		v.above = v.chosen.rows()
	case keyFilter:
		v.filter.typing = v.reading.table != nil
	}
	return false, nil
}

// sortBy sorts by another column, if there is one.
func (v *view) sortBy(by column) {
	if v.reading.table == nil || v.command.has(nosortBit) || by < byName || by > byOutBytes {
		return
	}
	v.command.listing.sortBy = by
	v.reading.table.Table.Sort()
	by.sort(v.reading.table.Table)
	v.choose()
}

// refresh reads the listing anew. If that fails the last one stays; without one it
// is an error.
func (v *view) refresh() error {
	v.now = time.Now()
	var r reading
	v.failure = v.try(func() (err error) {
		r, err = v.read()
		return err
	})
	switch {
	case v.failure == nil:
		v.reading, v.at = r, v.now
	case v.at.IsZero():
		return v.failure
	default:
		return nil
	}
	// The screen has a line of its own above.
	if v.reading.table != nil {
		v.reading.table.Info = nil
	}
	v.choose()
	v.findNames()
	return nil
}

// findNames has names looked up while the screen shows numbers.
func (v *view) findNames() {
	if v.names == nil || v.finding != nil {
		return
	}
	more := newNames()
	addrs := v.reading.addrs()
	more.keep(v.names, addrs)
	v.finding = make(chan *names, 1)
	go func(found chan<- *names) {
		defer v.screen.rescue()
		more.lookUp(addrs)
		found <- more
	}(v.finding)
}

// draw shows as much of the listing as there is room for, or the keys.
func (v *view) draw() error {
	width, height := v.screen.size()
	if v.help {
		return v.screen.draw(part(helpLines(width), 0, height))
	}
	above := v.headHeight(height)
	lines, err := v.fit(max(1, height-above))
	if err != nil {
		return err
	}
	if v.failure != nil && v.coloured() {
		for i, line := range lines {
			lines[i] = fmt.Appendf(nil, "\x1b[2m%s\x1b[0m", line)
		}
	}
	lines = append(v.head(width, above), lines...)
	return v.screen.draw(part(lines, 0, height))
}
