package main

import (
	"bytes"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

// screen is a terminal that shows a listing in place, on its alternate screen, so
// that what was there before comes back in the end.
type screen struct {
	in, out *os.File    // in is nil if it is no terminal
	before  *term.State // of in
	keys    chan key
	signals chan os.Signal
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
	s := &screen{out: out, keys: make(chan key, 16), signals: make(chan os.Signal, 4)}
	if in, ok := stdin.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		s.in = in
	}
	signal.Notify(s.signals, syscall.SIGWINCH, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGCONT)
	if err := s.enter(); err != nil {
		return nil, err
	}
	if s.in != nil {
		go s.readKeys()
	}
	return s, nil
}

// enter is done again when the process was stopped meanwhile.
func (s *screen) enter() error {
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

// suspend stops the process and those of the same job, as ^Z does. It returns
// when the process goes on. A SIGTSTP from elsewhere just stops it: once Go has
// caught that signal, it does not stop the process any more, not even after
// signal.Reset.
func (s *screen) suspend() error {
	s.leave()
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
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
	_, err := s.out.Write(b.Bytes())
	return err
}
