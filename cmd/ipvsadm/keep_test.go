// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"pgregory.net/rapid"
)

// Each line is given to a table of its own and changes only the words of the saved rules
// that it names.
func TestKeepChangesOnlyWhatIsNamed(t *testing.T) {
	const (
		service = "-A -t 10.0.0.1:80 -s sh -p 600 -M 255.255.255.0 --pe sip -b sh-fallback"
		masq    = "-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3 -x 100 -y 50"
		gue     = "-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 4 --tun-type gue --tun-port 6080 --tun-csum"
		mark    = "-A -f 7 -s wlc -o"
		shared  = "-a -f 7 -r 10.0.0.2:0 -g -w 9"
	)
	rules := []string{service, masq, gue, mark, shared}
	for _, test := range []struct {
		line string
		want map[string]string // rules, and what becomes of them
	}{
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -w 5", map[string]string{masq: "-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 5 -x 100 -y 50"}},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -x 0 -y 0", map[string]string{masq: "-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3"}},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -y 0", map[string]string{masq: "-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3 -x 100 -y 0"}},
		{"-e -t 10.0.0.1:80 -r 10.0.0.3 -w 5 --keep", map[string]string{gue: strings.Replace(gue, "-w 4", "-w 5", 1)}},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.3 --tun-port 6081", map[string]string{gue: strings.Replace(gue, "6080", "6081", 1)}},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.3 --tun-nocsum", map[string]string{gue: strings.Replace(gue, "--tun-csum", "--tun-nocsum", 1)}},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.3 --tun-type gre", map[string]string{gue: "-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 4 --tun-type gre --tun-csum"}},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.3 --tun-type ipip", map[string]string{gue: "-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 4 --tun-type ipip"}},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.3 -g", map[string]string{gue: "-a -t 10.0.0.1:80 -r 10.0.0.3:80 -g -w 4"}},
		{"-e --keep -r 10.0.0.2 -w 0", map[string]string{
			masq: strings.Replace(masq, "-w 3", "-w 0", 1), shared: strings.Replace(shared, "-w 9", "-w 0", 1),
		}},
		{"-e --keep -r 10.0.0.2:8080 -w 0", map[string]string{masq: strings.Replace(masq, "-w 3", "-w 0", 1)}},
		{"-E --keep -t 10.0.0.1:80 -s wrr -b none", map[string]string{service: "-A -t 10.0.0.1:80 -s wrr -p 600 -M 255.255.255.0 --pe sip"}},
		{"-E --keep -t 10.0.0.1:80 -b sh-port", map[string]string{service: strings.Replace(service, "sh-fallback", "sh-port", 1)}},
		{"-E --keep -t 10.0.0.1:80 -b none", map[string]string{service: strings.TrimSuffix(service, " -b sh-fallback")}},
		{"-E --keep -t 10.0.0.1:80 --no-pe", map[string]string{service: strings.Replace(service, " --pe sip", "", 1)}},
		{"-E --keep -t 10.0.0.1:80 --no-persistent", map[string]string{service: "-A -t 10.0.0.1:80 -s sh --pe sip -b sh-fallback"}},
		{"-E --keep -t 10.0.0.1:80 -p", map[string]string{service: strings.Replace(service, "600", "360", 1)}},
		{"-E --keep -t 10.0.0.1:80 -M 255.255.0.0", map[string]string{service: strings.Replace(service, "255.255.255.0", "255.255.0.0", 1)}},
		{"-E --keep -f 7 --no-ops -s rr", map[string]string{mark: "-A -f 7 -s rr"}},
		{"-E --keep -f 7 --pe sip -p 60", map[string]string{mark: "-A -f 7 -s wlc -p 60 --pe sip -o"}},
	} {
		for _, stdin := range []string{"", test.line + "\n"} { // on the command line, and as a rule for -R
			k := ipvstest.New()
			for _, rule := range rules {
				runLines(t, k, "ipvsadm "+rule)
			}
			words := strings.Fields(test.line)
			if stdin != "" {
				words = []string{"-R"}
			}
			if _, stderr, status := runFake(k, stdin, words...); status != exitOK || stderr != "" {
				t.Errorf("%s: status %d, %s", test.line, status, stderr)
			}
			want := ""
			for _, rule := range rules {
				if changed, ok := test.want[rule]; ok {
					rule = changed
				}
				want += rule + "\n"
			}
			if got, _, _ := runFake(k, "", "-S", "-n"); got != want {
				t.Errorf("%s:\n got\n%swant\n%s", test.line, got, want)
			}
		}
	}
}

