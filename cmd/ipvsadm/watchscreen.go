package main

import (
	"maps"
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
	finding chan *names // where the names that are looked up meanwhile come from; nil if none are
	above   int         // rows above those that are shown
}

// watchOn shows the listing in place until somebody quits.
func (l *lister) watchOn(terminal *os.File) error {
	if !l.command.has(outputBit) {
		l.command.listing.output = asTable
	}
	s, err := openScreen(l.stdin, terminal)
	if err != nil {
		return err
	}
	defer s.leave()
	v := &view{lister: l, screen: s, tick: time.NewTimer(0)}
	for {
		quit, err := v.await()
		if quit || err != nil {
			return err
		}
		if !v.now.IsZero() {
			if err := v.draw(); err != nil {
				return err
			}
		}
	}
}

// await waits until there is something else to be shown.
func (v *view) await() (quit bool, err error) {
	select {
	case <-v.tick.C:
		v.tick.Reset(v.command.listing.interval)
		return false, v.refresh()
	case v.names = <-v.finding:
		v.finding = nil
	case k := <-v.screen.keys:
		return k == keyQuit, v.press(k)
	case s := <-v.screen.signals:
		switch s {
		case os.Interrupt:
			return true, nil
		case syscall.SIGTERM, syscall.SIGHUP:
			return true, &statusError{errReported, 128 + int(s.(syscall.Signal))}
		case syscall.SIGCONT:
			return false, v.screen.enter()
		}
	}
	return false, nil
}

// press does what a key asks for.
func (v *view) press(k key) error {
	_, height := v.screen.size()
	switch k {
	case keySuspend:
		return v.screen.suspend()
	case keyRefresh:
		v.tick.Reset(0)
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
		v.above = v.reading.rows()
	}
	return nil
}

// sortBy sorts by another column, if there is one.
func (v *view) sortBy(by column) {
	if v.reading.table == nil || v.command.has(nosortBit) || by < byName || by > byOutBytes {
		return
	}
	v.command.listing.sortBy = by
	v.reading.table.Table.Sort()
	by.sort(v.reading.table.Table)
}

// refresh reads the listing anew.
func (v *view) refresh() (err error) {
	v.now = time.Now()
	if v.reading, err = v.read(); err != nil {
		return err
	}
	// The screen has a line of its own above.
	if v.reading.table != nil {
		v.reading.table.Info = nil
	}
	v.findNames()
	return nil
}

// findNames has names looked up while the screen shows numbers.
func (v *view) findNames() {
	if v.names == nil || v.finding != nil {
		return
	}
	more := &names{hosts: maps.Clone(v.names.hosts)}
	addrs := v.reading.addrs()
	v.finding = make(chan *names, 1)
	go func(found chan<- *names) {
		more.again()
		more.lookUp(addrs)
		found <- more
	}(v.finding)
}

// draw shows as much of the listing as there is room for.
func (v *view) draw() error {
	width, height := v.screen.size()
	room := max(1, height-1-v.titles())
	v.above = max(0, min(v.above, v.reading.rows()-room))
	lines, err := v.lines(room)
	if err != nil {
		return err
	}
	status := []byte(v.status(room))
	lines = append([][]byte{status[:min(len(status), width)]}, lines...)
	return v.screen.draw(lines[:min(len(lines), height)])
}
