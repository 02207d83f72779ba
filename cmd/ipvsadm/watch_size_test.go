// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/mattn/go-runewidth"
)

// attributes are the sequences for colours and weights.
var attributes = regexp.MustCompile("\x1b\\[\\d*m")

// lines returns the lines of the last drawing, without colours. ok is false if there is no
// complete drawing after the first from bytes.
func (s *liveScreen) lines(from int) (lines []string, ok bool) {
	s.mu.Lock()
	drawn := s.drawn
	s.mu.Unlock()
	drawn, rest, ok := cutLast(drawn, "\x1b[J")
	if !ok || rest != "" || len(drawn) < from {
		return nil, false
	}
	_, drawn, _ = cutLast(drawn, "\x1b[H")
	return strings.Split(attributes.ReplaceAllString(strings.ReplaceAll(drawn, "\x1b[K", ""), ""), "\r\n"), true
}

// after does something that makes the screen draw, and returns the lines of the drawing.
func (s *liveScreen) after(do func()) []string {
	s.t.Helper()
	s.mu.Lock()
	before := len(s.drawn)
	s.mu.Unlock()
	do()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if lines, ok := s.lines(before); ok {
			return lines
		}
	}
	s.t.Fatal("nothing is drawn")
	return nil
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// resize changes the size of the terminal and tells the process.
func (s *liveScreen) resize(columns, rows uint16) {
	s.t.Helper()
	termtest.Resize(s.t, s.far, columns, rows)
	if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
		s.t.Fatal(err)
	}
}

// checkSize checks that a drawing fits on the terminal.
func checkSize(t *testing.T, lines []string, columns, rows int) {
	t.Helper()
	if len(lines) > rows {
		t.Errorf("%d lines in %d:\n%s", len(lines), rows, strings.Join(lines, "\n"))
	}
	for _, line := range lines {
		if runewidth.StringWidth(line) > columns {
			t.Errorf("%d columns in %d: %q", runewidth.StringWidth(line), columns, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("control characters: %q", line)
		}
	}
}

// rowTable returns services with so many servers each.
func rowTable(services, servers int) ipvs.Table {
	var table ipvs.Table
	for i := range services {
		entry := ipvs.TableEntry{Service: ipvs.Service{ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP}, Scheduler: "wlc"}}
		entry.Service.AddrPort = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i / 256), byte(i)}), 80)
		for j := range servers {
			d := ipvs.Destination{Weight: 1}
			d.AddrPort = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, byte(i), byte(j)}), 80)
			entry.Destinations = append(entry.Destinations, d)
		}
		table = append(table, entry)
	}
	return table
}

// A screen fits on terminals of any size, whatever the number of rows.
func TestScreenSizes(t *testing.T) {
	long := rowTable(2, 3)
	long[0].Service.AddrPort = netip.MustParseAddrPort("[2001:db8:1111:2222:3333:4444:5555:6666]:65535")
	for name, table := range map[string]ipvs.Table{"empty": nil, "long": long, "large": rowTable(100, 99)} {
		t.Run(name, func(t *testing.T) {
			k := ipvstest.New()
			k.SetTable(table)
			s := watchLive(t, k, "", 80, "ipvsadm -L -n --watch 600")
			s.until("every 600 s")
			s.until("\x1b[J")
			for _, size := range [][2]int{{20, 5}, {200, 60}, {1, 1}, {60, 24}, {20, 40}, {40, 10}, {3, 2}, {120, 3}, {80, 24}} {
				lines := s.after(func() { s.resize(uint16(size[0]), uint16(size[1])) })
				checkSize(t, lines, size[0], size[1])
				for _, key := range []string{"G", "\x1b[5~", "\x1b[A", "g", "\x1b[6~", "\x1b[B", "?", "x", "x", "/", "1", "\x1b"} {
					lines := s.after(func() { s.press(key) })
					checkSize(t, lines, size[0], size[1])
				}
			}
			s.press("q")
			s.quit(0, "")
		})
	}
}

