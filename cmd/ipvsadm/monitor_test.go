// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/sys/unix"
)

// monitored runs a monitor until it has printed the changes of a number of readings and
// finds another one. meanwhile runs beside it.
func monitored(h host, readings int, line string, meanwhile func()) (out *limitedWriter, stderr string, status int) {
	out = &limitedWriter{left: readings}
	var complaints strings.Builder
	var beside sync.WaitGroup
	beside.Go(meanwhile)
	defer beside.Wait()
	status = run(strings.Fields(line), strings.NewReader(""), out, &complaints, h)
	return out, complaints.String(), status
}

var monitorTime = regexp.MustCompile(`(?m)(^|ipvsadm: )\d{4}-\d\d-\d\d \d\d:\d\d:\d\d `)

// withoutTimes removes the times from lines, and the message with which a monitor on a
// limitedWriter ends.
func withoutTimes(text string) string {
	return strings.TrimSuffix(monitorTime.ReplaceAllString(text, "$1"), cannotWrite)
}

// replayOf returns the rules in lines of a monitor.
func replayOf(lines string) string {
	return regexp.MustCompile(`(?m)^[-+~=] `).ReplaceAllString(withoutTimes(lines), "")
}

// steps runs command lines, one each second from the start plus a half, and one more that
// ends a monitor.
func steps(t *testing.T, k *ipvstest.Kernel, lines ...string) func() {
	return func() {
		time.Sleep(500 * time.Millisecond)
		for _, line := range append(lines, "ipvsadm -A -f 4711") {
			runLines(t, k, line)
			time.Sleep(time.Second)
		}
	}
}

func TestX21MonitorPrintsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -m -w 3")
		start := time.Now()
		out, stderr, status := monitored(fakeHost(k, ""), 5, "ipvsadm --monitor", steps(t, k,
			"ipvsadm -e -t 10.0.0.1:80 -r 10.0.0.2 -m -w 0", "ipvsadm -A -t [fd00::9]:443 -s sh -b sh-port", "ipvsadm -Z", "ipvsadm -E -t 10.0.0.1:80 -s wrr -p 300",
			"ipvsadm -d -t 10.0.0.1:80 -r 10.0.0.2", "ipvsadm -C"))
		const want = `~ -e -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 0
+ -A -t [fd00::9]:443 -s sh -b sh-port
~ -E -t 10.0.0.1:80 -s wrr -p 300
- -d -t 10.0.0.1:80 -r 10.0.0.2:80
- -D -t 10.0.0.1:80
- -D -t [fd00::9]:443
`
		if withoutTimes(out.String()) != want || stderr != cannotWrite || status != exitList {
			t.Errorf("status %d, stderr %q\n%s", status, stderr, out)
		}
		for i, after := range []int{1, 2, 4, 5, 6} { // -Z is no change
			if at := start.Add(time.Duration(after) * time.Second); !out.at[i].Equal(at) {
				t.Errorf("change %d was printed after %v", i, out.at[i].Sub(start))
			}
		}
		if line, want := out.String(), start.Add(time.Second).Local().Format(time.DateTime)+" ~ "; !strings.HasPrefix(line, want) {
			t.Errorf("%s does not begin with %q", line, want)
		}
	})
}

func TestMonitorInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for line, want := range map[string]time.Duration{
			"ipvsadm --monitor": time.Second, "ipvsadm --monitor 5": 5 * time.Second, "ipvsadm --monitor=0.1 -n": 100 * time.Millisecond,
			"ipvsadm --monitor 86400 --output table": 24 * time.Hour,
		} {
			k := ipvstest.New()
			start := time.Now()
			out, stderr, _ := monitored(fakeHost(k, ""), 1, line, func() {
				time.Sleep(50 * time.Millisecond)
				runLines(t, k, "ipvsadm -A -f 1")
				time.Sleep(want)
				runLines(t, k, "ipvsadm -A -f 2")
			})
			if len(out.at) != 1 || out.at[0].Sub(start) != want || stderr != cannotWrite {
				t.Errorf("%s: printed at %v, stderr %q", line, out.at, stderr)
			}
		}
	})
}

