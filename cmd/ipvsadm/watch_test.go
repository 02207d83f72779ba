package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

func watchedTable() ipvs.Table {
	destination := func(address string, weight uint32, conns uint64) ipvs.Destination {
		d := ipvs.Destination{Weight: weight, Stats: ipvs.Stats{Conns: conns, InPkts: 10 * conns, CPS: 77}}
		d.AddrPort = netip.MustParseAddrPort(address)
		return d
	}
	service := func(mark uint32, conns uint64) ipvs.Service {
		return ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: mark}, Stats: ipvs.Stats{Conns: conns, CPS: 77}}
	}
	return ipvs.Table{
		{Service: service(1, 10), Destinations: []ipvs.Destination{destination("10.0.0.1:80", 1, 4), destination("10.0.0.2:80", 9, 6)}},
		{Service: service(2, 100), Destinations: []ipvs.Destination{destination("10.0.0.3:80", 2, 100)}},
		{Service: service(3, 0)},
	}
}

func TestMeter(t *testing.T) {
	var m meter
	start := time.Now()
	table := watchedTable()
	m.measure(table, start)
	if table[0].Service.Stats.CPS != 77 {
		t.Error("the first rates are not the kernel's")
	}
	later := watchedTable()
	later[0].Service.Stats.Conns += 5
	later[0].Destinations[1].Stats.InPkts += 25
	later[1].Service.Stats.Conns = 8 // zeroed meanwhile
	later = append(later, ipvs.TableEntry{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 4}, Stats: ipvs.Stats{Conns: 20, CPS: 7}}})
	m.measure(later, start.Add(2*time.Second))
	for what, got := range map[string][2]uint64{
		"rounded":     {later[0].Service.Stats.CPS, 3},
		"destination": {later[0].Destinations[1].Stats.InPPS, 13},
		"idle":        {later[0].Destinations[0].Stats.CPS, 0},
		"zeroed":      {later[1].Service.Stats.CPS, 4},
		"new":         {later[3].Service.Stats.CPS, 7},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %d a second, want %d", what, got[0], got[1])
		}
	}
}

func order(table ipvs.Table) string {
	var words []string
	for _, entry := range table {
		words = append(words, fmt.Sprint(entry.Service.FWMark))
		for _, d := range entry.Destinations {
			words = append(words, strings.TrimPrefix(d.AddrPort.Addr().String(), "10.0.0"))
		}
	}
	return strings.Join(words, " ")
}

func TestSortByColumn(t *testing.T) {
	for by, want := range map[column]string{
		byName:   "1 .1 .2 2 .3 3",
		byWeight: "1 .2 .1 2 .3 3",
		byConns:  "1 .1 .2 2 .3 3", // all rates are the same
		byActive: "1 .1 .2 2 .3 3",
	} {
		table := watchedTable()
		by.sort(table)
		if got := order(table); got != want {
			t.Errorf("%s: got %s, want %s", columnNames[by], got, want)
		}
	}
	table := watchedTable()
	table[2].Service.Stats.CPS = 78
	table[0].Destinations[1].Stats.CPS = 78
	byConns.sort(table)
	if got := order(table); got != "3 1 .2 .1 2 .3" {
		t.Errorf("by rates: %s", got)
	}
}

func TestWindow(t *testing.T) {
	for _, c := range []struct {
		from, rows int
		want       string
	}{
		{0, 9, "1 .1 .2 2 .3 3"},
		{0, 2, "1 .1"},
		{1, 2, "1 .1"}, // the service stays above its destinations
		{2, 3, "1 .2 2"},
		{3, 3, "2 .3 3"},
		{5, 1, "3"},
		{6, 5, ""},
		{0, 0, ""},
	} {
		if got := order(windowOf(watchedTable(), c.from, c.rows)); got != c.want {
			t.Errorf("%d rows from %d: %q, want %q", c.rows, c.from, got, c.want)
		}
	}
}

// aFewDocuments takes so many writes, one for each document, and then fails.
type aFewDocuments struct {
	bytes.Buffer
	left int
	at   []time.Time
}