// On a low terminal the totals stay as long as there is a line for a row, and the user can
// scroll to every row.
func TestLowScreens(t *testing.T) {
	k := ipvstest.New()
	k.SetTable(rowTable(3, 3))
	s := watchLive(t, k, "", 80, "ipvsadm -L -n --watch 600")
	s.until("every 600 s")
	s.until("\x1b[J")
	for _, c := range []struct {
		rows uint16
		head []string // after the time
	}{
		{14, []string{"0 conns/s  0 B/s in  0 B/s out  row 1 of 12", "0 active, 0 inactive  3 services, 9 servers  h help  q quit", "SERVICE, SERVER"}},
		{10, []string{"0 conns/s  0 B/s in  0 B/s out  row 1 of 12", "0 active, 0 inactive  3 services, 9 servers  h help  q quit", "SERVICE, SERVER"}},
		{9, []string{"0 conns/s  0 B/s in  0 B/s out  row 1 of 12  h help", "SERVICE, SERVER"}},
		{3, []string{"0 conns/s  0 B/s in  0 B/s out  row 1 of 12  h help", "SERVICE, SERVER"}},
		{2, []string{"0 conns/s  0 B/s in  0 B/s out  row 1 of 12  h help"}},
	} {
		drawn := s.after(func() { s.resize(80, c.rows) })
		for i, want := range c.head {
			if i == 0 {
				want = drawn[0][:len("15:04:05  ")] + want
			}
			if !strings.HasPrefix(drawn[i], want) {
				t.Errorf("%d lines: %q, want %q", c.rows, drawn[i], want)
			}
		}
		if !strings.HasPrefix(drawn[len(c.head)], "TCP 10.1.0.0:80 ") {
			t.Errorf("%d lines: no row in\n%s", c.rows, strings.Join(drawn, "\n"))
		}
	}
	for i := range 3 {
		for j := range 3 {
			drawn := s.after(func() { s.press("j") })
			if want := fmt.Sprintf("  10.2.%d.%d:80 ", i, j); !strings.HasPrefix(drawn[1], want) {
				t.Errorf("no %s in %q", want, drawn)
			}
		}
		s.after(func() { s.press("j") }) // the next service
	}
	s.press("q")
	s.quit(0, "")
}

// A terminal that is small from the beginning has the header of one that becomes small.
func TestSmallScreensShowPosition(t *testing.T) {
	k := ipvstest.New()
	k.SetTable(rowTable(1, 6))
	for _, c := range []struct {
		columns, rows uint16
		want          string
	}{
		{20, 5, "row 1 of 7"}, {40, 8, "row 1 of 7  h help  q quit"}, {60, 8, "row 1 of 7  h help  0 conns/s  0 B/s in"},
	} {
		s := watchLive(t, k, "", 80, "ipvsadm -L -n --watch 600")
		termtest.Resize(t, s.far, c.columns, c.rows)
		s.until("\x1b[J")
		first, _ := s.lines(0)
		s.after(func() { s.resize(80, 24) })
		again := s.after(func() { s.resize(c.columns, c.rows) })
		for _, lines := range [][]string{first, again} {
			if got := lines[0][len("15:04:05  "):]; got != c.want {
				t.Errorf("%dx%d: %q, want %q", c.columns, c.rows, got, c.want)
			}
		}
		s.press("q")
		s.quit(0, "")
	}
}

// The page keys move by the rows that fit, whichever way, and End and Home go to the ends.
func TestScreenPageKeys(t *testing.T) {
	k := ipvstest.New()
	k.SetTable(rowTable(100, 99))
	s := watchLive(t, k, "", 80, "ipvsadm -L -n --watch 600")
	s.until("every 600 s")
	s.until("\x1b[J")
	for _, c := range []struct{ key, position, first, last string }{
		{"\x1b[6~", "row 20 of 10000", "  10.2.0.18:80", "  10.2.0.35:80"},
		{"\x06", "row 38 of 10000", "  10.2.0.36:80", "  10.2.0.53:80"},
		{"\x1b[5~", "row 20 of 10000", "  10.2.0.18:80", "  10.2.0.35:80"},
		{"\x1b[F", "row 9983 of 10000", "  10.2.99.81:80", "  10.2.99.98:80"},
		{"\x02", "row 9965 of 10000", "  10.2.99.63:80", "  10.2.99.80:80"},
		{"\x1b[7~", "row 1 of 10000", "  10.2.0.0:80", "  10.2.0.17:80"},
	} {
		lines := s.after(func() { s.press(c.key) })
		checkSize(t, lines, 80, 24)
		if len(lines) != 24 {
			t.Fatalf("%q: %d lines", c.key, len(lines))
		}
		if !strings.HasPrefix(lines[2], c.position+"  ") || !strings.HasPrefix(lines[5], c.first+" ") || !strings.HasPrefix(lines[22], c.last+" ") {
			t.Errorf("%q:\n%s", c.key, strings.Join(lines, "\n"))
		}
	}
	s.press("q")
	s.quit(0, "")
}

