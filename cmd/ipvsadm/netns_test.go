// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// fakeNamespace is the namespace of a fake kernel.
type fakeNamespace struct {
	kernel *ipvstest.Kernel
	locks  int
	denied bool
}

func (n *fakeNamespace) Dial() (*ipvs.Client, error) {
	if n.denied {
		return nil, &kernel.NamespaceError{}
	}
	return n.kernel.Dial()
}

func (n *fakeNamespace) LockTable() (unlock func(), locked bool) {
	n.locks++
	return func() {}, true
}

func (n *fakeNamespace) Do(do func() error) error {
	if n.denied {
		return &kernel.NamespaceError{}
	}
	return do()
}

func (n *fakeNamespace) Path() string { return "/run/netns/blue" }

func (n *fakeNamespace) Close() {}

// twoNamespaces are that of the process and one that is called blue.
type twoNamespaces struct {
	here *ipvstest.Kernel
	blue fakeNamespace
	root string
	// found and unreadable are what --list-netns finds.
	found      []kernel.FoundNamespace
	unreadable int
}

func newTwoNamespaces() *twoNamespaces {
	return &twoNamespaces{here: ipvstest.New(), blue: fakeNamespace{kernel: ipvstest.New()}}
}

// run runs a tool, whose name is the first word of the line.
func (n *twoNamespaces) run(stdin, line string) (stdout, stderr string, status int) {
	h := fakeHost(n.here, n.root)
	h.netns = func(name string) (namespace, error) {
		switch name {
		case "blue":
			return &n.blue, nil
		case "gone":
			return nil, &kernel.NamespaceError{Gone: true}
		case "denied":
			return &fakeNamespace{denied: true}, nil
		}
		return nil, errors.New("no " + name)
	}
	h.findNetNS = func() ([]kernel.FoundNamespace, int, error) { return n.found, n.unreadable, nil }
	var out, err strings.Builder
	status = run(strings.Fields(line), strings.NewReader(stdin), &out, &err, h)
	return out.String(), err.String(), status
}

func (n *twoNamespaces) check(t *testing.T, stdin, line string, w want) {
	t.Helper()
	stdout, stderr, status := n.run(stdin, line)
	if got := (want{stdout, stderr, status}); got != w {
		t.Errorf("%s\n got %s\nwant %s", line, got, w)
	}
}

const oneService = "-A -t 10.0.0.1:80 -s rr\n"

func TestX21NetNSBeforeAndAfterCommand(t *testing.T) {
	for _, line := range []string{
		"ipvsadm --netns blue -A -t 10.0.0.1:80 -s rr", "ipvsadm -A -t 10.0.0.1:80 -s rr --netns blue", "ipvsadm -A --netns=blue -t 10.0.0.1:80 -s rr",
		"ipvsadm --netns=blue --add-service -t 10.0.0.1:80 -s rr",
	} {
		n := newTwoNamespaces()
		n.check(t, "", line, want{})
		n.check(t, "", "ipvsadm -S -n", want{})
		n.check(t, "", "ipvsadm -S -n --netns blue", want{stdout: oneService})
		n.check(t, "", "ipvsadm-save -n --netns blue", want{stdout: oneService})
		n.check(t, "", "ipvsadm-save -n", want{})
	}
}

// Whatever a command does in a namespace, it does nothing in the other one.
func TestNetNSLeavesOthersUntouched(t *testing.T) {
	for _, line := range []string{
		"ipvsadm -E -t 10.0.0.1:80 -s wrr", "ipvsadm -D -t 10.0.0.1:80", "ipvsadm -C", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.2",
		"ipvsadm -e -t 10.0.0.1:80 -r 10.0.1.1 -w 7", "ipvsadm -d -t 10.0.0.1:80 -r 10.0.1.1", "ipvsadm -Z", "ipvsadm --set 1 2 3",
		"ipvsadm --start-daemon master --mcast-interface lo", "ipvsadm -R", "ipvsadm-restore", "ipvsadm-restore --clear", "ipvsadm-restore --dry-run",
		"ipvsadm -L -n", "ipvsadm -L --timeout", "ipvsadm -L --daemon", "ipvsadm-save --all", "ipvsadm -S", "ipvsadm --json -n",
	} {
		n := newTwoNamespaces()
		for _, rule := range []string{"-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.0.1.1"} {
			runLines(t, n.here, "ipvsadm "+rule)
			runLines(t, n.blue.kernel, "ipvsadm "+rule)
		}
		n.here.Commands()
		if _, stderr, status := n.run("-A -f 1\n", line+" --netns blue"); status != 0 {
			t.Errorf("%s: status %d: %s", line, status, stderr)
		}
		if asked := n.here.Commands(); len(asked) > 0 {
			t.Errorf("%s: the other namespace got %v", line, asked)
		}
	}
}

