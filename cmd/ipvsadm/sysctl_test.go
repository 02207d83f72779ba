// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

// fakeSysctls are files in place of /proc/sys.
type fakeSysctls struct{ root string }

func newFakeSysctls(t *testing.T, values map[string]string) fakeSysctls {
	t.Helper()
	f := fakeSysctls{t.TempDir()}
	if err := os.MkdirAll(filepath.Join(f.root, sysctl.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		if err := os.WriteFile(f.path(name), []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f fakeSysctls) path(name string) string { return filepath.Join(f.root, sysctl.Path, name) }

func (f fakeSysctls) run(words ...string) want {
	var out, err strings.Builder
	status := run(append([]string{"ipvsadm"}, words...), strings.NewReader(""), &out, &err, fakeHost(ipvstest.New(), f.root))
	return want{out.String(), err.String(), status}
}

func (f fakeSysctls) check(t *testing.T, w want, words ...string) {
	t.Helper()
	if got := f.run(words...); got != w {
		t.Errorf("%q\n got %s\nwant %s", words, got, w)
	}
}

func someSysctls(t *testing.T) fakeSysctls {
	return newFakeSysctls(t, map[string]string{"conntrack": "0", "expire_nodest_conn": "1", "sync_threshold": "3\t50", "sync_qlen_max": "4711", "of_the_future": "7"})
}

func TestX21SysctlShowsAll(t *testing.T) {
	f := someSysctls(t)
	f.check(t, want{stdout: `NAME                VALUE  DEFAULT     MEANING
conntrack               0        0     1: the firewall's connection tracking knows the connections of IPVS too
expire_nodest_conn      1        0  *  1: end a connection at once when its server was deleted
of_the_future           7
sync_qlen_max        4711              messages that may wait to be sent to backups
sync_threshold       3 50     3 50     send a connection to backups at this packet, and then once in so many; 0: once
`}, "--sysctl")
	f.check(t, want{stdout: `NAME           VALUE  DEFAULT    MEANING
of_the_future      7
`}, "--sysctl", "of_the_future")
	f.check(t, want{stdout: "net.ipv4.vs.expire_nodest_conn = 1\n"}, "--sysctl", "--changed")
	f.check(t, want{stdout: `{
  "settings": [
    {
      "name": "expire_nodest_conn",
      "value": "1",
      "default": "0",
      "changed": true,
      "help": "1: end a connection at once when its server was deleted"
    }
  ]
}
`}, "--sysctl", "--changed", "--json")
}

func TestX21SysctlSets(t *testing.T) {
	f := someSysctls(t)
	f.check(t, want{}, "--sysctl", "conntrack=1", "net.ipv4.vs.sync_threshold=5,100", "of_the_future=red", "expire_nodest_conn = 0")
	f.check(t, want{stdout: `NAME            VALUE  DEFAULT     MEANING
conntrack           1        0  *  1: the firewall's connection tracking knows the connections of IPVS too
of_the_future     red
sync_threshold  5 100     3 50  *  send a connection to backups at this packet, and then once in so many; 0: once
`}, "--sysctl", "conntrack", "of_the_future", "sync_threshold")
	f.check(t, want{stdout: "net.ipv4.vs.conntrack = 1\nnet.ipv4.vs.sync_threshold = 5 100\n"}, "--sysctl", "--changed")
}

// With anything wrong, nothing is written.
func TestSysctlRefusals(t *testing.T) {
	f := someSysctls(t)
	if err := os.Mkdir(f.path("a_directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	for words, w := range map[string]want{
		"conntrack=2":             {stderr: "invalid value `2' for conntrack; it must be 0 to 1\n", status: exitUsage},
		"conntrack=":              {stderr: "invalid value `' for conntrack; it must be 0 to 1\n", status: exitUsage},
		"conntrack=0x1":           {stderr: "invalid value `0x1' for conntrack; it must be 0 to 1\n", status: exitUsage},
		"sync_threshold=3":        {stderr: "invalid value `3' for sync_threshold; it must be two numbers, such as 3,50, the first less than the second, or the second 0\n", status: exitUsage},
		"sync_threshold=50,3":     {stderr: "invalid value `50,3' for sync_threshold; it must be two numbers, such as 3,50, the first less than the second, or the second 0\n", status: exitUsage},
		"sync_ports=3":            {stderr: "invalid value `3' for sync_ports; it must be a power of 2 from 1 to 64\n", status: exitUsage},
		"sync_ports=0":            {stderr: "invalid value `0' for sync_ports; it must be a power of 2 from 1 to 64\n", status: exitUsage},
		"est_cpulist=all":         {stderr: "invalid value `all' for est_cpulist; it must be a list of CPUs, such as 0-3,8\n", status: exitUsage},
		"sync_retries=4":          {stderr: "invalid value `4' for sync_retries; it must be 0 to 3\n", status: exitUsage},
		"../conntrack=1":          {stderr: "`../conntrack' cannot be the name of a setting\n", status: exitUsage},
		"conntrak=1":              {stderr: "ipvsadm: the kernel has no setting conntrak in /proc/sys/net/ipv4/vs\n", status: exitUsage},
		"conntrak":                {stderr: "ipvsadm: the kernel has no setting conntrak in /proc/sys/net/ipv4/vs\n", status: exitUsage},
		"conn_lfactor=1":          {stderr: "ipvsadm: this kernel has no setting conn_lfactor: it came with Linux 7.1\n", status: exitKernel},
		"pmtu_disc":               {stderr: "ipvsadm: this kernel, or this network namespace, has no setting pmtu_disc\n", status: exitKernel},
		"lblcr_expiration":        {stderr: "ipvsadm: the kernel has the setting lblcr_expiration only while its module is loaded: modprobe ip_vs_lblcr\n", status: exitKernel},
		"--changed conntrack":     {stderr: "unexpected argument conntrack=1\n", status: exitUsage},
		"--output classic":        {stderr: "invalid output format `classic' specified for 'sysctl'; it must be one of table, json\n", status: exitUsage},
		"a_directory=1":           {stderr: "ipvsadm: a_directory: is a directory\n", status: exitKernel},
		"conntrack --stats":       {stderr: "Illegal 'stats' option with the 'sysctl' command\n", status: exitUsage},
		"conntrack=1 --watch":     {stderr: "Illegal 'watch' option with the 'sysctl' command\n", status: exitUsage},
		"conntrack=1 -L":          {stderr: "invalid option `-L'\n", status: exitUsage},
		"conntrack=1 pmtu_disc=0": {stderr: "ipvsadm: this kernel, or this network namespace, has no setting pmtu_disc\n", status: exitKernel},
	} {
		f.check(t, w, append([]string{"--sysctl", "conntrack=1"}, strings.Fields(words)...)...)
	}
	if content, err := os.ReadFile(f.path("conntrack")); err != nil || string(content) != "0\n" {
		t.Errorf("written: %q, %v", content, err)
	}
}

// The kernel alone knows which values it takes of a setting that this program does not know.
func TestSysctlRefusedByKernelIsUndone(t *testing.T) {
	f := someSysctls(t)
	const refuses = "/proc/self/oom_score_adj" // takes only numbers
	if err := os.Symlink(refuses, f.path("refuses")); err != nil {
		t.Fatal(err)
	}
	const refusal = "refuses: the kernel does not take this value\n"
	f.check(t, want{stderr: "ipvsadm: " + refusal, status: exitKernel}, "--sysctl", "conntrack=1", "sync_threshold=5,100", "conntrack=0", "conntrack=1", "refuses=red")
	f.check(t, want{stdout: "net.ipv4.vs.expire_nodest_conn = 1\n"}, "--sysctl", "--changed")
}

func TestSysctlNone(t *testing.T) {
	const none = "ipvsadm: there are no settings of IPVS in /proc/sys/net/ipv4/vs: there is no /proc, " +
		"or the network namespace belongs to a user namespace, to which older kernels do not show them\n"
	newFakeSysctls(t, nil).check(t, want{stderr: none, status: exitKernel}, "--sysctl")
	fakeSysctls{t.TempDir()}.check(t, want{stderr: none, status: exitKernel}, "--sysctl", "--changed")
}

func TestSysctlWithoutRights(t *testing.T) {
	f := someSysctls(t)
	if err := os.Chmod(f.path("conntrack"), 0o400); err != nil {
		t.Fatal(err)
	}
	withoutCapabilities(t, func() {
		f.check(t, want{
			stderr: "ipvsadm: conntrack: permission denied: it belongs to root of the network namespace; in a container /proc/sys is often read-only\n",
			status: exitUsage,
		}, "--sysctl", "expire_nodest_conn=0", "conntrack=1")
		f.check(t, want{stdout: "net.ipv4.vs.expire_nodest_conn = 1\n"}, "--sysctl", "--changed")
	})
}

// withoutCapabilities calls do on a thread without capabilities, so that the mode of a file
// holds for root, too.
func withoutCapabilities(t *testing.T, do func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and the thread ends with the goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		err := unix.Capset(&header, &none[0])
		if err == nil {
			do()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// A default is a value that the setting takes, and the names are sorted.
func TestSysctlTable(t *testing.T) {
	previous := ""
	for _, s := range sysctl.Settings {
		if value, ok := s.Parse(s.Default); s.Default != "" && (!ok || value != s.Default) {
			t.Errorf("%s: default %q: %q, %v", s.Name, s.Default, value, ok)
		}
		if s.Name <= previous || s.Help == "" || strings.Contains(s.Help, "\n") {
			t.Errorf("%s comes after %s; help %q", s.Name, previous, s.Help)
		}
		previous = s.Name
	}
}

// In network namespaces other than the initial one two settings have other defaults.
func TestSysctlDefaultsOfNamespaces(t *testing.T) {
	for link, changed := range map[string]string{
		"net:[4026531833]": "net.ipv4.vs.conn_lfactor = -2\nnet.ipv4.vs.svc_lfactor = -2\n",
		"net:[4026532138]": "",
	} {
		f := newFakeSysctls(t, map[string]string{"conn_lfactor": "-2", "svc_lfactor": "-2", "conntrack": "0"})
		ns := filepath.Join(f.root, "/proc/thread-self/ns")
		if err := os.MkdirAll(ns, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(link, filepath.Join(ns, "net")); err != nil {
			t.Fatal(err)
		}
		f.check(t, want{stdout: changed}, "--sysctl", "--changed")
	}
}

func TestCPULists(t *testing.T) {
	cpus := sysctl.Find("est_cpulist")
	for text, want := range map[string]string{
		"": "", "0": "0", "0-0": "0", "3,1,2": "1-3", "0-1,1-3,8,,10-11": "0-3,8,10-11", "0-15:2/4": "0-15:2/4", "65535": "65535",
	} {
		if got, ok := cpus.Parse(text); !ok || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"a", "1-", "-1", "3-1", "65536", "0-4294967295", "0 1", "1--2"} {
		if got, ok := cpus.Parse(text); ok {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

func (f fakeSysctls) tool(k *ipvstest.Kernel, stdin, line string) want {
	var out, err strings.Builder
	status := run(strings.Fields(line), strings.NewReader(stdin), &out, &err, fakeHost(k, f.root))
	return want{out.String(), err.String(), status}
}

// What a save has of the settings, a restore sets before anything else, and no others.
func TestX21SysctlsAreSavedAndRestored(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1")
	const saved = "--sysctl expire_nodest_conn=1\n--sysctl sync_threshold=5,100\n-A -f 1 -s wlc\n--set 900 120 300\n"
	changed := map[string]string{"conntrack": "0", "expire_nodest_conn": "1", "sync_threshold": "5\t100", "pmtu_disc": "1"}
	if got := newFakeSysctls(t, changed).tool(k, "", "ipvsadm-save --all --sysctls -n"); got != (want{stdout: saved}) {
		t.Errorf("saved %s", got)
	}
	if got := newFakeSysctls(t, changed).tool(k, "", "ipvsadm-save --all -n"); strings.Contains(got.stdout, "sysctl") {
		t.Errorf("saved %s", got)
	}
	for _, line := range []string{"ipvsadm-restore", "ipvsadm-restore --clear", "ipvsadm -R"} {
		f := newFakeSysctls(t, map[string]string{"conntrack": "1", "expire_nodest_conn": "0", "sync_threshold": "3\t50", "pmtu_disc": "1"})
		k := ipvstest.New()
		dryRun := want{stdout: "~ --sysctl expire_nodest_conn=1\n~ --sysctl sync_threshold=5,100\n+ -A -f 1 -s wlc\n"}
		if got := f.tool(k, saved, "ipvsadm-restore --dry-run"); got != dryRun {
			t.Errorf("--dry-run: %s", got)
		}
		if got := f.tool(k, saved, line); got != (want{}) {
			t.Errorf("%s: %s", line, got)
		}
		if got := f.tool(k, "", "ipvsadm-save -n --all --sysctls"); got.stdout != "--sysctl conntrack=1\n"+saved {
			t.Errorf("%s: saved %s", line, got)
		}
		if got := f.tool(k, saved, "ipvsadm-restore --dry-run"); got != (want{}) {
			t.Errorf("--dry-run afterwards: %s", got)
		}
	}
}

// A setting that this kernel lacks is reported with its line, and the rest is carried out.
func TestSysctlsInRulesThatFail(t *testing.T) {
	const rules = "-A -f 1 -s wlc\n--sysctl pmtu_disc=0\n--sysctl conntrack=1\n"
	for _, line := range []string{"ipvsadm-restore", "ipvsadm-restore --clear", "ipvsadm -R"} {
		f, k := someSysctls(t), ipvstest.New()
		w := want{stderr: "line 2: this kernel, or this network namespace, has no setting pmtu_disc\n", status: exitKernel}
		if got := f.tool(k, rules, line); got != w {
			t.Errorf("%s: %s", line, got)
		}
		if got := f.tool(k, "", "ipvsadm -S"); got.stdout != "-A -f 1 -s wlc\n" {
			t.Errorf("%s: saved %s", line, got)
		}
		if now := sysctl.Directory(filepath.Join(f.root, sysctl.Path)).Read("conntrack"); now.Text != "1" {
			t.Errorf("%s: conntrack = %s", line, now.Text)
		}
	}
}

func TestSysctlsInRulesThatAreBad(t *testing.T) {
	for rule, reason := range map[string]string{
		"--sysctl":                     "in a rules file --sysctl only sets values: NAME=VALUE",
		"--sysctl conntrack":           "in a rules file --sysctl only sets values: NAME=VALUE",
		"--sysctl conntrack=1 a_name":  "in a rules file --sysctl only sets values: NAME=VALUE",
		"--sysctl --changed":           "in a rules file --sysctl only sets values: NAME=VALUE",
		"--sysctl conntrack=2":         "invalid value `2' for conntrack; it must be 0 to 1",
		"--sysctl sync_threshold=3 50": "invalid value `3' for sync_threshold; it must be two numbers, such as 3,50, the first less than the second, or the second 0",
	} {
		f := someSysctls(t)
		if got := f.tool(ipvstest.New(), rule+"\n", "ipvsadm-restore --check"); got != (want{stderr: "line 1: " + reason + "\n", status: exitUsage}) {
			t.Errorf("%s: %s", rule, got)
		}
	}
	if got := someSysctls(t).tool(ipvstest.New(), "", "ipvsadm-save --sysctls"); got.status != exitList || got.stdout != "" {
		t.Errorf("--sysctls alone: %s", got)
	}
}
