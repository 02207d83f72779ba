// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"strings"
	"testing"
	"time"
)

func sampleStatus() Status {
	return Status{
		Elapsed: 42 * time.Second, Wait: 5 * time.Minute,
		Servers: []ServerStatus{
			{Service: web, Server: server("10.0.0.2:80", 0).DestinationID, Before: 3, Active: 12, Inactive: 40, Text: "12 open, newest 0:41 old"},
			{Service: tls, Server: server("10.0.0.2:443", 0).DestinationID, Before: 3, Active: 2, Inactive: 9, Persistents: 37, Silent: 70 * time.Second,
				Text: "clients still come back, see below"},
			{Service: dns, Server: server("10.0.0.2:53", 0).DestinationID, Before: 1, State: Removed, Silent: 3723 * time.Second, Text: "removed"},
		},
		Notes: []string{"Persistence: 37 clients of TCP 10.0.0.1:443 are still sent here."},
	}
}

func TestBlock(t *testing.T) {
	for _, test := range []struct {
		width, height int
		want          string
	}{
		{120, 24, `Draining 10.0.0.2 in 3 services. ^C puts everything back.
SERVICE           WEIGHT  ACTIVE  INACTIVE  TEMPLATES  SILENT FOR  STATE
TCP 10.0.0.1:80     3->0      12        40                   0:00  12 open, newest 0:41 old
TCP 10.0.0.1:443    3->0       2         9         37        1:10  clients still come back, see below
UDP 10.0.0.1:53     1->0       0         0                1:02:03  removed
0:42 of 5:00
Persistence: 37 clients of TCP 10.0.0.1:443 are still sent here.
`},
		{80, 24, `Draining 10.0.0.2 in 3 services. ^C puts everything back.
SERVICE           WEIGHT  ACTIVE  INACTIVE  TEMPLATES  STATE
TCP 10.0.0.1:80     3->0      12        40             12 open, newest 0:41 old
TCP 10.0.0.1:443    3->0       2         9         37  clients still come back,
UDP 10.0.0.1:53     1->0       0         0             removed
0:42 of 5:00
Persistence: 37 clients of TCP 10.0.0.1:443 are still sent here.
`},
		{40, 24, `Draining 10.0.0.2 in 3 services. ^C
puts everything back.
SERVICE           ACTIVE  STATE
TCP 10.0.0.1:80       12  12 open, newe
TCP 10.0.0.1:443       2  clients still
UDP 10.0.0.1:53        0  removed
0:42 of 5:00
Persistence: 37 clients of TCP
10.0.0.1:443 are still sent here.
`},
		{120, 6, `Draining 10.0.0.2 in 3 services. ^C puts everything back.
SERVICE          WEIGHT  ACTIVE  INACTIVE  SILENT FOR  STATE
TCP 10.0.0.1:80    3->0      12        40        0:00  12 open, newest 0:41 old
... and 2 more
0:42 of 5:00
`},
	} {
		var b strings.Builder
		block := &Block{W: &b, Size: func() (int, int) { return test.width, test.height }}
		block.Begin(sampleStatus())
		first := b.String()
		if got := strings.ReplaceAll(strings.TrimPrefix(first, "\r\x1b[J"), "\r\n", "\n"); got != test.want {
			t.Errorf("%d by %d: got\n%swant\n%s", test.width, test.height, got, test.want)
		}
		block.Reading(sampleStatus())
		lines := strings.Count(test.want, "\n")
		if again := b.String()[len(first):]; !strings.HasPrefix(again, "\x1b["+string(rune('0'+lines))+"A\r\x1b[J") || !strings.HasSuffix(again, first[len("\r\x1b[J"):]) {
			t.Errorf("%d by %d: again %q", test.width, test.height, again)
		}
		for line := range strings.Lines(test.want) {
			if len(line) > test.width {
				t.Errorf("%d by %d: %q is too long", test.width, test.height, line)
			}
		}
	}
}

// A terminal of any size gets no more lines than it has, and none that wraps.
func TestBlockFitsAnyTerminal(t *testing.T) {
	for width := 1; width < 130; width++ {
		for height := 1; height < 20; height++ {
			block := &Block{W: &strings.Builder{}, Size: func() (int, int) { return width, height }}
			lines := block.lines(sampleStatus())
			if len(lines) > max(height-1, 1) {
				t.Fatalf("%d by %d: %d lines", width, height, len(lines))
			}
			for _, line := range lines {
				if len(line) > max(width-1, 1) {
					t.Fatalf("%d by %d: %q", width, height, line)
				}
			}
		}
	}
}

// Without a terminal there is a line at the beginning, one for each server that is done, and
// one a minute.
func TestLines(t *testing.T) {
	w := newWorld(three())
	w.connections(web, "10.0.0.2:8080", 2, 0, 0)
	w.connections(tls, "10.0.0.2:443", 1, 3, 0)
	w.at = func(seconds int) {
		switch seconds {
		case 70:
			w.connections(tls, "10.0.0.2:443", 0, 0, 0)
		case 130:
			w.connections(web, "10.0.0.2:8080", 0, 0, 0)
		}
	}
	var b strings.Builder
	d := w.drain(t, Options{Servers: hosts, Wait: DefaultWait})
	d.Progress = &Lines{W: &b}
	if err := d.Run(); err != nil {
		t.Fatal(err)
	}
	const want = `Draining 10.0.0.2 in 3 services. ^C puts everything back.
0:00: 10.0.0.2:53 of UDP 10.0.0.1:53 removed
1:00 of 5:00: 10.0.0.2:8080 of TCP 10.0.0.1:80: 2 open, newest 1:00 old; 10.0.0.2:443 of TCP 10.0.0.1:443: 1 open, newest 1:00 old
1:10: 10.0.0.2:443 of TCP 10.0.0.1:443 removed
2:00 of 5:00: 10.0.0.2:8080 of TCP 10.0.0.1:80: 2 open, newest 2:00 old
2:10: 10.0.0.2:8080 of TCP 10.0.0.1:80 removed
Drained in 2:10; 3 servers removed, no connection was cut.
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0:00", 0: "0:00", 59 * time.Second: "0:59", 192 * time.Second: "3:12", 3723 * time.Second: "1:02:03",
	} {
		if got := Clock(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