// A reading of half a second is worth ten intervals.
func TestMonitorSlowsDownIfReadingsTakeLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		var readings []time.Time
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: -1, Effect: ipvstest.Before(func() {
			readings = append(readings, time.Now())
			if len(readings) == 2 {
				time.Sleep(500 * time.Millisecond)
			}
		})})
		_, _, _ = monitored(fakeHost(k, ""), 0, "ipvsadm --monitor 1", func() {
			time.Sleep(7500 * time.Millisecond)
			k.SetTable(ipvs.Table{{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1}, Scheduler: "rr"}}})
		})
		var pauses []time.Duration
		for i := range readings[1:] {
			pauses = append(pauses, readings[i+1].Sub(readings[i]))
		}
		// The last reading asks for the new service once more, as it has no destinations.
		if want := []time.Duration{time.Second, 5 * time.Second, time.Second, time.Second, 0}; !slices.Equal(pauses, want) {
			t.Errorf("pauses of %v", pauses)
		}
	})
}

func TestMonitorPrintsFullStateFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		k.SetInterface("lo", 1500)
		runLines(t, k, "ipvsadm -A -t 10.0.0.2:80 -s rr", "ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -m -w 3",
			"ipvsadm --start-daemon master --mcast-interface lo")
		root := someSysctls(t).root
		const table = "= -A -t 10.0.0.1:80 -s rr\n= -a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 3\n= -A -t 10.0.0.2:80 -s rr\n"
		const settings = "= --set 900 120 300\n= --start-daemon master --mcast-interface lo --syncid 0 --sync-maxlen 1472 --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1\n" +
			"= --sysctl expire_nodest_conn=1\n"
		for line, want := range map[string]string{"--full": table, "--full --all": table + settings, "--full -t 10.0.0.2:80": "= -A -t 10.0.0.2:80 -s rr\n"} {
			out, stderr, _ := monitored(fakeHost(k, root), 1, "ipvsadm --monitor "+line, func() {
				time.Sleep(500 * time.Millisecond)
				runLines(t, k, "ipvsadm -E -t 10.0.0.2:80 -s wrr")
			})
			runLines(t, k, "ipvsadm -E -t 10.0.0.2:80 -s rr")
			if got := withoutTimes(out.String()); got != want || stderr != cannotWrite {
				t.Errorf("%s: stderr %q\n%s", line, stderr, got)
			}
		}
	})
}

func TestMonitorOfEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		k.SetInterface("lo", 1500)
		sysctls := someSysctls(t)
		set := func(name, value string) {
			if err := os.WriteFile(sysctls.path(name), []byte(value+"\n"), 0o600); err != nil {
				t.Error(err)
			}
		}
		out, stderr, _ := monitored(fakeHost(k, sysctls.root), 5, "ipvsadm --monitor --all", func() {
			time.Sleep(500 * time.Millisecond)
			runLines(t, k, "ipvsadm --set 0 0 60", "ipvsadm --start-daemon backup --mcast-interface lo --syncid 7")
			time.Sleep(time.Second)
			runLines(t, k, "ipvsadm --stop-daemon backup", "ipvsadm --start-daemon backup --mcast-interface lo --syncid 8")
			time.Sleep(time.Second)
			set("sync_threshold", "5\t100")
			set("of_the_future", "red")
			runLines(t, k, "ipvsadm --stop-daemon backup")
			time.Sleep(time.Second)
			set("lblc_expiration", "86400") // its module was loaded
			set("lblcr_expiration", "60")
			time.Sleep(time.Second)
			if err := os.Remove(sysctls.path("lblcr_expiration")); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
			set("lblcr_expiration", "86400")
			time.Sleep(time.Second)
			runLines(t, k, "ipvsadm --set 0 0 61")
		})
		const defaults = " --sync-maxlen 1472 --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1\n"
		const want = "~ --set 900 120 60\n+ --start-daemon backup --mcast-interface lo --syncid 7" + defaults +
			"- --stop-daemon backup\n+ --start-daemon backup --mcast-interface lo --syncid 8" + defaults +
			"- --stop-daemon backup\n~ --sysctl of_the_future=red\n~ --sysctl sync_threshold=5,100\n" +
			"~ --sysctl lblcr_expiration=60\n~ --sysctl lblcr_expiration=86400\n"
		if withoutTimes(out.String()) != want || stderr != cannotWrite {
			t.Errorf("stderr %q\n got %s\nwant %s", stderr, withoutTimes(out.String()), want)
		}
	})
}

