// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestWatch repeats listings on real screens.
func TestWatch(t *testing.T) {
	h := newTable(t, testTable{name: "watched", rules: watchedRules})
	for _, c := range []struct {
		name          string
		width, height int
		test          func(*testing.T, *host, *pane)
	}{
		{"refresh", 100, 24, refreshes},
		{"sort", 120, 24, sorts},
		{"resize", 100, 24, resizes},
		{"narrow", 20, 5, narrow},
		{"q", 80, 24, func(t *testing.T, _ *host, p *pane) { ends(t, p, "0", func() { p.keys("q") }) }},
		{"interrupt", 80, 24, func(t *testing.T, _ *host, p *pane) { ends(t, p, "0", func() { p.keys("C-c") }) }},
		{"terminate", 80, 24, func(t *testing.T, h *host, p *pane) {
			ends(t, p, "143", func() { _, err := h.Shell("killall -TERM ipvsadm"); must(t, err) })
		}},
		{"suspend", 80, 24, suspends},
		{"stop", 80, 24, stops},
		{"service comes back", 80, 24, comesBack},
		{"function keys", 80, 24, functionKeys},
		{"help", 60, 24, helps},
		{"colour", 80, 24, colours},
		{"dumb", 80, 24, dumb},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPane(t, h, c.width, c.height)
			p.run("mkdir -p /run/ours; ln -sf " + ours + " /run/ours/ipvsadm; PATH=/run/ours:$PATH; clear")
			p.waitFor("empty screen", func(screen string) bool { return screen == strings.TrimSpace(prompt) })
			c.test(t, h, p)
		})
	}
}

const watchedRules = `-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 1
-a -t 10.0.0.1:80 -r 10.0.0.3:80 -m -w 9
-A -u 10.0.0.1:53 -s rr -o
-a -u 10.0.0.1:53 -r 10.0.0.4:53 -m -w 0
`

// refreshes: what changes in the kernel is on the screen, in place.
func refreshes(t *testing.T, h *host, p *pane) {
	p.run("ipvsadm -L -n --watch 0.2")
	p.waitForText("weight 0")
	h.run(t, ours, "", "-a", "-u", "10.0.0.1:53", "-r", "10.0.0.77:53", "-m")
	p.waitForText("10.0.0.77:53")
	h.run(t, ours, "", "-d", "-u", "10.0.0.1:53", "-r", "10.0.0.77:53")
	screen := p.waitFor("server less", func(screen string) bool { return !strings.Contains(screen, "10.0.0.77") })
	if n := strings.Count(screen, "SERVICE, SERVER"); n != 1 {
		t.Errorf("%d lines of titles:\n%s", n, screen)
	}
	p.waitFor("rate", func(screen string) bool {
		h.Do(func() { beginConnections(t, "10.0.0.1:80", 5) })
		return busyService.MatchString(screen)
	})
}

var busyService = regexp.MustCompile(`TCP 10\.0\.0\.1:80 .*[1-9]\d*/s`)

// sorts: < and > choose the column.
func sorts(t *testing.T, _ *host, p *pane) {
	before := func(a, b string) func(string) bool {
		return func(screen string) bool {
			i, j := strings.Index(screen, a), strings.Index(screen, b)
			return i >= 0 && j > i
		}
	}
	p.run("ipvsadm -L -n --watch 0.2")
	p.waitForText("by name")
	p.waitFor("order of names", before("10.0.0.2:80", "10.0.0.3:80"))
	p.keys(">")
	p.waitForText("by weight")
	p.waitFor("order of weights", before("10.0.0.3:80", "10.0.0.2:80"))
	p.keys("<")
	p.waitForText("by name")
	p.waitFor("order of names", before("10.0.0.2:80", "10.0.0.3:80"))
	p.keys("Right", "Right")
	p.waitForText("by active")
}

// resizes: another size has all of its lines at once.
func resizes(t *testing.T, _ *host, p *pane) {
	p.run("ipvsadm -L -n --watch 3600")
	p.waitForText("BYTES OUT  STATE")
	p.resize(40, 10)
	screen := p.waitFor("narrower table", func(screen string) bool { return strings.Contains(screen, "left out: ") })
	fits(t, screen, 40, 10)
	p.resize(120, 30)
	p.waitForText("BYTES OUT  STATE")
}

// narrow: the smallest window has what fits, and the arrows move it.
func narrow(t *testing.T, _ *host, p *pane) {
	p.run("ipvsadm -L -n --watch 0.2")
	fits(t, p.waitForText("10.0.0.1"), 20, 5)
	p.keys("End")
	fits(t, p.waitForText("10.0.0.4"), 20, 5)
	p.keys("q")
	p.waitFor("prompt", atPrompt)
}

func fits(t *testing.T, screen string, width, height int) {
	t.Helper()
	lines := strings.Split(screen, "\n")
	if len(lines) > height {
		t.Errorf("%d lines:\n%s", len(lines), screen)
	}
	for _, line := range lines {
		if len([]rune(line)) > width {
			t.Errorf("%d columns: %q", len([]rune(line)), line)
		}
	}
}

