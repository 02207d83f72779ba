// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"golang.org/x/term"
)

// screen is a terminal that shows a listing in place.
//
// It uses the alternate screen and raw mode. However the program ends, by a key, a
// signal, an error or a panic in any goroutine, the terminal gets back its state and its
// content. The same holds while the process is stopped: ^Z and SIGTSTP restore the
// terminal before the process stops, and SIGCONT enters the screen again.
type screen struct {
	in, out  *os.File    // in is nil if stdin is not a terminal
	oldState *term.State // of in, before the first enter
	keys     chan keystroke
	signals  chan os.Signal
	mu       sync.Mutex // prevents drawing on a terminal that was restored
}

// Escape sequences that all current terminals and the Linux console support.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l" // alternate screen, no cursor, no wrapping
	leaveScreen = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	homeCursor  = "\x1b[H"
	clearLine   = "\x1b[K"
	clearRest   = "\x1b[J"
)

// openScreen enters the screen. It reads keys if stdin is a terminal, too.
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

// close restores the terminal for good. It stops catching signals only after that, since
// a signal may end the process.
func (s *screen) close() {
	s.leave()
	signal.Stop(s.signals)
}

// rescue restores the terminal if the goroutine panics, then panics again. Defer it in
// each goroutine but the main one, which defers close. It keeps the mutex, so that nothing
// is drawn any more.
func (s *screen) rescue() {
	if cause := recover(); cause != nil {
		s.mu.Lock()
		s.leave()
		panic(cause)
	}
}

// enter switches to raw mode and the alternate screen. It is called again after the
// process was stopped.
func (s *screen) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.in != nil {
		before, err := term.MakeRaw(int(s.in.Fd()))
		if err != nil {
			return err
		}
		if s.oldState == nil {
			s.oldState = before
		}
	}
	_, err := s.out.WriteString(enterScreen)
	return err
}

// leave restores the terminal.
func (s *screen) leave() {
	_, _ = s.out.WriteString(leaveScreen)
	if s.oldState != nil {
		_ = term.Restore(int(s.in.Fd()), s.oldState)
	}
}

// suspend restores the terminal and stops a process, or all processes of its job if
// process is 0. It enters the screen again when the process is resumed.
func (s *screen) suspend(process int) error {
	s.leave()
	restore, err := kernel.DefaultAction(syscall.SIGTSTP)
	if err != nil {
		return errors.Join(err, s.enter())
	}
	if err := syscall.Kill(process, syscall.SIGTSTP); err != nil {
		restore()
		return errors.Join(err, s.enter())
	}
	// Another thread may get the signal, so the process may stop anywhere in this loop.
	// It does not stop at all if it is in an orphaned process group.
	var others []os.Signal
	giveUp := time.After(time.Second)
	for resumed := false; !resumed; {
		select {
		case next := <-s.signals:
			if resumed = next == syscall.SIGCONT; !resumed {
				others = append(others, next)
			}
		case <-giveUp:
			resumed = true
		}
	}
	for _, other := range others {
		select {
		case s.signals <- other:
		default: // the channel is full, as it may be for any signal
		}
	}
	restore()
	return s.enter()
}

// size returns the size of the terminal, or 80 by 24 if the terminal does not tell.
func (s *screen) size() (width, height int) {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// draw replaces the content of the screen.
func (s *screen) draw(lines [][]byte) error {
	var b bytes.Buffer
	b.WriteString(homeCursor)
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(clearLine) // after a full line it would clear the last character
		b.Write(line)
	}
	b.WriteString(clearRest)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.out.Write(b.Bytes())
	return err
}
