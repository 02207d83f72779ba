package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"
)

// screen is a terminal that shows a listing in place, on its alternate screen, so
// that what was there before comes back in the end.
type screen struct {
	in, out *os.File    // in is nil if it is no terminal
	before  *term.State // of in
	keys    chan keystroke
	signals chan os.Signal
	writing sync.Mutex // keeps what is drawn off a terminal that was given back
}

// Escape sequences that all terminals of today know, and the Linux console.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l" // alternate screen, no cursor, no wrapping
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	homeCursor  = "\x1b[H"
	clearLine   = "\x1b[K"
	clearRest   = "\x1b[J"
)

// openScreen takes the terminal over. Keys are read if stdin is one, too.
func openScreen(stdin io.Reader, out *os.File) (*screen, error) {
	s := &screen{out: out, keys: make(chan keystroke, 16), signals: make(chan os.Signal, 4)}
	if in, ok := stdin.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		s.in = in
	}
	signal.Notify(s.signals, syscall.SIGWINCH, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT,
		syscall.SIGTSTP, syscall.SIGCONT)
	if err := s.enter(); err != nil {
		s.close()
		return nil, err
	}
	if s.in != nil {
		go s.readKeys()
	}
	return s, nil
}

// close gives the terminal back for good. Signals do what they did before only
// then, since they may end the process.
func (s *screen) close() {
	s.leave()
	signal.Stop(s.signals)
}

// rescue gives the terminal back if a goroutine panics: it is deferred in each one
// but the first, where close is. The process ends then, and draws no more.
func (s *screen) rescue() {
	if cause := recover(); cause != nil {
		s.writing.Lock()
		s.leave()
		panic(cause)
	}
}

// enter is done again when the process was stopped meanwhile.
func (s *screen) enter() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.in != nil {
		before, err := term.MakeRaw(int(s.in.Fd()))
		if err != nil {
			return err
		}
		if s.before == nil {
			s.before = before
		}
	}
	_, err := s.out.WriteString(enterScreen)
	return err
}

// leave gives the terminal back as it was.
func (s *screen) leave() {
	_, _ = s.out.WriteString(leaveScreen)
	if s.before != nil {
		_ = term.Restore(int(s.in.Fd()), s.before)
	}
}

// suspend stops the process, or that and those of the same job if process is 0. It
// returns when the process goes on.
func (s *screen) suspend(process int) error {
	s.leave()
	restore, err := defaultAction(syscall.SIGTSTP)
	if err != nil {
		return errors.Join(err, s.enter())
	}
	if err := syscall.Kill(process, syscall.SIGTSTP); err != nil {
		restore()
		return errors.Join(err, s.enter())
	}
	// Another thread may get the signal, so the process stops somewhere below, or
	// not at all if no shell could let it go on.
	var others []os.Signal
	giveUp := time.After(time.Second)
	for goesOn := false; !goesOn; {
		select {
		case next := <-s.signals:
			if goesOn = next == syscall.SIGCONT; !goesOn {
				others = append(others, next)
			}
		case <-giveUp:
			goesOn = true
		}
	}
	for _, other := range others {
		select {
		case s.signals <- other:
		default: // as if it had come now
		}
	}
	restore()
	return s.enter()
}

// size is that of the terminal, or a usual one if it does not tell.
func (s *screen) size() (width, height int) {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// draw shows lines in the place of what was there.
func (s *screen) draw(lines [][]byte) error {
	var b bytes.Buffer
	b.WriteString(homeCursor)
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(clearLine) // before, since after a full line it would take the last letter
		b.Write(line)
	}
	b.WriteString(clearRest)
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.out.Write(b.Bytes())
	return err
}
