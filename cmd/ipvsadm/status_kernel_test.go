// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/format"
)

// statusNamespace is a network namespace with a service that masquerades.
type statusNamespace struct{ pid string }

func newStatusNamespace(t *testing.T) statusNamespace {
	t.Helper()
	return statusNamespace{strconv.Itoa(startInNewNamespace(t))}
}

// ipvsadm runs a command that must succeed, and returns its output.
func (n statusNamespace) ipvsadm(t *testing.T, line string) string {
	t.Helper()
	stdout, stderr, status := execute("", "ipvsadm", append(strings.Fields(line), "--netns", n.pid)...)
	if status != 0 || stderr != "" {
		t.Fatalf("ipvsadm %s: status %d, %s%s", line, status, stdout, stderr)
	}
	return stdout
}

func (n statusNamespace) json(t *testing.T) (document format.TableDocument) {
	t.Helper()
	if err := json.Unmarshal([]byte(n.ipvsadm(t, "-Ln --json")), &document); err != nil {
		t.Fatal(err)
	}
	return document
}

func (n statusNamespace) addService(t *testing.T) {
	t.Helper()
	n.ipvsadm(t, "-A -u 10.9.9.9:5000 -s rr")
	n.ipvsadm(t, "-a -u 10.9.9.9:5000 -r 10.9.9.9:5001 -m")
}

// send makes connections, each with a packet from a port of its own.
func (n statusNamespace) send(t *testing.T, connections int) {
	t.Helper()
	if output, err := n.sendAll(connections); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}

// sendAll sends them all, also if the kernel refuses some.
func (n statusNamespace) sendAll(connections int) (output string, err error) {
	script := fmt.Sprintf("for i in {1..%d}; do echo hello >/dev/udp/10.9.9.9/5000; done", connections)
	b, err := exec.Command("nsenter", "--net=/proc/"+n.pid+"/ns/net", "bash", "-c", script).CombinedOutput()
	return string(b), err
}

func testStatus(t *testing.T) {
	t.Run("each connection once", testEachConnectionOnce)
	t.Run("estimation", testWithoutEstimation)
	t.Run("growing table", testGrowingTable)
	t.Run("limit of connections", testConnLimit)
}

// From Linux 7.1 on a masqueraded connection is in the hash table twice.
func testEachConnectionOnce(t *testing.T) {
	const conns = 50
	n := newStatusNamespace(t)
	n.addService(t)
	n.send(t, conns)
	entries := regexp.MustCompile(`10\.9\.9\.9:\d+ +10\.9\.9\.9:5000`).FindAllString(n.ipvsadm(t, "-Lcn"), -1)
	slices.Sort(entries)
	if len(entries) != conns || len(slices.Compact(entries)) != conns {
		t.Errorf("%d entries: %q", len(entries), entries)
	}
	for _, line := range []string{"-Lcn --count-by destination", "-Lcn --count-by state"} {
		if got := n.ipvsadm(t, line); !regexp.MustCompile(`(?m)^` + strconv.Itoa(conns) + ` `).MatchString(got) {
			t.Errorf("%s:\n%s", line, got)
		}
	}
	namespaces, _, _ := execute("", "ipvsadm", "--list-netns", "--json")
	var list format.NetNSDocument
	if err := json.Unmarshal([]byte(namespaces), &list); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(list.Namespaces, func(e format.NetNSEntryDocument) bool { return strconv.Itoa(e.PID) == n.pid && e.Connections == conns }) {
		t.Errorf("--list-netns: %+v", list.Namespaces)
	}
	document := n.json(t)
	if document.Status == nil {
		t.Log("this kernel has no status")
		return
	}
	nodes := uint64(0)
	for length, buckets := range document.Status.Conns.Chains {
		nodes += uint64(length) * buckets
	}
	t.Logf("%d entries, %d nodes: %+v", len(entries), nodes, document.Status.Conns)
	if document.Status.Conns.Entries != conns || nodes != 2*conns || document.Status.Services.Entries != 1 {
		t.Errorf("%d nodes, status %+v", nodes, document.Status)
	}
	if metrics := n.ipvsadm(t, "-L --output prometheus"); !strings.Contains(metrics, fmt.Sprintf("\nnode_ipvs_connection_table_entries %d\n", conns)) {
		t.Errorf("got\n%s", metrics)
	}
}

// Without estimation counters and rates stand still, and the table says why.
func testWithoutEstimation(t *testing.T) {
	n := newStatusNamespace(t)
	testEstimation(t, n, "run_estimation is 0", "run_estimation=0", "run_estimation=1")
	if _, _, status := execute("", "ipvsadm", "--netns", n.pid, "--sysctl", "est_cpulist"); status != 0 {
		t.Log("this kernel has no est_cpulist")
		return
	}
	testEstimation(t, newStatusNamespace(t), "est_cpulist is empty", "est_cpulist=", "est_cpulist=0")
}