func (w *aFewDocuments) Write(b []byte) (int, error) {
	if w.left == 0 {
		return 0, errors.New("enough")
	}
	w.left--
	w.at = append(w.at, time.Now())
	return w.Buffer.Write(b)
}

func TestWatchWithoutTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -t 10.0.0.1:80", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -m")
		out := &aFewDocuments{left: 3}
		var stderr strings.Builder
		words := strings.Fields("ipvsadm -L -n --watch 5 --output json")
		if status := run(words, strings.NewReader(""), out, &stderr, fakeMachine(k, "")); status != exitList {
			t.Errorf("status %d, %s", status, &stderr)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 3 {
			t.Fatalf("got %q", lines)
		}
		for i, line := range lines {
			var document format.TableDocument
			if err := json.Unmarshal([]byte(line), &document); err != nil || !document.Time.Equal(out.at[i]) || len(document.Services) != 1 {
				t.Errorf("%v: %s", err, line)
			}
		}
		if out.at[2].Sub(out.at[0]) != 10*time.Second {
			t.Errorf("documents at %v", out.at)
		}
	})
}

func TestWatchClassic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
		once, _, _ := runFake(k, "", "-L", "-n")
		out := &aFewDocuments{left: 2}
		var stderr strings.Builder
		run(strings.Fields("ipvsadm -Ln --watch"), strings.NewReader(""), out, &stderr, fakeMachine(k, ""))
		if want := once + "\n" + once; out.String() != want {
			t.Errorf("got  %q\nwant %q", out.String(), want)
		}
	})
}

// watched runs a repeated listing until it has written so many documents.
func watched(k *ipvstest.Kernel, root string, documents int, line string) (stdout, stderr string, at []time.Time, status int) {
	out := &aFewDocuments{left: documents}
	var complaints strings.Builder
	status = run(strings.Fields(line), strings.NewReader(""), out, &complaints, fakeMachine(k, root))
	return out.String(), complaints.String(), out.at, status
}

// cannotWrite is what is said on stderr when a watch ends at last.
const cannotWrite = "ipvsadm: cannot write the output: enough\n"

func TestWatchGoesOnWhenItsServiceComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
		once, _, _ := runFake(k, "", "-L", "-n", "-t", "10.0.0.1:80")
		go func() {
			time.Sleep(3 * time.Second)
			runLines(t, k, "ipvsadm -D -t 10.0.0.1:80")
			time.Sleep(4 * time.Second)
			runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
		}()
		start := time.Now()
		stdout, stderr, at, status := watched(k, "", 3, "ipvsadm -L -n -t 10.0.0.1:80 --watch 2")
		if want := once + "\n" + once + "\n" + once; stdout != want {
			t.Errorf("got  %q\nwant %q", stdout, want)
		}
		if want := "No such service\nNo such service\n" + cannotWrite; stderr != want || status != exitList {
			t.Errorf("status %d, stderr %q", status, stderr)
		}
		if took := at[2].Sub(start); took != 8*time.Second {
			t.Errorf("the service is back after %v", took)
		}
	})
}

func TestWatchGoesOnAfterEachKindOfFailedReading(t *testing.T) {
	for _, line := range []string{"", "--output json", "-c", "-c --output json", "-c --count-by state", "--timeout --output table", "--daemon --output json"} {
		synctest.Test(t, func(t *testing.T) {
			k := ipvstest.New()
			root := rootWith(t, ipvs.ConnEntriesPath, connectionTable)
			go func() {
				time.Sleep(time.Second)
				k.Inject(ipvstest.Fault{Effect: ipvstest.Refuse(unix.ENOMEM)})
			}()
			stdout, stderr, at, _ := watched(k, root, 2, "ipvsadm -L -n --watch 2 "+line)
			if want := "Memory allocation problem\n" + cannotWrite; stderr != want {
				t.Errorf("%q: stderr %q", line, stderr)
			}
			if at[1].Sub(at[0]) != 4*time.Second {
				t.Errorf("%q: documents at %v", line, at)
			}
			if strings.Contains(stdout, "\n\n\n") {
				t.Errorf("%q: the document that failed has left something: %q", line, stdout)
			}
		})
	}
}