// ends: the terminal is then what it was, with the lines that were on it.
func ends(t *testing.T, p *pane, status string, end func()) {
	before := p.modes()
	p.run("clear; echo a line before")
	p.waitForText("a line before\n")
	p.run("ipvsadm -L -n --watch 0.2")
	p.waitForText("10.0.0.3:80")
	if flags := p.tmux("display-message", "-p", "#{alternate_on}"); flags != "1" {
		t.Errorf("alternate screen: %s", flags)
	}
	end()
	screen := p.waitForText("a line before")
	if strings.Contains(screen, "10.0.0.3:80") {
		t.Errorf("the listing is left behind:\n%s", screen)
	}
	if got := p.status(); got != status {
		t.Errorf("status %s, want %s", got, status)
	}
	if after := p.modes(); after != before {
		t.Errorf("modes before:\n%s\nafter:\n%s", before, after)
	}
}

// suspends: ^Z gives the terminal back, and fg takes it again.
func suspends(t *testing.T, _ *host, p *pane) {
	before := p.modes()
	p.run("ipvsadm -L -n --watch 0.2")
	p.waitForText("10.0.0.3:80")
	p.keys("C-z")
	p.waitFor("prompt", atPrompt)
	if after := p.modes(); after != before {
		t.Errorf("modes before:\n%s\nwhile it is stopped:\n%s", before, after)
	}
	p.run("fg")
	p.waitForText("10.0.0.3:80")
	p.keys("q")
	p.waitFor("prompt", atPrompt)
}

// stops: a SIGTSTP from elsewhere gives the terminal back, too.
func stops(t *testing.T, h *host, p *pane) {
	before := p.modes()
	for range 2 {
		p.run("ipvsadm -L -n --watch 0.2")
		p.waitForText("10.0.0.3:80")
		_, err := h.Shell("killall -TSTP ipvsadm")
		must(t, err)
		p.waitFor("prompt", atPrompt)
		if after := p.modes(); after != before {
			t.Errorf("modes before:\n%s\nwhile it is stopped:\n%s", before, after)
		}
		p.run("fg")
		p.waitForText("10.0.0.3:80")
		p.keys("q")
		p.waitFor("prompt", atPrompt)
	}
}

// comesBack: while a service is away, its last rows stay, marked as old.
func comesBack(t *testing.T, h *host, p *pane) {
	p.run("ipvsadm -L -n -u 10.0.0.1:53 --watch 0.2")
	p.waitForText("10.0.0.4:53")
	h.run(t, ours, "", "-D", "-u", "10.0.0.1:53")
	screen := p.waitForText("No such service")
	if !strings.HasPrefix(screen, "old (") || !strings.Contains(screen, "10.0.0.4:53") {
		t.Errorf("got\n%s", screen)
	}
	h.run(t, ours, "", "-A", "-u", "10.0.0.1:53", "-s", "rr", "-o")
	p.waitFor("service", func(screen string) bool {
		return !strings.Contains(screen, "old (") && strings.Contains(screen, "no servers")
	})
	h.run(t, ours, "", "-a", "-u", "10.0.0.1:53", "-r", "10.0.0.4:53", "-m", "-w", "0")
	p.waitForText("10.0.0.4:53")
	p.keys("q")
	p.waitFor("prompt", atPrompt)
}

// functionKeys: no letter of them quits.
func functionKeys(_ *testing.T, _ *host, p *pane) {
	p.run("ipvsadm -L -n --watch 3600")
	p.waitForText("sorted by name")
	p.keys("F2", "S-F2", "M-F2", "F1", "M-Up")
	p.tmux("send-keys", "-H", "1b", "4f", ";", "send-keys", "-H", "51", "3e") // F2 in two pieces, and >
	p.waitForText("sorted by weight")
	p.keys("q")
	p.waitFor("prompt", atPrompt)
}

// helps: the line above the listing has room for what matters, and h shows the keys.
func helps(t *testing.T, _ *host, p *pane) {
	p.run("ipvsadm -L -n --watch 3600")
	fits(t, p.waitForText("0 conns/s"), 60, 24)
	fits(t, p.waitForText("sorted by name  h help  q quit"), 60, 24)
	for _, key := range []string{"h", "?"} {
		p.keys(key)
		fits(t, p.waitForText("scroll by a screen"), 60, 24)
		p.keys("Escape")
		p.waitForText("10.0.0.3:80")
	}
	p.keys("q")
	p.waitFor("prompt", atPrompt)
}