func TestNetNSLocksItsOwnTable(t *testing.T) {
	n := newTwoNamespaces()
	n.check(t, oneService, "ipvsadm-restore --netns blue", want{})
	if n.blue.locks != 1 {
		t.Errorf("locked %d times", n.blue.locks)
	}
	n.check(t, "", "ipvsadm-save -n --netns blue", want{stdout: oneService})
}

func TestNetNSAloneLists(t *testing.T) {
	n := newTwoNamespaces()
	runLines(t, n.blue.kernel, "ipvsadm -A -t 10.0.0.1:80 -s rr")
	for _, line := range []string{"ipvsadm --netns blue -n", "ipvsadm -n --netns blue", "ipvsadm --netns blue --numeric"} {
		if stdout, stderr, status := n.run("", line); !strings.Contains(stdout, "TCP  10.0.0.1:80 rr") || status != 0 {
			t.Errorf("%s: status %d, %s%s", line, status, stdout, stderr)
		}
	}
	if stdout, stderr, status := n.run("", "ipvsadm --netns blue"); !strings.Contains(stdout, "rr") || status != 0 {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
}

// Connections and totals are those that /proc shows to a thread in the namespace.
func TestNetNSReadsItsOwnProc(t *testing.T) {
	n := newTwoNamespaces()
	n.root = rootWith(t, "/proc/thread-self/net/ip_vs_conn", connectionTable)
	if stdout, stderr, status := n.run("", "ipvsadm -L -c -n --netns blue"); strings.Count(stdout, "ESTABLISHED") != 2 || status != 0 {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
	n.check(t, "", "ipvsadm -L -c -n", want{status: exitList, stderr: "cannot open file /proc/net/ip_vs_conn\n"})
}

func TestNetNSErrors(t *testing.T) {
	for line, stderr := range map[string]string{
		"ipvsadm --netns red -Ln":                  "ipvsadm: no red\n",
		"ipvsadm-save --netns red":                 "ipvsadm-save: no red\n",
		"ipvsadm-restore --netns red":              "ipvsadm-restore: no red\n",
		"ipvsadm --netns blue --netns blue -Ln":    "multiple 'netns' options specified\n",
		"ipvsadm --netns blue -Ln --netns blue":    "multiple 'netns' options specified\n",
		"ipvsadm --netns= -Ln":                     "invalid network namespace `' specified; it must be NAME, PID, PATH, name:NAME or pid:PID\n",
		"ipvsadm-restore --netns=":                 "invalid network namespace `' specified; it must be NAME, PID, PATH, name:NAME or pid:PID; try 'ipvsadm-restore --help'\n",
		"ipvsadm-restore --netns blue --netns=red": "--netns: given twice; try 'ipvsadm-restore --help'\n",
		"ipvsadm-restore --netns":                  "--netns: missing argument; try 'ipvsadm-restore --help'\n",
		"ipvsadm --netns blue foo":                 "unexpected argument foo\n",
		"ipvsadm-boot start --netns blue":          "ipvsadm-boot: --netns: there is one set of boot files, that of this system; use ipvsadm-restore --netns NAMESPACE FILE\n",
	} {
		newTwoNamespaces().check(t, "", line, want{status: exitUsage, stderr: stderr})
	}
	newTwoNamespaces().check(t, "", "ipvsadm --netns", want{status: exitKernel, stderr: "--netns: missing argument\n"})
}

func TestNetNSInRulesIsBadLine(t *testing.T) {
	const reason = "the option 'netns' is not allowed in a rules file; give it to the program that reads the file\n"
	for _, rule := range []string{"--netns blue -A -f 2", "-A -f 2 --netns blue", "ipvsadm --netns=blue -C", "-L --netns blue"} {
		for _, tool := range []string{"ipvsadm -R", "ipvsadm-restore", "ipvsadm-restore --check"} {
			n := newTwoNamespaces()
			runLines(t, n.here, "ipvsadm -A -f 1")
			if _, stderr, status := n.run("-A -f 3\n"+rule+"\n", tool); !strings.HasPrefix(stderr, "line 2: "+reason) || status != exitUsage {
				t.Errorf("%s < %s: status %d, %s", tool, rule, status, stderr)
			}
		}
	}
}

func TestNetNSWithoutCapability(t *testing.T) {
	n := newTwoNamespaces()
	n.blue.kernel.SetPrivileged(false)
	n.check(t, "", "ipvsadm --netns blue -Ln", want{status: exitUsage, stderr: "ipvsadm: permission denied: IPVS needs the capability CAP_NET_ADMIN\n"})
	n.blue.denied = true
	n.check(t, "", "ipvsadm --netns blue -Ln", want{status: exitUsage, stderr: "ipvsadm: \n"})
}

// Help and the version need no namespace, and checking rules needs none either.
func TestNetNSIsNotOpenedWithoutNeed(t *testing.T) {
	n := newTwoNamespaces()
	for _, line := range []string{"ipvsadm --netns red -h", "ipvsadm --netns red --version", "ipvsadm-restore --check --netns red"} {
		if _, stderr, status := n.run(oneService, line); status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %s", line, status, stderr)
		}
	}
}

// Files that are no namespaces are told apart from those that are missing.
func TestOpenNamespaceErrors(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale")
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink("gone", dangling); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		dangling: fmt.Sprintf("network namespace %s: %[1]s is a symbolic link to a file that does not exist", dangling),
		"no-such-namespace": "no network namespace has the name no-such-namespace: there is no /run/netns/no-such-namespace; " +
			"of a container give the process, as docker inspect -f '{{.State.Pid}}' prints it",
		"name:no-such-namespace": "no network namespace has the name no-such-namespace: there is no /run/netns/no-such-namespace; " +
			"of a container give the process, as docker inspect -f '{{.State.Pid}}' prints it",
		"/no/such/file":      "network namespace /no/such/file: no such file or directory",
		"name:":              `"" cannot be the name of a network namespace`,
		"name:..":            `".." cannot be the name of a network namespace`,
		"name:a/b":           `"a/b" cannot be the name of a network namespace`,
		"pid:":               `"" is not the number of a process`,
		"pid:0":              `"0" is not the number of a process`,
		"pid:-1":             `"-1" is not the number of a process`,
		"pid:+1":             `"+1" is not the number of a process`,
		"pid:1x":             `"1x" is not the number of a process`,
		"0":                  `"0" is not the number of a process`,
		"99999999999":        `"99999999999" is not the number of a process`,
		"2147483647":         "network namespace of process 2147483647: there is no such process",
		"pid:2147483647":     "network namespace of process 2147483647: there is no such process",
		stale:                fmt.Sprintf("network namespace %s: %[1]s is not a network namespace; if it was one, that is gone: was the container stopped?", stale),
		dir:                  fmt.Sprintf("network namespace %s: %[1]s is not a network namespace; if it was one, that is gone: was the container stopped?", dir),
		"/proc/self/ns/user": "network namespace /proc/self/ns/user: /proc/self/ns/user is a namespace of another kind, not for networks",
	} {
		_, err := kernel.OpenNamespace(name)
		if namespaceErr := (*kernel.NamespaceError)(nil); !errors.As(err, &namespaceErr) || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", name, err, want)
		}
	}
}

