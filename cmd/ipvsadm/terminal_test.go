package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

// openTerminal makes a terminal of so many columns. What is written to it is read
// from the other end.
func openTerminal(t *testing.T, columns uint16) (far, terminal *os.File) {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	fd := int(far.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return far, terminal
}

func TestTerminal(t *testing.T) {
	_, wide := openTerminal(t, 132)
	environment := func(pairs ...string) func(string) string {
		return func(name string) string {
			for _, pair := range pairs {
				if value, ok := strings.CutPrefix(pair, name+"="); ok {
					return value
				}
			}
			return ""
		}
	}
	xterm := environment("TERM=xterm", "COLUMNS=7")
	for name, c := range map[string]struct {
		getenv func(string) string
		want   terminal
	}{
		"xterm":        {xterm, terminal{wide, 132, true, true}},
		"no colour":    {environment("TERM=xterm", "NO_COLOR=0"), terminal{wide, 132, true, false}},
		"dumb":         {environment("TERM=dumb"), terminal{wide, 132, false, false}},
		"without type": {environment(), terminal{wide, 132, false, false}},
	} {
		if got := terminalOf(wide, c.getenv); got != c.want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if got := terminalOf(file, xterm); got != (terminal{}) {
		t.Errorf("a file: got %+v", got)
	}
	if got := terminalOf(new(strings.Builder), xterm); got != (terminal{}) {
		t.Errorf("no file: got %+v", got)
	}
}

func TestTableOnATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -w 0")
	far, screen := openTerminal(t, 45)
	var stderr strings.Builder
	if status := run([]string{"ipvsadm", "-Ln", "--output", "table"}, strings.NewReader(""), screen, &stderr, fakeMachine(k, "")); status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr.String())
	}
	_ = screen.Close()
	read, _ := io.ReadAll(far) // ends with an error: the terminal is gone
	got := string(read)
	for _, want := range []string{"\x1b[33m  10.0.0.2:80\x1b[0m", "left out: "} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	check(t, k, "ipvsadm -Ln --output table -t 10.0.0.1:80", want{stdout: `SERVICE, SERVER  METHOD  WEIGHT  ACTIVE  INACTIVE  STATE
TCP 10.0.0.1:80  rr                   0         0
  10.0.0.2:80    Route        0       0         0  weight 0
`})
	check(t, k, "ipvsadm -L --output table --daemon", want{stdout: "no sync daemons\n"})
}