// A line that cannot be carried out says why, and changes nothing.
func TestKeepRefuses(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80 -s wlc", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3 -x 100 -y 50",
		"ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3 -i", "ipvsadm -A -t 10.0.0.1:0 -p", "ipvsadm -a -t 10.0.0.1:0 -r fd00::2 -i")
	before := k.Table()
	for _, test := range []struct {
		line, stderr string
		status       int
	}{
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.3", "nothing to change", exitUsage},
		{"-E --keep -t 10.0.0.1:80", "nothing to change", exitUsage},
		{"-e --keep -r 10.0.0.3", "nothing to change", exitUsage},
		{"-e --keep -w 5", "You need to supply the 'real-server' option for the 'edit-server' command", exitUsage},
		{"-E --keep -s rr", "You need to supply the 'service-address' option for the 'edit-service' command", exitUsage},
		{"-e -r 10.0.0.3 -w 5", "You need to supply the 'service-address' option for the 'edit-server' command", exitUsage},
		{"-a --keep -t 10.0.0.1:80 -r 10.0.0.4", "Illegal 'keep' option with the 'add-server' command", exitUsage},
		{"-A --keep -t 10.0.0.1:81", "Illegal 'keep' option with the 'add-service' command", exitUsage},
		{"-L --keep", "Illegal 'keep' option with the 'list' command", exitUsage},
		{"-E -t 10.0.0.1:80 --no-pe", "--no-pe requires --keep", exitUsage},
		{"-E -t 10.0.0.1:80 -b none", "invalid scheduler flag `none'", exitUsage},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.3 --no-pe", "Illegal 'no-pe' option with the 'edit-server' command", exitUsage},
		{"-E --keep -t 10.0.0.1:80 -p 60 --no-persistent", "The option 'no-persistent' conflicts with the 'persistent' option", exitUsage},
		{"-E --keep -t 10.0.0.1:80 -M 255.255.255.0 --no-persistent", "The option 'no-persistent' conflicts with the 'netmask' option", exitUsage},
		{"-E --keep -t 10.0.0.1:0 --no-persistent", "Zero port specified for non-persistent service", exitUsage},
		{"-E --keep -t 10.0.0.1:80 -o", "One-Packet Scheduling is only for UDP virtual services", exitUsage},
		{"-E --keep -t 10.0.0.1:80 -b sh-port", "incompatible scheduler flag `sh-port'", exitUsage},
		{"-E --keep -t 10.0.0.1:80 -s rr -b sh-port", "incompatible scheduler flag `sh-port'", exitUsage},
		{"-E --keep -t 10.0.0.1:80 -M 255.0.0.256", "illegal virtual server persistent mask specified", exitUsage},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -w +2", "illegal weight specified", exitUsage},
		{"-e -w +2 -t 10.0.0.1:80 -r 10.0.0.2:8080 --keep", "illegal weight specified", exitUsage},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -w +2x", "illegal weight specified", exitUsage},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -g",
			"server 10.0.0.2:8080 of TCP 10.0.0.1:80 needs -m, because it has another port than its service; delete it and add one with that port", exitUsage},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 -x 10", "the lower threshold of 10.0.0.2:8080 of TCP 10.0.0.1:80, 50, is above the upper one, 10", exitUsage},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2:8080 --tun-type gre", "Tunnel options conflict with forward method", exitUsage},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.3 --tun-type gue", "You need to supply the 'tun-port' option for the 'gue' tunnel type", exitUsage},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.3 --tun-csum", "Illegal 'tun-csum' option with the 'ipip' tunnel type", exitUsage},
		{"-e --keep -r fd00::2 -m", "Different address family is allowed only for tunneling servers", exitUsage},
		{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2 -w 5", "No such destination", exitKernel},
		{"-e --keep -t 10.0.0.9:80 -r 10.0.0.2 -w 5", "Service not defined", exitKernel},
		{"-e --keep -r 10.0.0.9 -w 5", "No such destination", exitKernel},
		{"-E --keep -t 10.0.0.9:80 -s rr", "No such service", exitKernel},
		{"-E --keep -t 10.0.0.1:80 -s nosuch", "Scheduler or persistence engine not found", exitKernel},
	} {
		check(t, k, "ipvsadm "+test.line, want{stderr: test.stderr + "\n", status: test.status})
	}
	// As a variable of a script that was not set.
	for _, option := range [][2]string{{"-s", "scheduler"}, {"--pe", "pe"}, {"-b", "sched-flags"}} {
		words := []string{"ipvsadm", "-E", "--keep", "-t", "10.0.0.1:80", "-p", "60", option[0], ""}
		var stdout, stderr strings.Builder
		status := run(words, strings.NewReader(""), &stdout, &stderr, fakeHost(k, t.TempDir()))
		if want := fmt.Sprintf("empty '%s' option specified\n", option[1]); status != exitUsage || stderr.String() != want {
			t.Errorf("%q: status %d, %s", words, status, stderr.String())
		}
	}
	if diff := cmp.Diff(describeTable(k.Table()), describeTable(before)); diff != "" {
		t.Errorf("the table changed: %s", diff)
	}
}