// A service can be monitored before it exists.
func TestMonitorOfService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -f 1")
		out, stderr, _ := monitored(fakeHost(k, ""), 3, "ipvsadm --monitor 1 -f 7 -6 --full", steps(t, k,
			"ipvsadm -A -f 7", "ipvsadm -A -f 7 -6 -s rr", "ipvsadm -a -f 7 -6 -r fd00::2 -m", "ipvsadm -D -f 1", "ipvsadm -D -f 7 -6", "ipvsadm -A -f 7 -6"))
		const want = "+ -A -f 7 -6 -s rr\n+ -a -f 7 -6 -r [fd00::2]:0 -m -w 1\n- -D -f 7 -6\n"
		if withoutTimes(out.String()) != want || stderr != cannotWrite {
			t.Errorf("stderr %q\n%s", stderr, out)
		}
	})
}

func TestMonitorJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		k.SetInterface("lo", 1500)
		runLines(t, k, "ipvsadm -A -f 7 -s rr", "ipvsadm -a -f 7 -r 10.0.0.2 -m -w 3")
		start := time.Now()
		out, stderr, _ := monitored(fakeHost(k, newFakeSysctls(t, map[string]string{"conntrack": "0"}).root), 6, "ipvsadm --monitor 1 --json --full --all", steps(t, k,
			"ipvsadm -e -f 7 -r 10.0.0.2 -m -w 0", "ipvsadm -E -f 7 -s wrr", "ipvsadm --set 1 2 3", "ipvsadm --start-daemon master --mcast-interface lo", "ipvsadm -D -f 7"))
		if stderr != cannotWrite {
			t.Error(stderr)
		}
		schema, err := jsonschema.NewCompiler().Compile("../../format/schema.json")
		if err != nil {
			t.Fatal(err)
		}
		var rules []string
		for line := range strings.Lines(out.String()) {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
			if err == nil {
				err = schema.Validate(value)
			}
			var d format.EventDocument
			if err := errors.Join(err, json.Unmarshal([]byte(line), &d)); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			weight := ""
			if d.Destination != nil && d.Destination.Weight != nil {
				weight = fmt.Sprintf("%v %d ", d.Destination.Address, *d.Destination.Weight)
			}
			if d.Service != nil {
				weight += fmt.Sprint(d.Service.FWMark)
			}
			rules = append(rules, fmt.Sprintf("%v %s %s %q %s", d.Time.Sub(start), d.Event, d.Rule, d.Before, weight))
		}
		const daemon = "--start-daemon master --mcast-interface lo --syncid 0 --sync-maxlen 1472 --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1"
		want := []string{
			"0s present -A -f 7 -s rr [] 7",
			"0s present -a -f 7 -r 10.0.0.2:0 -m -w 3 [] 10.0.0.2 3 7",
			"0s present --set 900 120 300 [] ",
			`1s edited -e -f 7 -r 10.0.0.2:0 -m -w 0 ["-a -f 7 -r 10.0.0.2:0 -m -w 3"] 10.0.0.2 0 7`,
			`2s edited -E -f 7 -s wrr ["-A -f 7 -s rr"] 7`,
			`3s edited --set 1 2 3 ["--set 900 120 300"] `,
			"4s added " + daemon + " [] ",
			`5s deleted -D -f 7 ["-A -f 7 -s wrr" "-a -f 7 -r 10.0.0.2:0 -m -w 0"] 7`,
		}
		if !slices.Equal(rules, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(rules, "\n"), strings.Join(want, "\n"))
		}
	})
}

