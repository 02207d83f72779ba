// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// liveScreen is a repeated listing on a terminal.
type liveScreen struct {
	t      *testing.T
	far    *os.File
	ended  chan struct{}
	stderr strings.Builder
	status int

	mu    sync.Mutex
	drawn string // everything written to the terminal
	seen  int    // length of the part of drawn that until has returned
}

// watchLive runs a repeated listing on a terminal.
func watchLive(t *testing.T, k *ipvstest.Kernel, root string, columns uint16, line string) *liveScreen {
	t.Helper()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	far, terminal := termtest.Open(t, columns)
	s := &liveScreen{t: t, far: far, ended: make(chan struct{})}
	go func() {
		part := make([]byte, 4096)
		for {
			n, err := far.Read(part)
			s.mu.Lock()
			s.drawn += string(part[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() {
		defer close(s.ended)
		s.status = run(strings.Fields(line), terminal, terminal, &s.stderr, fakeHost(k, root))
	}()
	return s
}

// until waits until text is drawn after the text of the last call, and returns what is
// drawn up to it.
func (s *liveScreen) until(text string) string {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		_, rest, found := strings.Cut(s.drawn[s.seen:], text)
		if found {
			before := s.drawn[s.seen : len(s.drawn)-len(rest)]
			s.seen = len(s.drawn) - len(rest)
			s.mu.Unlock()
			return before
		}
		s.mu.Unlock()
	}
	s.t.Fatalf("never draws %q:\n%q", text, s.drawn)
	return ""
}

func (s *liveScreen) press(keys string) {
	s.t.Helper()
	if _, err := s.far.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// quit waits for the end of the run and checks its result.
func (s *liveScreen) quit(status int, stderr string) {
	s.t.Helper()
	<-s.ended
	if s.status != status || s.stderr.String() != stderr {
		s.t.Errorf("ends with status %d and %q", s.status, &s.stderr)
	}
}

// A failed reading is reported, and the rows of the last successful one stay.
func TestScreenRecoversAfterFailedReading(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2")
	s := watchLive(t, k, "", 80, "ipvsadm -L -n -t 10.0.0.1:80 --watch 0.1")
	s.until("10.0.0.2:80")
	runLines(t, k, "ipvsadm -D -t 10.0.0.1:80")
	s.until("\x1b[31mold (")
	s.until("): No such service\x1b[0m")
	s.until("\x1b[2m  10.0.0.2:80 ")
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3")
	if before := s.until("10.0.0.3:80"); strings.Contains(before[strings.LastIndex(before, "\x1b[H"):], "old (") {
		t.Errorf("still old: %q", before)
	}
	s.press("q")
	s.quit(0, "")
}

func TestScreenFirstReadingFails(t *testing.T) {
	s := watchLive(t, ipvstest.New(), "", 80, "ipvsadm -L -n -t 10.0.0.1:80 --watch 0.1")
	s.quit(exitList, "No such service\n")
	s.until(termtest.LeaveScreen)
}

func TestScreenHelp(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
	s := watchLive(t, k, "", 60, "ipvsadm -L -n --watch 600")
	s.until("10.0.0.1:80")
	for _, ask := range []string{"h", "?"} {
		s.press(ask)
		help := s.until("suspend; fg resumes")
		if strings.Contains(help[strings.LastIndex(help, "\x1b[H"):], "10.0.0.1:80") {
			t.Errorf("keys and the listing: %q", help)
		}
		s.press("\x1b")
		s.until("10.0.0.1:80")
	}
	s.press("hq")
	s.quit(0, "")
}

// While the screen is paused, only the space key reads again.
func TestScreenPause(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
	s := watchLive(t, k, "", 80, "ipvsadm -L -n --watch 0.1")
	s.until("10.0.0.1:80")
	s.press("p")
	s.until("paused  sorted by name")
	runLines(t, k, "ipvsadm -A -t 10.0.0.2:80")
	time.Sleep(300 * time.Millisecond)
	s.press(">")
	if drawn := s.until("sorted by weight"); strings.Contains(drawn, "10.0.0.2:80") {
		t.Errorf("it reads while it is paused: %q", drawn)
	}
	s.press(" ")
	s.until("10.0.0.2:80")
	runLines(t, k, "ipvsadm -A -t 10.0.0.3:80")
	s.press("p")
	s.until("every 0.1 s")
	s.until("10.0.0.3:80")
	s.press("q")
	s.quit(0, "")
}

// The text typed after / selects services with all their servers, or single servers.
func TestScreenFilter(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.1", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.2",
		"ipvsadm -A -t 10.0.0.2:80", "ipvsadm -a -t 10.0.0.2:80 -r 10.0.1.2", "ipvsadm -A -f 7")
	s := watchLive(t, k, "", 80, "ipvsadm -L -n --watch 600")
	s.until("FWM 7")
	for _, c := range []struct {
		keys, head string
		rows       []string
	}{
		{"/1.2", "/1.2_  Enter keeps it  Esc shows all", []string{"TCP 10.0.0.1:80", "10.0.1.2:80", "TCP 10.0.0.2:80", "10.0.1.2:80"}},
		{"\x7f1:", "/1.1:_", []string{"TCP 10.0.0.1:80", "10.0.1.1:80"}},
		{"\r", "only with 1.1:  Esc shows all  sorted by name", []string{"TCP 10.0.0.1:80", "10.0.1.1:80"}},
		{"/\x7f\x7f\x7f\x7f\x7fFwM", "/FwM_", []string{"FWM 7"}},
		{"q?h", "/FwMq?h_", []string{"no services"}},
		{"\x1b", "sorted by name", []string{"TCP 10.0.0.1:80", "10.0.1.1:80", "10.0.1.2:80", "TCP 10.0.0.2:80", "10.0.1.2:80", "FWM 7"}},
	} {
		s.press(c.keys)
		s.until(c.head)
		drawn := s.until("\x1b[J")
		at := 0
		for _, row := range c.rows {
			next := strings.Index(drawn[at:], row)
			if next < 0 {
				t.Fatalf("%q: no %q in order in %q", c.keys, row, drawn)
			}
			at += next + len(row)
		}
		if rows := strings.Count(drawn, "10.0.") + strings.Count(drawn, "FWM"); rows > len(c.rows) {
			t.Errorf("%q: %d rows in %q", c.keys, rows, drawn)
		}
	}
	s.press("/\x03")
	s.quit(0, "")
}

// The sequence of a function key may arrive in two pieces. An escape alone ends after 50 ms, so where this
// test was too slow to type the rest, it begins again.
func TestScreenSplitFunctionKeyDoesNotQuit(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
	typed := func() (inTime bool) {
		s := watchLive(t, k, "", 80, "ipvsadm -L -n --watch 600")
		s.until("10.0.0.1:80")
		for _, pieces := range [][2]string{{"\x1b", "OQ"}, {"\x1bO", "Q"}, {"\x1b[1;", "2Q"}} {
			start := time.Now()
			s.press(pieces[0])
			time.Sleep(5 * time.Millisecond)
			s.press(pieces[1])
			if took := time.Since(start); took > 40*time.Millisecond {
				t.Logf("%q took %v", pieces, took)
				s.press("q")
				<-s.ended
				return false
			}
		}
		s.press(">")
		s.until("by weight")
		s.press("q")
		s.quit(0, "")
		return true
	}
	for range 100 {
		if typed() {
			return
		}
	}
	t.Error("the machine is too slow for this test")
}

// Connections that the screen cannot scroll to are counted.
func TestScreenCountsAllConnections(t *testing.T) {
	titles, line, _ := strings.Cut(connectionTable, "\n")
	line, _, _ = strings.Cut(line, "\n")
	root := rootWith(t, listing.ConnectionsPath, titles+"\n"+strings.Repeat(line+"\n", 5000))
	s := watchLive(t, ipvstest.New(), root, 60, "ipvsadm -L -c -n --watch 600")
	s.until("5000 connections")
	s.until("row 1 of the first 1000 of 5000")
	s.press("q")
	s.quit(0, "")
}