func testEstimation(t *testing.T, n statusNamespace, why, stop, start string) {
	t.Helper()
	n.ipvsadm(t, "--sysctl "+stop)
	n.addService(t)
	n.send(t, 5)
	time.Sleep(5 * time.Second)
	document := n.json(t)
	if !document.CountersStand || document.Services[0].Stats.Conns != 0 || document.Services[0].Rates.Conns != 0 {
		t.Errorf("%s: %+v, totals %+v", stop, document.KernelDocument, document.Totals)
	}
	for _, view := range []string{"--stats", "--rate"} {
		if got := n.ipvsadm(t, "-Ln --output table "+view); !strings.HasSuffix(got, "\n"+why+": the kernel updates no counters and no rates\n") {
			t.Errorf("%s:\n%s", view, got)
		}
	}
	if got := n.ipvsadm(t, "-L --output prometheus"); !strings.Contains(got, "\nnode_ipvs_estimation_running 0\n") {
		t.Errorf("got\n%s", got)
	}
	n.ipvsadm(t, "--sysctl "+start)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		if document = n.json(t); document.Services[0].Stats.Conns == 5 || time.Now().After(deadline) {
			break
		}
	}
	if document.CountersStand || document.Services[0].Stats.Conns != 5 {
		t.Errorf("started again: %+v, %+v", document.KernelDocument, document.Services[0])
	}
	if got := n.ipvsadm(t, "-Ln --output table --stats"); strings.Contains(got, "kernel updates") {
		t.Errorf("got\n%s", got)
	}
}

var headOfTable = regexp.MustCompile(`^IP Virtual Server 1\.2\.1, connection table size (\d+)( now, grows to (\d+))?\n(\d+) connections? of at most (\d+)(.*)\n\n`)

// A table that grows begins with the first service. Older kernels have none.
func testGrowingTable(t *testing.T) {
	n := newStatusNamespace(t)
	head := n.ipvsadm(t, "-Ln --output table")
	if n.json(t).Status == nil {
		if !regexp.MustCompile(`^IP Virtual Server 1\.2\.1, connection table size \d+\n\nno services\n$`).MatchString(head) {
			t.Errorf("an old kernel:\n%s", head)
		}
		return
	}
	t.Logf("without services:\n%s", head)
	m := headOfTable.FindStringSubmatch(head)
	if m == nil || m[1] != "0" || m[3] == "" || m[4] != "0" {
		t.Errorf("without services:\n%s", head)
	}
	if got := n.ipvsadm(t, "-Ln"); !strings.HasPrefix(got, "IP Virtual Server version 1.2.1 (size=0)\n") {
		t.Errorf("without services:\n%s", got)
	}
	n.addService(t)
	n.send(t, 20)
	before := n.json(t)
	n.ipvsadm(t, "--sysctl conn_lfactor=-6 svc_lfactor=-4")
	after := n.json(t)
	for deadline := time.Now().Add(time.Minute); after.ConnTableSize == before.ConnTableSize && time.Now().Before(deadline); time.Sleep(time.Second) {
		n.send(t, 5)
		after = n.json(t)
	}
	t.Logf("before %+v\nafter %+v\n%s", before.Status, after.Status, n.ipvsadm(t, "-Ln --output table"))
	if after.ConnTableSize <= before.ConnTableSize || after.Status.Conns.LoadFactor != -6 || uint64(after.ConnTableSize) > after.MaxConnTableSize {
		t.Errorf("before %+v\nafter %+v", before.KernelDocument, after.KernelDocument)
	}
}

// No more connections than conn_max are made.
func testConnLimit(t *testing.T) {
	n := newStatusNamespace(t)
	n.addService(t)
	if n.json(t).ConnLimit == nil {
		_, stderr, status := execute("", "ipvsadm", "--netns", n.pid, "--sysctl", "conn_max=10")
		if want := "ipvsadm: this kernel has no setting conn_max: it came with Linux 7.2\n"; status != exitKernel || stderr != want {
			t.Errorf("status %d, %s", status, stderr)
		}
		return
	}
	if got := *n.json(t).ConnLimit; strconv.FormatUint(got, 10) != sysctl.Find("conn_max").Default {
		t.Errorf("conn_max is %d at first", got)
	}
	n.ipvsadm(t, "--sysctl conn_max=10")
	n.send(t, 10)
	if output, err := n.sendAll(5); err == nil || strings.Count(output, "Operation not permitted") != 5 {
		t.Errorf("beyond conn_max: %v, %s", err, output)
	}
	head := n.ipvsadm(t, "-Ln --output table")
	t.Logf("full:\n%s", head)
	if document := n.json(t); *document.ConnLimit != 10 || document.Status.Conns.Entries != 10 || !strings.Contains(head, "\n10 connections of at most 10: conn_max is reached, no new ones; ") {
		t.Errorf("full: %+v\n%s", document.KernelDocument, head)
	}
	if _, stderr, status := execute("", "ipvsadm", "--netns", n.pid, "--sysctl", "conn_max=1073741825"); status != exitUsage {
		t.Errorf("status %d, %s", status, stderr)
	}
	metrics := n.ipvsadm(t, "-L --output prometheus")
	for _, sample := range []string{"\nnode_ipvs_connection_limit 10\n", "\nnode_ipvs_connection_table_entries 10\n"} {
		if !strings.Contains(metrics, sample) {
			t.Errorf("no %s in\n%s", sample, metrics)
		}
	}
}
