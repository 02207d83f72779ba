// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// hurried is a host whose clock runs as soon as somebody waits. at is called then.
func hurried(k *ipvstest.Kernel, root string, at func(seconds int)) host {
	h := fakeHost(k, root)
	epoch := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	clock := epoch
	h.now = func() time.Time { return clock }
	h.after = func(d time.Duration) <-chan time.Time {
		clock = clock.Add(d)
		at(int(clock.Sub(epoch) / time.Second))
		woken := make(chan time.Time, 1)
		woken <- clock
		return woken
	}
	return h
}

func quiet(int) {}

// draining returns a kernel with a server in three services, and a second one.
func draining(t *testing.T) *ipvstest.Kernel {
	k := ipvstest.New()
	for _, service := range []string{"-t 10.0.0.1:80", "-t 10.0.0.1:443", "-u 10.0.0.1:53"} {
		runLines(t, k, "ipvsadm -A "+service, "ipvsadm -a -r 10.0.0.2 -m -w 3 "+service, "ipvsadm -a -r 10.0.0.3 -m "+service)
	}
	return k
}

// setActive sets the active connections of 10.0.0.2 in one of the services.
func setActive(k *ipvstest.Kernel, service string, n uint32) {
	id, err := ipvs.ParseServiceID(service)
	if err != nil {
		panic(err)
	}
	server, _ := ipvs.ParseDestinationID(fmt.Sprintf("10.0.0.2:%d", id.AddrPort.Port()))
	k.UpdateDestination(id, server, func(d *ipvs.Destination) { d.ActiveConns = n })
}

// What --drain prints leads back from an empty place, whatever the table, also by -R.
func TestDrainAndWayBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := ipvstest.New()
		table := drawTable(t)
		k.SetTable(table)
		var all []ipvs.Destination
		for _, entry := range table {
			all = append(all, entry.Destinations...)
		}
		if len(all) == 0 {
			return
		}
		words := []string{"ipvsadm", "--drain", "--force"}
		for _, d := range rapid.SliceOfN(rapid.SampledFrom(all), 1, 3).Draw(t, "servers") {
			server := d.AddrPort.Addr().String()
			if rapid.Bool().Draw(t, "port") {
				server = d.DestinationID.String()
			}
			words = append(words, "-r", server)
		}
		if rapid.Bool().Draw(t, "keep") {
			words = append(words, "--keep-server")
		}
		var back, stderr strings.Builder
		if status := run(words, strings.NewReader(""), &back, &stderr, hurried(k, "", quiet)); status != exitOK {
			t.Fatalf("%q: status %d, %s", words, status, stderr.String())
		}
		if back.Len() > 0 && describeTable(k.Table()) == describeTable(table) && strings.Contains(strings.ReplaceAll(back.String(), "-w 0\n", ""), "-w ") {
			t.Fatalf("%q changes nothing", words)
		}
		if _, stderr, status := runFake(k, back.String(), "-R"); status != exitOK {
			t.Fatalf("%q: -R: %s of\n%s", words, stderr, back.String())
		}
		if got, want := describeTable(k.Table()), describeTable(table); got != want {
			t.Fatalf("%q: got\n%swant\n%sby\n%s", words, got, want, back.String())
		}
	})
}