// A description of the whole table cannot leave settings as they are; -R can.
func TestKeepInRules(t *testing.T) {
	const rules = "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.2 -i -w 3\n-e --keep -t 10.0.0.1:80 -r 10.0.0.2 -w 5\n"
	const bad = "line 3: the option 'keep' is not allowed in rules that describe the whole table\n"
	for _, words := range []string{"ipvsadm-restore", "ipvsadm-restore --check", "ipvsadm-restore --dry-run", "ipvsadm-restore --clear"} {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -f 1")
		var stdout, stderr strings.Builder
		status := run(strings.Fields(words), strings.NewReader(rules), &stdout, &stderr, fakeHost(k, t.TempDir()))
		if stdout.String() != "" || stderr.String() != bad || status != exitUsage || len(k.Table()) != 1 {
			t.Errorf("%s: status %d, %s%s", words, status, stdout.String(), stderr.String())
		}
	}
	k := ipvstest.New()
	checkInput(t, k, rules+"-e --keep -t 10.0.0.1:80 -r 10.0.0.9 -w 5\n-e --keep -r 10.0.0.2 -x 7\n-a -t 10.0.0.1:80 -r 10.0.0.3\n", "ipvsadm -R",
		want{stderr: "line 4: No such destination\n", status: exitKernel})
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -i -w 5 -x 7 -y 0 --tun-type ipip\n" +
		"-a -t 10.0.0.1:80 -r 10.0.0.3:80 -g -w 1\n"})
}

// In whatever table, also one that other programs have made, an edit changes only the fields
// that it names, and one that fails changes nothing.
func TestKeepLeavesOtherFieldsAlone(t *testing.T) {
	k := ipvstest.New()
	keepLeavesOtherFieldsAlone(t, fakeHost(k, t.TempDir()))
}

func testKeepInKernel(t *testing.T) {
	inNewNamespace(t)
	// Scripts find out which program they have: the C program refuses the options.
	for _, line := range []string{"-e --keep -t 10.0.0.1:80 -r 10.0.0.2 -w 0", "-E --keep -t 10.0.0.1:80 -s rr", "--drain -r 10.0.0.2", "--ramp -t 10.0.0.1:80 -r 10.0.0.2 -w 9"} {
		original := exec.Command("ipvsadm", strings.Fields(line)...)
		if _ = original.Run(); original.ProcessState.ExitCode() != exitKernel {
			t.Errorf("the C program, %s: %v", line, original.ProcessState)
		}
	}
	h := fakeHost(ipvstest.New(), "/")
	h.dial = func() (*ipvs.Client, error) { return ipvs.Dial() }
	keepLeavesOtherFieldsAlone(t, h)
}

// keptEdit is an option of an edit and the fields of the JSON document that it names.
type keptEdit struct{ words, fields string }

// option is the option, or what alternatives have in common.
func (e keptEdit) option() string {
	if e.fields == "forward tunnel" {
		return e.fields
	}
	return strings.Fields(e.words)[0]
}

var serverEdits = []keptEdit{
	{"-w 0", "weight"}, {"-w 77", "weight"}, {"-x 900", "upper_threshold"}, {"-x 0", "upper_threshold"}, {"-y 0", "lower_threshold"},
	{"-g", "forward tunnel"}, {"-m", "forward tunnel"}, {"-i", "forward tunnel"}, {"--tun-type gre", "tunnel"}, {"--tun-csum", "tunnel"}, {"--tun-port 99", "tunnel"},
}

var serviceEdits = []keptEdit{
	{"-s wrr", "scheduler scheduler_flags"}, {"-s sh", "scheduler scheduler_flags"}, {"-p 77", "flags persistence_timeout"}, {"-M MASK", "netmask"},
	{"--pe sip", "persistence_engine"}, {"--no-pe", "persistence_engine"}, {"-b flag-3", "scheduler_flags"}, {"-b none", "scheduler_flags"},
	{"--no-persistent", "flags persistence_timeout"}, {"--no-ops", "flags"}, {"-o", "flags"},
}