// colours: on a terminal there are some, with NO_COLOR and in a pipe there are none.
func colours(t *testing.T, _ *host, p *pane) {
	for line, want := range map[string]bool{
		"ipvsadm -L -n --output table":            true,
		"NO_COLOR=1 ipvsadm -L -n --output table": false,
		"TERM=dumb ipvsadm -L -n --output table":  false,
		"ipvsadm -L -n --output table | cat":      false,
		"ipvsadm -L -n":                           false,
	} {
		p.run("clear; " + line + "; echo end.")
		p.waitForText("\nend.\n")
		if got := strings.Contains(p.colours(), "\x1b[3"); got != want {
			t.Errorf("%s: colours: %v, want %v:\n%q", line, got, want, p.colours())
		}
	}
	p.run("NO_COLOR=1 ipvsadm -L -n --watch 0.2")
	p.waitForText("weight 0")
	if text := p.colours(); strings.Contains(text, "\x1b[3") {
		t.Errorf("--watch with NO_COLOR: %q", text)
	}
	p.keys("q")
	p.waitFor("prompt", atPrompt)
}

// dumb: a terminal that can only print lines gets one listing after the other.
func dumb(t *testing.T, _ *host, p *pane) {
	p.run("TERM=dumb ipvsadm -L -n --watch 0.2 | head -n 40 | tail -n 15; echo end.")
	p.waitForText("\nend.")
	p.run("clear; TERM=dumb ipvsadm -L -n --watch 0.2")
	p.waitFor("second listing", func(screen string) bool { return strings.Count(screen, "RemoteAddress") > 1 })
	if flags := p.tmux("display-message", "-p", "#{cursor_flag} #{alternate_on}"); flags != "1 0" {
		t.Errorf("cursor and alternate screen: %s", flags)
	}
	p.keys("C-c")
	p.waitFor("prompt", atPrompt)
}

// TestWatchLargeTable scrolls through 11000 rows.
func TestWatchLargeTable(t *testing.T) {
	h := newTable(t, testTables[len(testTables)-1])
	p := newPane(t, h, 80, 24)
	p.run(ours + " -L -n --watch 2")
	fits(t, p.waitForText("row 1 of 11000"), 80, 24)
	p.keys("NPage")
	fits(t, p.waitForText("row 20 of 11000"), 80, 24)
	p.keys("End")
	fits(t, p.waitForText("of 11000"), 80, 24)
	p.waitForText("10.0.9.1:179")
	p.keys("Home")
	p.waitForText("row 1 of 11000")
	p.keys("q")
	p.waitFor("prompt", atPrompt)
}

// TestWatchManyConnections counts more connections than it shows.
func TestWatchManyConnections(t *testing.T) {
	h := newTable(t, testTable{name: "watched", rules: watchedRules})
	h.Do(func() { beginConnections(t, "10.0.0.1:80", 1200) })
	p := newPane(t, h, 60, 24)
	p.run(ours + " -L -n -c --watch 0.5")
	fits(t, p.waitFor("number of all connections", manyConnections.MatchString), 60, 24)
	p.keys("q")
	p.waitFor("prompt", atPrompt)
}

var manyConnections = regexp.MustCompile(`12\d\d connections\n.*row 1 of the first 1000 of 12\d\d`)

// TestWatchGoesOn has a line on stderr for each reading that fails.
func TestWatchGoesOn(t *testing.T) {
	h := newTable(t, testTable{name: "watched", rules: watchedRules})
	output, err := h.Shell(fmt.Sprintf(`{ sleep 0.5; %[1]s -D -u 10.0.0.1:53; sleep 0.6; %[1]s -A -u 10.0.0.1:53; } &
		%[1]s -L -n -u 10.0.0.1:53 --watch 0.2 --output json 2>&1 | sed '/"destinations":\[\]/q'; wait`, ours))
	must(t, err)
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if failed := strings.Count(string(output), "No such service\n"); failed < 2 {
		t.Errorf("%d readings failed: %s", failed, output)
	}
	if first, last := lines[0], lines[len(lines)-1]; !json.Valid([]byte(first)) || !json.Valid([]byte(last)) {
		t.Errorf("got %s", output)
	}
}

// TestWatchWithoutTerminal has a document in each interval.
func TestWatchWithoutTerminal(t *testing.T) {
	h := newTable(t, testTable{name: "watched", rules: watchedRules})
	for _, words := range []string{"", "--stats", "--timeout", "--daemon", "-c"} {
		output, err := h.Shell(fmt.Sprintf("%s -L -n --output json --watch 0.2 %s | head -n 3", ours, words))
		must(t, err)
		for _, line := range strings.Split(strings.TrimSpace(string(output)), "\n") {
			if !json.Valid([]byte(line)) || !strings.HasPrefix(line, `{"time":"`) {
				t.Errorf("%s: %s", words, line)
			}
		}
		if n := len(readDocuments(t, string(output))); n != 3 {
			t.Errorf("%s: %d documents in 3 lines", words, n)
		}
	}
	for _, form := range []string{"classic", "table"} {
		once := h.list(t, ours, "--output", form, "--timeout")
		output, err := h.Shell(fmt.Sprintf("%s -L --timeout --output %s --watch 0.2 | head -n %d", ours, form, 2*strings.Count(once, "\n")+1))
		must(t, err)
		if string(output) != once+"\n"+once {
			t.Errorf("%s: got %q, want %q twice", form, output, once)
		}
	}
}