func TestDrainStatusesAndMessages(t *testing.T) {
	for _, test := range []struct {
		line   string
		active uint32
		status int
		stderr string // a part
	}{
		{"--drain -r 10.0.0.2", 0, exitOK, "Drained in 0:00; 3 servers removed, no connection was cut.\n"},
		{"--drain -r 10.0.0.2:80", 0, exitOK, "Drained in 0:00; 1 server removed, no connection was cut.\n"},
		{"--drain -r 10.0.0.2 -t 10.0.0.1:443", 0, exitOK, "Draining 10.0.0.2 in 1 service. ^C puts everything back.\n"},
		{"--drain -r 10.0.0.2 -t 10.0.0.1:80 --wait 7 --at-end remove", 5, exitOK, "Drained in 0:07; 1 server removed, 5 connections were cut.\n"},
		{"--drain -r 10.0.0.2", 5, exitList, "Not drained in 5:00; 5 connections are left.\n"},
		{"--drain -r 10.0.0.2 --wait 7", 5, exitList, "Not drained in 0:07; 5 connections are left.\n"},
		{"--drain -r 10.0.0.2 --wait 7 --at-end undo", 5, exitList, "Everything is as before.\n"},
		{"--drain -r 10.0.0.2 -r 10.0.0.3", 0, exitUsage, "new clients would get no server of TCP 10.0.0.1:80, TCP 10.0.0.1:443, UDP 10.0.0.1:53; --force drains nevertheless\n"},
		{"--drain -r 10.0.0.2 -r 10.0.0.3 --force", 0, exitOK, "Drained in 0:00; 6 servers removed, no connection was cut.\n"},
		{"--drain -r 10.0.0.9", 0, exitKernel, "no service has the server 10.0.0.9\n"},
		{"--drain -r 10.0.0.2 -t 10.0.0.9:80", 0, exitKernel, "there is no service TCP 10.0.0.9:80\n"},
		{"--drain", 0, exitUsage, "You need to supply the 'real-server' option for the 'drain' command\n"},
		{"--drain -r 10.0.0.2 -w 3", 0, exitUsage, "Illegal 'weight' option with the 'drain' command\n"},
		{"--drain -r 10.0.0.2 -r", 0, exitKernel, "-r: missing argument\n"},
		{"--drain -r localhost -t 10.0.0.1:80", 0, exitKernel, "TCP 10.0.0.1:80 has no server 127.0.0.1\n"},
		{"--drain -r fe80::2%lo", 0, exitUsage, "illegal real server address[:port] specified\n"},
		{"--drain -f 9 -r 10.0.0.2", 0, exitKernel, "there is no service FWM 9\n"},
		{"--drain -r x.invalid", 0, exitUsage, "illegal real server address[:port] specified\n"},
		{"--drain -r 10.0.0.2:http", 0, exitUsage, "illegal real server address[:port] specified\n"},
		{"--drain -r 10.0.0.2 --wait -1", 0, exitUsage, "invalid wait `-1' specified; it must be 0 to 2678400 seconds\n"},
		{"--drain -r 10.0.0.2 --idle 1", 0, exitUsage, "invalid idle time `1' specified; it must be 2 to 2678400 seconds\n"},
		{"--drain -r 10.0.0.2 --at-end stop", 0, exitUsage, "invalid action `stop' specified; it must be one of keep, remove, undo\n"},
		{"--drain -r 10.0.0.2 --wait 0 --at-end undo", 0, exitUsage, "--at-end requires a limit, and --wait 0 has none\n"},
		{"--drain -r 10.0.0.2 --at-end remove --keep-server", 0, exitUsage, "The option 'keep-server' conflicts with --at-end remove\n"},
		{"--drain -r 10.0.0.2 --output prometheus", 0, exitUsage, "the output format of --drain must be table or json\n"},
		{"-d -t 10.0.0.1:80 -r 10.0.0.2 --wait 5", 0, exitUsage, "Illegal 'wait' option with the 'delete-server' command\n"},
		{"-d -t 10.0.0.1:80 -r 10.0.0.2 -r 10.0.0.3", 0, exitUsage, "multiple 'real-server' options specified\n"},
	} {
		k := draining(t)
		setActive(k, "TCP 10.0.0.1:80", test.active)
		before := describeTable(k.Table())
		var stdout, stderr strings.Builder
		status := run(strings.Fields("ipvsadm "+test.line), strings.NewReader(""), &stdout, &stderr, hurried(k, "", quiet))
		if status != test.status || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%s: status %d, want %d, got\n%swant\n%s", test.line, status, test.status, stderr.String(), test.stderr)
		}
		if changed := describeTable(k.Table()) != before; changed && status != exitOK && test.active == 0 {
			t.Errorf("%s: the table changed", test.line)
		}
	}
}