func keepLeavesOtherFieldsAlone(t *testing.T, h host) {
	client, err := h.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	changed, runs := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		if err := client.Flush(); err != nil {
			t.Fatal(err)
		}
		var changes []ipvs.Change
		for _, entry := range drawTable(t) {
			distort(t, &entry)
			changes = append(changes, ipvs.NewService(entry.Service))
			for _, d := range entry.Destinations {
				changes = append(changes, ipvs.NewDestination(entry.Service.ServiceID, d))
			}
		}
		client.Apply(changes) // what the kernel refuses is not there
		table, err := client.Table()
		if err != nil {
			t.Fatal(err)
		}
		table.Sort() // kernels from 7.1 on change their order in the background
		entries := slices.DeleteFunc(slices.Clone(table), func(e ipvs.TableEntry) bool {
			_, ok := format.ServiceOption(e.Service.Protocol)
			return !ok && e.Service.FWMark == 0
		})
		if len(entries) == 0 {
			return
		}
		entry := rapid.SampledFrom(entries).Draw(t, "service")
		id := entry.Service.ServiceID
		name := strings.TrimPrefix(format.Rule(ipvs.DelService(id)), "-D ")
		var line string
		var edits []keptEdit
		var server ipvs.DestinationID
		if onServer := len(entry.Destinations) > 0 && rapid.Bool().Draw(t, "server"); onServer {
			server = rapid.SampledFrom(entry.Destinations).Draw(t, "server").DestinationID
			line, edits = fmt.Sprintf("-e --keep %s -r %s", name, server), serverEdits
		} else {
			line, edits = "-E --keep "+name, serviceEdits
		}
		named := map[string]bool{}
		for _, edit := range rapid.SliceOfNDistinct(rapid.SampledFrom(edits), 1, 3, keptEdit.option).Draw(t, "edits") {
			mask := map[ipvs.Family]string{ipvs.IPv4: "255.0.0.0", ipvs.IPv6: "33"}[id.AddressFamily()]
			line += " " + strings.Replace(edit.words, "MASK", mask, 1)
			for _, field := range strings.Fields(edit.fields) {
				named[field] = true
			}
		}
		before := listJSON(t, h)
		var stdout, stderr strings.Builder
		status := run(append([]string{"ipvsadm"}, strings.Fields(line)...), strings.NewReader(""), &stdout, &stderr, h)
		after := listJSON(t, h)
		runs++
		if status != exitOK {
			if diff := cmp.Diff(before, after); diff != "" {
				t.Fatalf("%s: status %d, %sbut the table changed: %s", line, status, stderr.String(), diff)
			}
			return
		}
		changed++
		for _, document := range []map[string]any{before, after} {
			forget(document, table, id, server, named)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("%s: other fields changed: %s", line, diff)
		}
		now, err := client.Table()
		if err != nil {
			t.Fatal(err)
		}
		now.Sort()
		compareUnnamed(t, line, table, now, id, named)
	})
	t.Logf("%d edits, %d of them accepted", runs, changed)
}

// compareUnnamed compares what JSON words or leaves out: flags by their bits, and the
// settings of tunnels that are not used.
func compareUnnamed(t *rapid.T, line string, before, after ipvs.Table, id ipvs.ServiceID, named map[string]bool) {
	const schedulerFlags = ipvs.SchedulerFlag1 | ipvs.SchedulerFlag2 | ipvs.SchedulerFlag3
	for i := range before {
		a, b := before[i], after[i]
		if a.Service.ServiceID == id {
			may := ipvs.ServiceFlags(0)
			if strings.Contains(line, " -b ") {
				may |= schedulerFlags
			}
			if named["flags"] {
				may |= ipvs.Persistent | ipvs.OnePacket
			}
			if (a.Service.Flags^b.Service.Flags)&^may != 0 {
				t.Fatalf("%s: flags %s became %s", line, a.Service.Flags, b.Service.Flags)
			}
		}
		for j := range a.Destinations {
			x, y := a.Destinations[j], b.Destinations[j]
			if !strings.Contains(line, "--tun-") && (x.TunnelType != y.TunnelType || x.TunnelPort != y.TunnelPort || x.TunnelFlags != y.TunnelFlags) {
				t.Fatalf("%s: tunnel %+v became %+v", line, x, y)
			}
		}
	}
}

// listJSON lists the table without the totals of the network namespace, whose rates decay
// after traffic of other tests.
func listJSON(t *rapid.T, h host) (document map[string]any) {
	var stdout, stderr strings.Builder
	if status := run(strings.Fields("ipvsadm -Ln --output json"), strings.NewReader(""), &stdout, &stderr, h); status != exitOK {
		t.Fatalf("status %d, %s", status, stderr.String())
	}
	if err := json.Unmarshal([]byte(stdout.String()), &document); err != nil {
		t.Fatal(err)
	}
	delete(document, "totals")
	return document
}

// forget removes the named fields of one service, or of one of its servers. table has the
// order of the document.
func forget(document map[string]any, table ipvs.Table, id ipvs.ServiceID, server ipvs.DestinationID, named map[string]bool) {
	for i, entry := range table {
		if entry.Service.ServiceID != id {
			continue
		}
		object := document["services"].([]any)[i].(map[string]any)
		for j, d := range entry.Destinations {
			if d.DestinationID == server {
				object = object["destinations"].([]any)[j].(map[string]any)
			}
		}
		maps.DeleteFunc(object, func(field string, _ any) bool { return named[field] })
	}
}
