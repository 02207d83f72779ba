// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

const someTotals = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
       1        2        3                4                5

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       0        0        0                0                0
`

const someStatus = `Conns:	30
Conn buckets:	4096 (12 bits, lfactor -4)
Conn buckets empty:	4066 (99%)
Conn buckets len-1:	30 (100%)
Services:	1
Service buckets:	16 (4 bits, lfactor -3)
Service buckets empty:	15 (93%)
Service buckets len-1:	1 (100%)
Stats thread slots:	1 (max 16)
Stats chain max len:	32
Stats thread ests:	76800
`

// kernelFiles are files of a kernel below a directory of its own. Those without text are
// missing.
func kernelFiles(t *testing.T, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// linux72 has what Linux 7.2 adds to the files of an older kernel.
func linux72() map[string]string {
	return map[string]string{
		listing.TotalsPath: someTotals, listing.StatusPath: someStatus, sysctl.Path + "/run_estimation": "1\n",
		sysctl.Path + "/conn_lfactor": "-4\n", sysctl.Path + "/conn_max": "1000\n", "/sys/module/ip_vs/parameters/conn_tab_bits": "18\n",
	}
}

func runWith(t *testing.T, files map[string]string, line string) (stdout string) {
	t.Helper()
	k := ipvstest.New()
	k.SetTable(ipvs.Table{{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1}, Scheduler: "rr"}}})
	var out, err strings.Builder
	status := run(strings.Fields(line), strings.NewReader(""), &out, &err, fakeHost(k, kernelFiles(t, files)))
	if status != exitOK || err.String() != "" {
		t.Errorf("%s: status %d, %s", line, status, err.String())
	}
	return out.String()
}

// The head of a table tells what the kernel does, whatever of it can be read.
func TestX21TableOfNewKernels(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(map[string]string)
		want   string
	}{
		"7.2": {nil, "size 4096 now, grows to 262144\n30 connections of at most 1000; 100% of the buckets in use hold one entry\n\n"},
		"7.1": {func(f map[string]string) { delete(f, sysctl.Path+"/conn_max") },
			"size 4096 now, grows to 262144\n30 connections; 100% of the buckets in use hold one entry\n\n"},
		"without root":      {func(f map[string]string) { delete(f, listing.StatusPath) }, "size 4096 now, grows to 262144\n\n"},
		"without /sys":      {func(f map[string]string) { delete(f, "/sys/module/ip_vs/parameters/conn_tab_bits") }, "size 4096 now\n30 connections of"},
		"strange parameter": {func(f map[string]string) { f["/sys/module/ip_vs/parameters/conn_tab_bits"] = "99" }, "size 4096 now\n30 connections of"},
		"strange limit":     {func(f map[string]string) { f[sysctl.Path+"/conn_max"] = "none" }, "size 4096 now, grows to 262144\n30 connections; 100%"},
		"strange status":    {func(f map[string]string) { f[listing.StatusPath] = "Conns: many\n" }, "size 4096 now, grows to 262144\n\n"},
		"user namespace":    {func(f map[string]string) { delete(f, sysctl.Path+"/conn_lfactor"); delete(f, sysctl.Path+"/conn_max") }, "size 4096 now, grows to 262144\n30 connections; 100%"},
		"6.12": {func(f map[string]string) {
			delete(f, listing.StatusPath)
			delete(f, sysctl.Path+"/conn_lfactor")
			delete(f, sysctl.Path+"/conn_max")
		}, "size 4096\n\n"},
	} {
		files := linux72()
		if tc.change != nil {
			tc.change(files)
		}
		want := "IP Virtual Server 1.2.1, connection table " + tc.want
		if got := runWith(t, files, "ipvsadm -Ln --output table"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
	if got, want := runWith(t, linux72(), "ipvsadm -Ln"), runWith(t, nil, "ipvsadm -Ln"); got != want || !strings.HasPrefix(got, "IP Virtual Server version 1.2.1 (size=4096)\n") {
		t.Errorf("the classic form: got\n%s", got)
	}
}

func TestX21JSONOfNewKernels(t *testing.T) {
	read := func(files map[string]string, line string) (document format.TableDocument) {
		t.Helper()
		if err := json.Unmarshal([]byte(runWith(t, files, line)), &document); err != nil {
			t.Fatal(err)
		}
		return document
	}
	got := read(linux72(), "ipvsadm -Ln --json")
	if got.Status == nil || got.Status.Conns.Entries != 30 || got.Status.Services.Chains[1] != 1 || got.ConnLimit == nil || *got.ConnLimit != 1000 ||
		got.MaxConnTableSize != 1<<18 || got.CountersStand {
		t.Errorf("Linux 7.2: %+v", got.KernelDocument)
	}
	old := read(map[string]string{listing.TotalsPath: someTotals}, "ipvsadm -Ln --json")
	if old.Status != nil || old.ConnLimit != nil || old.MaxConnTableSize != 0 || old.Totals == nil || old.CountersStand {
		t.Errorf("Linux 6.1: %+v", old.KernelDocument)
	}
	stopped := linux72()
	stopped[sysctl.Path+"/run_estimation"] = "0\n"
	one := read(stopped, "ipvsadm -Ln --json -f 1")
	if all := read(stopped, "ipvsadm -Ln --json"); !all.CountersStand || !one.CountersStand || one.Status != nil || one.ConnLimit != nil {
		t.Errorf("run_estimation=0: %+v, one service %+v", all.KernelDocument, one.KernelDocument)
	}
}

func TestPrometheusOfNewKernels(t *testing.T) {
	got := runWith(t, linux72(), "ipvsadm -L --output prometheus")
	for _, sample := range []string{
		"node_ipvs_connection_table_entries 30", "node_ipvs_connection_limit 1000", "node_ipvs_connection_table_buckets_max 262144",
		`node_ipvs_connection_table_chains{length="1"} 30`, "node_ipvs_service_table_buckets 16", "node_ipvs_estimation_running 1", "node_ipvs_estimation_threads_max 16",
	} {
		if !strings.Contains(got, "\n"+sample+"\n") {
			t.Errorf("no %s in\n%s", sample, got)
		}
	}
}

// Only what people read as counters or rates is explained.
func TestX21TableWithoutEstimation(t *testing.T) {
	const run, cpus = sysctl.Path + "/run_estimation", sysctl.Path + "/est_cpulist"
	for line, explained := range map[string]bool{"--stats": true, "--rate": true, "--rate -f 1": true, "": false, "--thresholds": false, "-f 1": false} {
		for _, tc := range []struct {
			files map[string]string
			why   string
		}{
			{map[string]string{run: "0\n", cpus: "0-1\n"}, "run_estimation is 0"},
			{map[string]string{run: "0\n"}, "run_estimation is 0"},
			{map[string]string{run: "1\n", cpus: "\n"}, "est_cpulist is empty"},
			{map[string]string{run: "1\n", cpus: "0-1\n"}, ""},
			{map[string]string{run: "1\n"}, ""},
			{nil, ""},
		} {
			got := runWith(t, tc.files, "ipvsadm -Ln --output table "+line)
			if strings.HasSuffix(got, "\n"+tc.why+": the kernel updates no counters and no rates\n") != (explained && tc.why != "") {
				t.Errorf("%s, %q, got\n%s", line, tc.files, got)
			}
		}
	}
}