// Whatever options stand together, and whatever their values are, a line either works or says
// why not and changes nothing.
func TestOptionsOfDrainRampAndKeepInPairs(t *testing.T) {
	options := []string{
		"--wait 5", "--wait ", "--idle 99999999999999999999", "--at-end undo", "--sessions", "--keep-server", "--output json", "--over -1", "--steps 3",
		"--steps 1e3", "--until-even", "--keep", "-w 9", "-w ", "-y 10", "-m", "--tun-type gre", "-s wrr", "-b none", "--no-persistent", "-r 10.0.0.3", "-r ",
	}
	for _, line := range []string{
		"--drain -r 10.0.0.2", "--ramp -t 10.0.0.1:80 -r 10.0.0.4", "-e --keep -r 10.0.0.2", "-E --keep -t 10.0.0.1:80",
	} {
		for i, first := range options {
			for _, second := range options[i:] {
				k := draining(t)
				before := describeTable(k.Table())
				words := append([]string{"ipvsadm"}, strings.Fields(line)...)
				for _, option := range []string{first, second} {
					words = append(words, strings.Split(option, " ")...) // also an empty value
				}
				var stdout, stderr strings.Builder
				status := run(words, strings.NewReader(""), &stdout, &stderr, hurried(k, "", quiet))
				if status != exitOK && (status != exitUsage && status != exitKernel || stderr.Len() == 0 || describeTable(k.Table()) != before) {
					t.Errorf("%q: status %d, %s%s", words, status, stderr.String(), describeTable(k.Table()))
				}
			}
		}
	}
}

// Other commands that run beside a drain are other programs: if they change what it drains, it
// stops and leaves that alone; if they do not, it goes on.
func TestDrainBesideOtherCommands(t *testing.T) {
	const rules = "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.2 -m -w 9\n-a -t 10.0.0.1:80 -r 10.0.0.3 -m\n"
	for _, test := range []struct {
		line, stdin string
		stderr      string // of the drain
		weights     string // of 10.0.0.2
	}{
		{"ipvsadm-restore", rules, "another program set the weight of 10.0.0.2:80 of TCP 10.0.0.1:80 to 9\n", "9"},
		{"ipvsadm-restore --dry-run", rules, "Not drained in 0:20; 1 connection is left.\nEverything is as before.\n", "3 3 3"},
		{"ipvsadm-restore", "-A -f 1\n", "another program has removed 10.0.0.2:80 of TCP 10.0.0.1:80\n", ""},
		{"ipvsadm -C", "", "another program has removed 10.0.0.2:80 of TCP 10.0.0.1:80\n", ""},
		{"ipvsadm -R", "-A -f 1\n-a -f 1 -r 10.0.0.2 -w 5\n", "Not drained in 0:20; 1 connection is left.\nEverything is as before.\n", "3 3 3 5"},
		{"ipvsadm -e --keep -r 10.0.0.3 -w 7", "", "Not drained in 0:20; 1 connection is left.\nEverything is as before.\n", "3 3 3"},
		{"ipvsadm --ramp -t 10.0.0.1:80 -r 10.0.0.2 -w 8", "", "another program set the weight of 10.0.0.2:80 of TCP 10.0.0.1:80 to 8\n", "8 3 3"},
		{"ipvsadm --drain -r 10.0.0.2 --wait 4 --at-end remove", "", "another program has removed 10.0.0.2:80 of TCP 10.0.0.1:80\n", "3 3"},
		{"ipvsadm --drain -r 10.0.0.2 --wait 4 --at-end undo", "", "Not drained in 0:20; 1 connection is left.\nEverything is as before.\n", "3 3 3"},
	} {
		k := draining(t)
		setActive(k, "TCP 10.0.0.1:80", 1)
		h := hurried(k, "", func(seconds int) {
			if seconds != 5 {
				return
			}
			var stdout, stderr strings.Builder
			status := run(strings.Fields(test.line), strings.NewReader(test.stdin), &stdout, &stderr, hurried(k, t.TempDir(), quiet))
			if drained := strings.HasSuffix(test.line, "undo"); status != exitOK && !(drained && status == exitList) {
				t.Errorf("%s: status %d, %s", test.line, status, stderr.String())
			}
		})
		var stdout, stderr strings.Builder
		status := run(strings.Fields("ipvsadm --drain -r 10.0.0.2 --wait 20 --at-end undo"), strings.NewReader(""), &stdout, &stderr, h)
		if status != exitList || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%s: status %d, %s", test.line, status, stderr.String())
		}
		var weights []string
		for _, entry := range k.Table() {
			for _, d := range entry.Destinations {
				if d.AddrPort.Addr().String() == "10.0.0.2" {
					weights = append(weights, fmt.Sprint(d.Weight))
				}
			}
		}
		if got := strings.Join(weights, " "); got != test.weights {
			t.Errorf("%s: the weights are %s, want %s", test.line, got, test.weights)
		}
	}
}