// A failure is said once, and so is its end. What changed in between is printed then.
func TestMonitorSurvivesFailedReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -f 1", "ipvsadm -A -f 2")
		out, stderr, status := monitored(fakeHost(k, ""), 2, "ipvsadm --monitor", func() {
			time.Sleep(500 * time.Millisecond)
			k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: 5, Effect: ipvstest.Refuse(unix.ENOMEM)}) // the sixth is good
			time.Sleep(time.Second)
			k.SetTable(append(k.Table()[1:], ipvs.TableEntry{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 3}, Scheduler: "rr"}}))
			time.Sleep(6 * time.Second)
			k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Effect: ipvstest.Refuse(unix.ENOMEM)}) // only one, which is not said
			time.Sleep(time.Second)
			runLines(t, k, "ipvsadm -D -f 3")
			time.Sleep(2 * time.Second)
			runLines(t, k, "ipvsadm -C")
		})
		const want = "ipvsadm: cannot read the table: Memory allocation problem; trying again\nipvsadm: the table can be read again\n"
		if got := withoutTimes(stderr); got != want || status != exitList {
			t.Errorf("status %d, stderr %s", status, got)
		}
		if got := withoutTimes(out.String()); got != "+ -A -f 3 -s rr\n- -D -f 1\n- -D -f 3\n" {
			t.Errorf("got %s", got)
		}
	})
}

// Without its module IPVS has no services. A monitor does not load it.
func TestMonitorSurvivesUnloadedModule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := ipvstest.New(), ipvstest.New()
		runLines(t, before, "ipvsadm -A -f 1 -s rr", "ipvsadm --set 0 0 60")
		runLines(t, after, "ipvsadm -A -f 2 -s rr")
		var now atomic.Pointer[ipvstest.Kernel]
		now.Store(before)
		var unloaded atomic.Bool
		h := fakeHost(before, someSysctls(t).root)
		h.dial = func() (*ipvs.Client, error) { return now.Load().Dial() }
		h.moduleLoaded = func() (bool, error) { return !unloaded.Load(), nil }
		h.loadModule = func() bool {
			t.Error("the module was loaded")
			return true
		}
		out, stderr, _ := monitored(h, 2, "ipvsadm --monitor --all", func() {
			time.Sleep(500 * time.Millisecond)
			before.SetLoaded(false)
			unloaded.Store(true)
			time.Sleep(3 * time.Second)
			now.Store(after)
			unloaded.Store(false)
			time.Sleep(time.Second)
			runLines(t, after, "ipvsadm -C")
		})
		if got := withoutTimes(out.String()); got != "- -D -f 1\n+ -A -f 2 -s rr\n~ --set 900 120 300\n" {
			t.Errorf("got %s", got)
		}
		const want = "ipvsadm: the module ip_vs is not loaded any more; waiting for it\nipvsadm: the module ip_vs is loaded again\n"
		if got := withoutTimes(stderr); got != want {
			t.Errorf("stderr %s", got)
		}
	})
}

func TestMonitorWithoutSysctlsSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		out, stderr, _ := monitored(fakeHost(k, t.TempDir()), 2, "ipvsadm --monitor --all", steps(t, k, "ipvsadm --set 1 2 3", "ipvsadm -A -f 1 -s rr"))
		if got := withoutTimes(out.String()); got != "~ --set 1 2 3\n+ -A -f 1 -s rr\n" {
			t.Errorf("got %s", got)
		}
		if strings.Count(stderr, "cannot monitor settings of the kernel: there are no settings of IPVS") != 1 || strings.Count(stderr, "\n") != 2 {
			t.Errorf("stderr %s", stderr)
		}
	})
}

func TestMonitorFirstReadingFails(t *testing.T) {
	broken := ipvstest.New()
	broken.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: -1, Effect: ipvstest.Refuse(unix.ENOMEM)})
	for _, c := range []struct {
		k      *ipvstest.Kernel
		stderr string
		status int
	}{
		{unprivileged(), "ipvsadm: permission denied: IPVS needs the capability CAP_NET_ADMIN\n", exitUsage},
		{unloaded(), "Can't initialize ipvs: Protocol not available\nAre you sure that IP Virtual Server is built in the kernel or as module?\n", exitUsage},
		{broken, "Memory allocation problem\n", exitList},
	} {
		check(t, c.k, "ipvsadm --monitor", want{stderr: c.stderr, status: c.status})
	}
}