func TestX21ListNetNS(t *testing.T) {
	n := newTwoNamespaces()
	n.found = []kernel.FoundNamespace{
		{Name: "pid:1", Own: true, PID: 1, Command: "systemd"}, {Name: "blue", PID: 4711, Command: "a\x1b[31m"}, {Name: "gone"}, {Name: "denied"},
	}
	runLines(t, n.blue.kernel, "ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.1", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.1.2")
	n.blue.kernel.SetConnEntries(ipvs.ConnEntry{
		Protocol: "TCP", State: "NONE", Client: netip.MustParseAddrPort("10.0.0.9:5000"),
		Virtual: netip.MustParseAddrPort("10.0.0.1:80"), Destination: netip.MustParseAddrPort("10.0.1.1:80"),
	})
	const all = `NAMESPACE   PROCESS         SERVICES  SERVERS  CONNECTIONS
(this one)  1 systemd              0        0            0
blue        4711 a\x1b[31m         1        2            1
1 other cannot be read
`
	n.check(t, "", "ipvsadm --list-netns --all", want{stdout: all})
	n.check(t, "", "ipvsadm --list-netns --all -n --output table", want{stdout: all})
	n.unreadable = 3
	n.check(t, "", "ipvsadm --list-netns", want{stdout: `NAMESPACE  PROCESS         SERVICES  SERVERS  CONNECTIONS
blue       4711 a\x1b[31m         1        2            1
4 others cannot be read
`})
	n.found = n.found[:1]
	n.check(t, "", "ipvsadm --list-netns", want{stdout: "no network namespace has services\n3 others cannot be read\n"})
	n.check(t, "", "ipvsadm --list-netns --all --json", want{stdout: `{
  "namespaces": [
    {
      "name": "pid:1",
      "own": true,
      "pid": 1,
      "command": "systemd",
      "services": 0,
      "servers": 0,
      "connections": 0
    }
  ],
  "unreadable": 3
}
`})
}

// In a user namespace the IPVS of one network namespace may have what only netlink tells.
func TestListNetNSCountsWhatNeedsNetlink(t *testing.T) {
	k, h := inUserNamespace(t)
	k.SetUserNamespace(false)
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r fd00::2 -i")
	k.SetUserNamespace(true)
	blue := ipvstest.New()
	runLines(t, blue, "ipvsadm -A -t 10.0.0.1:80 -s rr")
	h.netns = func(string) (namespace, error) { return &fakeNamespace{kernel: blue}, nil }
	h.findNetNS = func() ([]kernel.FoundNamespace, int, error) {
		return []kernel.FoundNamespace{{Name: "pid:1", Own: true, PID: 1, Command: "sh"}, {Name: "blue", PID: 2, Command: "sh"}}, 0, nil
	}
	var stdout, stderr strings.Builder
	status := run([]string{"ipvsadm", "--list-netns"}, strings.NewReader(""), &stdout, &stderr, h)
	got := want{stdout.String(), stderr.String(), status}
	if w := (want{stderr: "ipvsadm" + sockoptNotice, stdout: `NAMESPACE  PROCESS  SERVICES  SERVERS  CONNECTIONS
blue       2 sh            1        0            0
1 other cannot be read
`}); got != w {
		t.Errorf("got %s\nwant %s", got, w)
	}
}

func TestListNetNSErrors(t *testing.T) {
	for line, stderr := range map[string]string{
		"ipvsadm --list-netns --netns blue":        "Illegal 'netns' option with the 'list-netns' command\n",
		"ipvsadm --netns blue --list-netns":        "Illegal 'netns' option with the 'list-netns' command\n",
		"ipvsadm --list-netns --stats":             "Illegal 'stats' option with the 'list-netns' command\n",
		"ipvsadm --list-netns --output classic":    "invalid output format `classic' specified for 'list-netns'; it must be one of table, json\n",
		"ipvsadm --list-netns --output prometheus": "invalid output format `prometheus' specified for 'list-netns'; it must be one of table, json\n",
		"ipvsadm --list-netns blue":                "unexpected argument blue\n",
		"ipvsadm -L --all":                         "Illegal 'all' option with the 'list' command\n",
	} {
		newTwoNamespaces().check(t, "", line, want{status: exitUsage, stderr: stderr})
	}
	n := newTwoNamespaces()
	n.here.SetPrivileged(false)
	n.check(t, "", "ipvsadm --list-netns", want{status: exitUsage, stderr: "ipvsadm: permission denied: IPVS needs the capability CAP_NET_ADMIN\n"})
	if _, stderr, status := n.run("--list-netns\n", "ipvsadm-restore --check"); stderr != "line 1: the command --list-netns is not allowed in a rules file\n" || status != exitUsage {
		t.Errorf("in rules: status %d, %s", status, stderr)
	}
}

// This machine has at least the namespace of the test.
func TestFindNamespacesFindsOwnFirst(t *testing.T) {
	found, _, err := kernel.FindNamespaces()
	if err != nil || len(found) == 0 || !found[0].Own || found[0].PID == 0 || found[0].Command == "" {
		t.Fatalf("%v, %v", found, err)
	}
	for _, n := range found[1:] {
		if n.Own || n.Name == "" {
			t.Errorf("%+v", n)
		}
	}
}