// A rules file cannot wait.
func TestDrainIsNoRule(t *testing.T) {
	k := draining(t)
	for _, words := range []string{"ipvsadm -R", "ipvsadm-restore", "ipvsadm-restore --check"} {
		var stdout, stderr strings.Builder
		status := run(strings.Fields(words), strings.NewReader("--drain -r 10.0.0.2\n"), &stdout, &stderr, fakeHost(k, t.TempDir()))
		if want := "line 1: the command --drain is not allowed in a rules file\n"; status != exitUsage || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("%s: status %d, %s", words, status, stderr.String())
		}
	}
}

// If the way back cannot be written, nothing changes: the disk is full, standard output is
// closed, or nobody reads the pipe.
func TestDrainWithoutWayBackChangesNothing(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	closed, err := os.OpenFile("/dev/null", os.O_RDWR, 0) // as the runtime of Go replaces it
	if err != nil {
		t.Fatal(err)
	}
	reader, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	for name, out := range map[string]*os.File{"full": full, "closed": closed, "pipe": pipe} {
		for _, words := range []string{"ipvsadm --drain -r 10.0.0.2", "ipvsadm --drain -r 10.0.0.2 --output json"} {
			k := draining(t)
			before := describeTable(k.Table())
			var stderr strings.Builder
			status := run(strings.Fields(words), strings.NewReader(""), out, &stderr, hurried(k, "", quiet))
			if status != exitList || describeTable(k.Table()) != before || stderr.Len() == 0 {
				t.Errorf("%s, %s: status %d, %s", name, words, status, stderr.String())
			}
		}
		_ = out.Close()
	}
	// Who discards the rules has them discarded.
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	k := draining(t)
	if status := run(strings.Fields("ipvsadm --drain -r 10.0.0.2"), strings.NewReader(""), null, &strings.Builder{}, hurried(k, "", quiet)); status != exitOK {
		t.Errorf("status %d", status)
	}
}

// A full disk is one error, not another one at the end.
func TestDrainToFullDiskIsOneError(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3")
	for _, line := range []string{"--drain -r 10.0.0.2", "--drain -r 10.0.0.2 --output json"} {
		var stderr strings.Builder
		status := run(append([]string{"ipvsadm"}, strings.Fields(line)...), strings.NewReader(""), failingWriter{}, &stderr, fakeHost(k, ""))
		const want = "ipvsadm: cannot write the rules that put the servers back, so nothing is changed: no space left on device\n"
		if stderr.String() != want || status != exitList {
			t.Errorf("%s: status %d, %s", line, status, stderr.String())
		}
	}
}

// Output that fails after the way back was written does not stop the drain.
func TestDrainGoesOnWithoutReader(t *testing.T) {
	reader, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	k := draining(t)
	setActive(k, "TCP 10.0.0.1:80", 1)
	h := hurried(k, "", func(seconds int) {
		switch seconds {
		case 2:
			_ = reader.Close()
		case 9:
			setActive(k, "TCP 10.0.0.1:80", 0)
		}
	})
	run(strings.Fields("ipvsadm --drain -r 10.0.0.2 --json"), strings.NewReader(""), pipe, pipe, h)
	if got := describeTable(k.Table()); strings.Contains(got, "10.0.0.2") {
		t.Errorf("got\n%s", got)
	}
}