func TestMonitorEndsWithoutReader(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close() }()
	_ = reader.Close()
	raised := 0
	h := fakeHost(ipvstest.New(), "")
	h.raiseSIGPIPE = func() { raised++ }
	var stderr strings.Builder
	if status := run(strings.Fields("ipvsadm --monitor"), strings.NewReader(""), writer, &stderr, h); status != exitOK || raised != 1 || stderr.String() != "" {
		t.Errorf("status %d, %d signals, stderr %s", status, raised, &stderr)
	}
}

func TestMonitorEndsIfOutputIsFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = full.Close() }()
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1")
	var stderr strings.Builder
	status := run(strings.Fields("ipvsadm --monitor --full"), strings.NewReader(""), full, &stderr, fakeHost(k, ""))
	if want := "ipvsadm: cannot write the output: write /dev/full: no space left on device\n"; stderr.String() != want || status != exitList {
		t.Errorf("status %d, stderr %s", status, &stderr)
	}
}

func TestMonitorErrors(t *testing.T) {
	for line, stderr := range map[string]string{
		"ipvsadm --monitor 0":                      "invalid interval `0' specified; it must be 0.1 to 86400 seconds\n",
		"ipvsadm --monitor 10.0.0.1:80":            "invalid interval `10.0.0.1:80' specified; it must be 0.1 to 86400 seconds\n",
		"ipvsadm --monitor=":                       "invalid interval `' specified; it must be 0.1 to 86400 seconds\n",
		"ipvsadm --monitor 1 2":                    "unexpected argument 2\n",
		"ipvsadm --monitor --watch":                "Illegal 'watch' option with the 'monitor' command\n",
		"ipvsadm --monitor -t 10.0.0.1:80 -f 1":    "multiple 'service-address' options specified\n",
		"ipvsadm --monitor -r 10.0.0.1":            "Illegal 'real-server' option with the 'monitor' command\n",
		"ipvsadm --monitor --output classic":       "invalid output format `classic' specified for 'monitor'; it must be one of table, json\n",
		"ipvsadm --monitor --json --output json":   "multiple 'output' options specified\n",
		"ipvsadm -L --full":                        "Illegal 'full' option with the 'list' command\n",
		"ipvsadm --monitor --netns red":            "ipvsadm: no namespace red\n",
		"ipvsadm --monitor --netns blue --netns a": "multiple 'netns' options specified\n",
	} {
		check(t, ipvstest.New(), line, want{status: exitUsage, stderr: stderr})
	}
	checkInput(t, ipvstest.New(), "--monitor\n", "ipvsadm -R", want{status: exitUsage, stderr: "line 1: the command --monitor is not allowed in a rules file\n"})
}

func TestMonitorInNetNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newTwoNamespaces()
		h := fakeHost(n.here, "")
		h.netns = func(string) (namespace, error) { return &n.blue, nil }
		n.here.Commands()
		out, stderr, _ := monitored(h, 1, "ipvsadm --netns blue --monitor", steps(t, n.blue.kernel, "ipvsadm -A -f 1 -s rr"))
		if got := withoutTimes(out.String()); got != "+ -A -f 1 -s rr\n" || stderr != cannotWrite {
			t.Errorf("stderr %q, got %s", stderr, got)
		}
		if asked := n.here.Commands(); len(asked) > 0 {
			t.Errorf("the other namespace got %v", asked)
		}
	})
}

// What a rule cannot make is a comment, also in a dry run.
func TestMonitorOfInexpressibleService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		foreign := ipvs.ServiceID{Protocol: 99, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
		out, stderr, _ := monitored(fakeHost(k, ""), 2, "ipvsadm --monitor", func() {
			time.Sleep(500 * time.Millisecond)
			k.SetTable(ipvs.Table{{Service: ipvs.Service{ServiceID: foreign, Scheduler: "r\nr"}}})
			time.Sleep(time.Second)
			runLines(t, k, "ipvsadm -C")
			time.Sleep(time.Second)
			runLines(t, k, "ipvsadm -A -f 1")
		})
		if got := withoutTimes(out.String()); got != "+ # -A -t 10.0.0.1:80 -s r\\x0ar\n- # -D -t 10.0.0.1:80\n" || stderr != cannotWrite {
			t.Errorf("stderr %q, got %s", stderr, got)
		}
	})
}