// A document that breaks off has a line of its own, as the next one.
func TestWatchGoesOnAfterHalfADocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := rootWith(t, ipvs.ConnEntriesPath, connectionTable+"nonsense\n")
		go func() {
			time.Sleep(time.Second)
			good := rootWith(t, ipvs.ConnEntriesPath, connectionTable)
			if err := os.Rename(filepath.Join(good, ipvs.ConnEntriesPath), filepath.Join(root, ipvs.ConnEntriesPath)); err != nil {
				t.Error(err)
			}
			time.Sleep(2 * time.Second)
			if err := os.WriteFile(filepath.Join(root, ipvs.ConnEntriesPath), []byte(connectionTable+"nonsense\n"), 0o600); err != nil {
				t.Error(err)
			}
		}()
		// The first reading must not fail.
		if err := os.WriteFile(filepath.Join(root, ipvs.ConnEntriesPath), []byte(connectionTable), 0o600); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, _, _ := watched(ipvstest.New(), root, 4, "ipvsadm -L -n -c --watch 2 --output json")
		lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		if len(lines) != 4 {
			t.Fatalf("%d lines: %q", len(lines), stdout)
		}
		for i, line := range lines {
			if json.Valid([]byte(line)) != (i < 2) || !strings.HasPrefix(line, `{"time":`) {
				t.Errorf("line %d: %s", i, line)
			}
		}
		if strings.Count(stderr, "line 8") != 2 {
			t.Errorf("stderr %q", stderr)
		}
	})
}

func TestWatchEndsAtItsFirstReading(t *testing.T) {
	initError := func(reason string) string {
		return "Can't initialize ipvs: " + reason + "\n" +
			"Are you sure that IP Virtual Server is built in the kernel or as module?\n"
	}
	for _, c := range []struct {
		k      *ipvstest.Kernel
		line   string
		stderr string
		status int
	}{
		{unprivileged(), "-L --watch", initError("Permission denied (you must be root)"), exitUsage},
		{unloaded(), "-L --watch", initError("Protocol not available"), exitUsage},
		{ipvstest.New(), "-L -t 10.0.0.1:80 --watch", "No such service\n", exitList},
		{ipvstest.New(), "-L -c --watch", "cannot open file " + ipvs.ConnEntriesPath + "\n", exitList},
	} {
		stdout, stderr, _, status := watched(c.k, t.TempDir(), 1, "ipvsadm "+c.line)
		if stdout != "" || stderr != c.stderr || status != c.status {
			t.Errorf("%s: status %d, stdout %q, stderr %q", c.line, status, stdout, stderr)
		}
	}
}

// The module is not loaded again behind the back of who unloaded it. When it is
// there again, it has another family ID.
func TestWatchGoesOnWhenTheModuleComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := ipvstest.New(), ipvstest.New()
		runLines(t, after, "ipvsadm -A -t 10.0.0.1:80")
		var now atomic.Pointer[ipvstest.Kernel]
		var loaded atomic.Bool
		now.Store(before)
		loaded.Store(true)
		loads, dials := 0, 0
		m := fakeMachine(before, "")
		m.loaded = func() (bool, error) { return loaded.Load(), nil }
		m.load = func() { loads++ }
		m.dial = func() (*ipvs.Client, error) { dials++; return now.Load().Dial() }
		go func() {
			time.Sleep(time.Second)
			before.SetLoaded(false)
			loaded.Store(false)
			time.Sleep(4 * time.Second)
			now.Store(after)
			loaded.Store(true)
		}()
		out := &aFewDocuments{left: 2}
		var stderr strings.Builder
		run(strings.Fields("ipvsadm -L -n --watch 2"), strings.NewReader(""), out, &stderr, m)
		if want := "Protocol not available\nProtocol not available\n" + cannotWrite; stderr.String() != want {
			t.Errorf("stderr %q", &stderr)
		}
		if !strings.Contains(out.String(), "10.0.0.1:80") || loads != 0 || dials != 2 {
			t.Errorf("%d loads, %d dials, got %q", loads, dials, out)
		}
	})
}