// A signal puts everything back, with the status of ^C.
func TestDrainInterrupted(t *testing.T) {
	for _, s := range []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP} {
		k := draining(t)
		setActive(k, "TCP 10.0.0.1:80", 1)
		before := describeTable(k.Table())
		signals := make(chan os.Signal, 1)
		h := hurried(k, "", func(seconds int) {
			if seconds == 4 {
				signals <- s
			}
		})
		h.signals = func() (<-chan os.Signal, func()) { return signals, func() {} }
		var stdout, stderr strings.Builder
		status := run(strings.Fields("ipvsadm --drain -r 10.0.0.2"), strings.NewReader(""), &stdout, &stderr, h)
		if status != 130 || describeTable(k.Table()) != before || !strings.HasSuffix(stderr.String(), "Interrupted after 0:04; everything is as before.\n") {
			t.Errorf("%v: status %d, %s", s, status, stderr.String())
		}
	}
}

// Each line of JSON is a document; the first has the way back, and the last the result.
func TestDrainJSON(t *testing.T) {
	k := draining(t)
	setActive(k, "TCP 10.0.0.1:80", 1)
	h := hurried(k, "", func(seconds int) {
		if seconds == 3 {
			setActive(k, "TCP 10.0.0.1:80", 0)
		}
	})
	var stdout, stderr strings.Builder
	if status := run(strings.Fields("ipvsadm --drain -r 10.0.0.2 --output json"), strings.NewReader(""), &stdout, &stderr, h); status != exitOK || stderr.String() != "" {
		t.Errorf("status %d, %s", status, stderr.String())
	}
	var documents []format.DrainDocument
	schema, err := jsonschema.NewCompiler().Compile("../../format/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(stdout.String()) {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		var d format.DrainDocument
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		documents = append(documents, d)
	}
	last := documents[len(documents)-1]
	if len(documents) != 6 || len(documents[0].WayBack) != 6 || last.Result != "drained" || last.Elapsed != 3 || last.Servers[0].State != "removed" {
		t.Errorf("got\n%s", stdout.String())
	}
}