// randomLine returns a command line that may or may not succeed.
func randomLine(r *rand.Rand) string {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	service := pick("-t 10.0.0.1:80", "-t 10.0.0.1:443", "-u 10.0.0.1:53", "-f 7", "-f 7 -6", "-t [fd00::1]:80")
	four, six := pick("10.0.1.1", "10.0.1.2", "10.0.1.3:8080"), pick("[fd00::2]", "[fd00::3]:8080")
	server := " -r " + four
	if strings.Contains(service, "6") || strings.Contains(service, "fd00") {
		server = " -r " + six
	}
	settings := server + pick(" -m", " -g", " -i", " -i --tun-type gue --tun-port 6000 --tun-csum", "") + pick("", " -w 0", " -w 7", " -x 9 -y 3")
	schedule := pick(" -s rr", " -s wlc", " -s sh -b sh-port", "") + pick("", "", " -p 300", " -p 60 -M "+map[bool]string{true: "64", false: "255.255.255.0"}[strings.Contains(server, "fd00")])
	switch r.IntN(20) {
	case 0, 1, 2, 3:
		return "-A " + service + schedule
	case 4, 5:
		return "-E " + service + schedule
	case 6:
		return "-D " + service
	case 7:
		return pick("-C", "-Z", "-Z "+service)
	case 8, 9:
		return "-d " + service + server
	case 10:
		return pick("--set 0 0 60", "--set 100 0 0", "--set 900 120 300")
	case 11:
		return pick("--start-daemon master --mcast-interface lo --syncid 3", "--start-daemon backup --mcast-interface lo", "--stop-daemon master", "--stop-daemon backup")
	case 12, 13, 14:
		return "-e " + service + settings
	}
	return "-a " + service + settings
}

// untilDone is a writer that fails once it is done.
type untilDone struct {
	strings.Builder
	done atomic.Bool
}

func (w *untilDone) Write(b []byte) (int, error) {
	if w.done.Load() {
		return 0, errors.New("enough")
	}
	return w.Builder.Write(b)
}

// The lines of a monitor, applied to the first table, make the last one, whatever changed
// between two readings.
func TestMonitorSumsUp(t *testing.T) {
	saved := func(k *ipvstest.Kernel) string {
		var out strings.Builder
		if status := run(strings.Fields("ipvsadm-save -n --all"), strings.NewReader(""), &out, &out, fakeHost(k, "")); status != exitOK {
			t.Fatal(out.String())
		}
		return out.String()
	}
	printed := 0
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			k, replica := ipvstest.New(), ipvstest.New()
			k.SetInterface("lo", 1500)
			replica.SetInterface("lo", 1500)
			changeAtRandom := func(times int) {
				for range times {
					_, _, _ = runFake(k, "", strings.Fields(randomLine(r))...)
				}
			}
			changeAtRandom(20)
			first, last := saved(k), ""
			out := &untilDone{}
			go func() {
				time.Sleep(500 * time.Millisecond)
				for range 40 {
					changeAtRandom(r.IntN(6))
					time.Sleep(time.Second)
				}
				last = saved(k)
				out.done.Store(true)
				runLines(t, k, "ipvsadm -A -f 4711")
			}()
			sysctls := newFakeSysctls(t, map[string]string{"conntrack": "0"})
			_ = run(strings.Fields("ipvsadm --monitor --all"), strings.NewReader(""), out, io.Discard, fakeHost(k, sysctls.root))
			for _, rules := range []string{first, replayOf(out.String())} {
				if _, stderr, status := runFake(replica, rules, "-R"); status != exitOK {
					t.Fatalf("seed %d: %s%s", seed, stderr, rules)
				}
			}
			printed += strings.Count(out.String(), "\n")
			if sum := saved(replica); sum != last {
				t.Errorf("seed %d: first\n%s\nthen\n%s\nsum up to\n%s\ninstead of\n%s", seed, first, out, sum, last)
			}
		})
	}
	if printed < 300 {
		t.Errorf("only %d changes were printed", printed)
	}
}