// A wider or narrower terminal has its own columns at once, and a filter stays.
func TestScreenResize(t *testing.T) {
	k := ipvstest.New()
	k.SetTable(rowTable(3, 1))
	s := watchLive(t, k, "", 60, "ipvsadm -L -n --watch 600")
	s.until("every 600 s")
	s.until("\x1b[J")
	s.press("/10.1.0.1\r") // may be read, and drawn, in pieces
	s.until("only with 10.1.0.1  Esc shows all")
	s.until("\x1b[J")
	for _, c := range []struct {
		columns, rows int
		want          []string
	}{
		{200, 24, []string{
			"only with 10.1.0.1  Esc shows all  sorted by name  h help  q quit  every 600 s",
			"SERVICE, SERVER  METHOD  WEIGHT  ACTIVE  INACTIVE    CONNS  PKTS IN  PKTS OUT    BYTES IN   BYTES OUT  STATE",
			"TCP 10.1.0.1:80  wlc                  0         0        -        -         -           -           -",
			"  10.2.1.0:80    Masq         1       0         0        -        -         -           -           -",
		}},
		{60, 12, []string{
			"only with 10.1.0.1  Esc shows all  sorted by name  h help",
			"SERVICE, SERVER  METHOD  WEIGHT  ACTIVE    CONNS  STATE",
			"TCP 10.1.0.1:80  wlc                  0        -",
			"  10.2.1.0:80    Masq         1       0        -",
			"left out: INACTIVE, PKTS IN, PKTS OUT, BYTES IN, BYTES OUT",
		}},
		{20, 5, []string{
			"SERVICE, SERVER",
			"TCP 10.1.0.1:80",
			"  10.2.1.0:80",
		}},
	} {
		lines := s.after(func() { s.resize(uint16(c.columns), uint16(c.rows)) })
		if got := lines[1:]; strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%dx%d: got\n%s\nwant\n%s", c.columns, c.rows, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	s.press("q")
	s.quit(0, "")
}

// Esc shows all rows again after Enter has kept a filter.
func TestScreenEscapeClearsFilter(t *testing.T) {
	k := ipvstest.New()
	k.SetTable(rowTable(3, 0))
	s := watchLive(t, k, "", 80, "ipvsadm -L -n --watch 600")
	s.until("every 600 s")
	for _, keys := range []string{"/10.1.0.2\r", "/x\x1510.1.0.2\r"} {
		s.press(keys)
		if drawn := s.until("only with 10.1.0.2  Esc shows all") + s.until("\x1b[J"); strings.Contains(drawn[strings.LastIndex(drawn, "Esc"):], "10.1.0.1:80") {
			t.Errorf("%q: %q", keys, drawn)
		}
		s.press("\x1b")
		s.until("TCP 10.1.0.1:80")
	}
	s.press("q")
	s.quit(0, "")
}

// On a small screen, too, an error is above the rows, and the screen recovers from it.
func TestScreenShowsErrorOnSmallTerminal(t *testing.T) {
	k := ipvstest.New()
	k.SetTable(rowTable(1, 1))
	s := watchLive(t, k, "", 20, "ipvsadm -L -n -t 10.1.0.0:80 --watch 0.1")
	s.until("10.2.0.0:80")
	runLines(t, k, "ipvsadm -D -t 10.1.0.0:80")
	s.until("\x1b[31mold (")
	s.until("service\x1b[0m")
	s.until("10.2.0.0:80")
	runLines(t, k, "ipvsadm -A -t 10.1.0.0:80")
	s.until("\x1b[1mTCP 10.1.0.0:80\x1b[0m")
	s.press("q")
	s.quit(0, "")
}