// Programs of this namespace that write the table, and sync daemons, are warned of.
func TestDrainWarnings(t *testing.T) {
	root := t.TempDir()
	process := func(pid, name, namespace string) {
		dir := filepath.Join(root, "proc", pid)
		if err := os.MkdirAll(filepath.Join(dir, "ns"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "comm"), []byte(name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(namespace, filepath.Join(dir, "ns", "net")); err != nil {
			t.Fatal(err)
		}
	}
	process("thread-self", "ipvsadm", "net:[1]")
	process("10", "keepalived", "net:[1]")
	process("11", "keepalived", "net:[1]")
	process("12", "ldirectord", "net:[2]")
	process("13", "kube-proxy", "net:[1]")
	process("14", "kube-router", "net:[1]")
	process("15", "nginx", "net:[1]")
	k := draining(t)
	k.SetDaemons(ipvs.Daemon{State: ipvs.Backup, Interface: "eth0"})
	var stdout, stderr strings.Builder
	run(strings.Fields("ipvsadm --drain -r 10.0.0.2"), strings.NewReader(""), &stdout, &stderr, hurried(k, root, quiet))
	const want = `ipvsadm: warning: keepalived runs here and may set the weight back, or add the server again; take the server out of its configuration, too
ipvsadm: warning: kube-proxy runs here and may set the weight back, or add the server again; take the server out of its configuration, too
ipvsadm: warning: kube-router runs here and may set the weight back, or add the server again; take the server out of its configuration, too
ipvsadm: warning: a sync daemon runs here: other directors have tables of their own; drain there, too
`
	if !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("got\n%s", stderr.String())
	}
}

// On a terminal the progress is a block that is rewritten, also in 40 columns; on a dumb one
// it is lines.
func TestDrainOnTerminal(t *testing.T) {
	for _, kind := range []string{"xterm", "dumb"} {
		far, terminal := termtest.Open(t, 40)
		k := draining(t)
		setActive(k, "TCP 10.0.0.1:80", 1)
		h := hurried(k, "", func(seconds int) {
			if seconds == 3 {
				setActive(k, "TCP 10.0.0.1:80", 0)
			}
		})
		h.getenv = func(string) string { return kind }
		var stdout strings.Builder
		if status := run(strings.Fields("ipvsadm --drain -r 10.0.0.2"), strings.NewReader(""), &stdout, terminal, h); status != exitOK {
			t.Errorf("status %d", status)
		}
		drawn := termtest.ReadAvailable(t, far)
		if block := strings.Contains(drawn, "\x1b["); block != (kind == "xterm") {
			t.Errorf("%s: %q", kind, drawn)
		}
		if kind == "dumb" {
			continue
		}
		if n := strings.Count(drawn, "\x1b[J"); n != 5 || !strings.Contains(drawn, "Drained in 0:03;") {
			t.Errorf("%d blocks: %q", n, drawn)
		}
		last := drawn[strings.LastIndex(drawn, "\x1b[J"):]
		for line := range strings.Lines(regexp.MustCompile("\x1b\\[[0-9]*[A-Z]").ReplaceAllString(last, "")) {
			if !strings.HasPrefix(line, "Drained") && len(strings.TrimRight(line, "\r\n")) > 40 {
				t.Errorf("%q is too long", line)
			}
		}
	}
}

func TestRampStatusesAndMessages(t *testing.T) {
	for _, test := range []struct {
		line   string
		status int
		stderr string // the end
	}{
		{"--ramp -t 10.0.0.1:80 -r 10.0.0.4 -m -w 100", exitOK, "\nWeight 100 reached in 1:00.\n"},
		{"--ramp -t 10.0.0.1:80 -r 10.0.0.2 -w 9 --over 10 --steps 3", exitOK, "\n0:10: weight 9\nWeight 9 reached in 0:10.\n"},
		{"--ramp -t 10.0.0.1:80 -r 10.0.0.2 -w 3", exitOK, "10.0.0.2:80 of TCP 10.0.0.1:80 has weight 3 already.\n"},
		{"--ramp -t 10.0.0.1:80 -r 10.0.0.2 -w 9 -i", exitUsage, "--ramp changes only its weight; -e --keep changes other settings\n"},
		{"--ramp -t 10.0.0.9:80 -r 10.0.0.2 -w 9", exitKernel, "No such service\n"},
		{"--ramp -t 10.0.0.1:80 -r 10.0.0.2", exitUsage, "You need to supply the 'weight' option for the 'ramp' command\n"},
		{"--ramp -r 10.0.0.2 -w 9", exitUsage, "You need to supply the 'service-address' option for the 'ramp' command\n"},
		{"--ramp -t 10.0.0.1:80 -r 10.0.0.2 -w 9 --over 0", exitUsage, "invalid time `0' specified; it must be 1 to 2678400 seconds\n"},
		{"--ramp -t 10.0.0.1:80 -r 10.0.0.2 -w 9 --steps 1001", exitUsage, "invalid number of steps `1001' specified; it must be 1 to 1000\n"},
		{"--ramp -t 10.0.0.1:80 -r 10.0.0.2 -w 9 --wait 3", exitUsage, "Illegal 'wait' option with the 'ramp' command\n"},
		{"-a -t 10.0.0.1:80 -r 10.0.0.2 -w 9 --steps 3", exitUsage, "Illegal 'steps' option with the 'add-server' command\n"},
	} {
		k := draining(t)
		var stdout, stderr strings.Builder
		status := run(strings.Fields("ipvsadm "+test.line), strings.NewReader(""), &stdout, &stderr, hurried(k, "", quiet))
		if status != test.status || stdout.Len() > 0 || !strings.HasSuffix(stderr.String(), test.stderr) {
			t.Errorf("%s: status %d, want %d, got\n%swant\n%s", test.line, status, test.status, stderr.String(), test.stderr)
		}
	}
}
