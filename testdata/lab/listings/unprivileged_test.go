// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// everything has what /proc tells and what it does not.
const everything = `-A -t 10.0.0.1:80 -s sh -b sh-port -p 300 -M 255.255.255.0
-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 3 -x 9 -y 4
-a -t 10.0.0.1:80 -r 127.0.0.1:80 -m -w 0
-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 7 --tun-type gue --tun-port 6080
-A -t [fd00::1]:80 -s rr -p 77 -M 64
-a -t [fd00::1]:80 -r [fd00::2]:80 -g -w 65535
-A -u 10.0.0.1:53 -s wlc -o
-A -u 10.0.0.1:5060 -s rr -p 60 -o --pe sip
-A -f 7 -s wlc -p 77
-A -f 7 -6 -s wlc -p 78
-A -f 8 -6 -s rr
-a -f 8 -6 -r fd00::3 -g
-A -f 9 -s rr
`

// asNobody runs a command line of a program without any privilege.
func (h *host) asNobody(t *testing.T, program string, words ...string) netns.Result {
	t.Helper()
	result, err := h.Run(netns.Command{Path: program, Args: append([]string{"ipvsadm"}, words...), Nobody: true})
	must(t, err)
	return result
}

// Nobody's listings say what root's say, but for the fields that they name as missing.
func TestListingsOfNobody(t *testing.T) {
	h := newHost(t)
	h.run(t, ours, everything, "-R")
	var full, part map[string]any
	must(t, json.Unmarshal([]byte(h.list(t, ours, "--json")), &full))
	nobody := h.asNobody(t, ours, "-L", "-n", "--json")
	if nobody.Status != 0 || len(nobody.Stderr) > 0 {
		t.Fatalf("status %d, %s", nobody.Status, nobody.Stderr)
	}
	must(t, json.Unmarshal(nobody.Stdout, &part))
	validate(t, nobody.Stdout)
	missing := map[string]bool{}
	for _, name := range part["incomplete"].([]any) {
		missing[name.(string)] = true
	}
	delete(part, "incomplete")
	delete(full, "status") // of the kernel, which tells it to root only
	// FWM 9 has no server that tells its family, and a mask is shown only with persistence.
	services := full["services"].([]any)
	for _, s := range services {
		s := s.(map[string]any)
		if s["fwmark"] == 9.0 {
			delete(s, "family")
		}
		if s["persistence_timeout"] == nil {
			delete(s, "netmask")
		}
		for name := range missing {
			delete(s, name)
			for _, d := range s["destinations"].([]any) {
				delete(d.(map[string]any), name)
			}
		}
	}
	if len(services) != 8 || !reflect.DeepEqual(part, full) {
		t.Errorf("nobody: %s\nroot, without what nobody lacks: %v", nobody.Stdout, full)
	}

	table := h.asNobody(t, ours, "-L", "-n", "--output", "table")
	rows, note, _ := bytes.Cut(table.Stdout, []byte("incomplete without CAP_NET_ADMIN: "))
	plain := strings.NewReplacer("sh-port, ", "", ", pe sip", "", "\n0 connections of at most 1073741824\n", "\n").
		Replace(h.list(t, ours, "--output", "table"))
	if table.Status != 0 || len(note) == 0 || strings.Join(strings.Fields(string(rows)), " ") != strings.Join(strings.Fields(plain), " ") {
		t.Errorf("status %d\n%s\nroot:\n%s", table.Status, table.Stdout, plain)
	}

	for _, words := range [][]string{{"-L", "-n"}, {"-L", "-n", "--stats"}, {"-S"}, {"-L", "--daemon"}, {"-C"}} {
		our, their := h.asNobody(t, ours, words...), h.asNobody(t, oracle, words...)
		if our.Status != their.Status || !bytes.Equal(our.Stdout, their.Stdout) || !bytes.Equal(our.Stderr, their.Stderr) {
			t.Errorf("%v: got %d %s%s, want %d %s%s", words, our.Status, our.Stdout, our.Stderr, their.Status, their.Stdout, their.Stderr)
		}
	}
	for _, words := range []string{"--output prometheus", "--json --stats", "--output table --rate", "--output table --thresholds"} {
		if r := h.asNobody(t, ours, append([]string{"-L"}, strings.Fields(words)...)...); r.Status != 2 || len(r.Stdout) > 0 {
			t.Errorf("%s: status %d, %s", words, r.Status, r.Stdout)
		}
	}
	for _, words := range []string{"-c", "-c --json", "-c --output table", "-c --output prometheus", "-c --count-by state", "-c --client 10.0.0.0/8"} {
		all := strings.Fields("-L -n " + words)
		if r := h.asNobody(t, ours, all...); r.Status != 0 || string(r.Stdout) != h.run(t, ours, "", all...) {
			t.Errorf("%s: status %d, %s%s", words, r.Status, r.Stdout, r.Stderr)
		}
	}
	if r := h.asNobody(t, "/bin/bash", "-c", `exec timeout 3 "$@"`, "bash", ours, "-L", "-n", "--watch=0.5", "--json"); (r.Status != 124 && r.Status != 143) || bytes.Count(r.Stdout, []byte(`"incomplete"`)) < 2 {
		t.Errorf("watch: status %d, %.400s%s", r.Status, r.Stdout, r.Stderr)
	}
}

func validate(t *testing.T, document []byte) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(os.Getenv("SCHEMA"))
	must(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	must(t, err)
	if err := schema.Validate(value); err != nil {
		t.Errorf("%v\n%s", err, document)
	}
}

// userNamespace is a user namespace with a network namespace, and a process in them.
type userNamespace struct{ pid string }

func newUserNamespace(t *testing.T) userNamespace {
	t.Helper()
	holder := exec.Command("unshare", "-Urn", "sleep", "600")
	must(t, holder.Start())
	t.Cleanup(func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	pid := strconv.Itoa(holder.Process.Pid)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		command, err := os.ReadFile("/proc/" + pid + "/comm")
		must(t, err)
		if string(command) == "sleep\n" {
			return userNamespace{pid}
		}
		if time.Now().After(deadline) {
			t.Fatal("no user namespace")
		}
	}
}

// inside runs a command as root of the user namespace, outside as root of the machine.
func (u userNamespace) inside(stdin string, words ...string) (stdout, stderr string, status int) {
	return execute(stdin, append([]string{"nsenter", "-U", "--preserve-credentials", "-n", "-t", u.pid, "--"}, words...))
}

func (u userNamespace) outside(stdin string, words ...string) (stdout, stderr string, status int) {
	return execute(stdin, append([]string{"nsenter", "-n", "-t", u.pid, "--"}, words...))
}

func execute(stdin string, words []string) (stdout, stderr string, status int) {
	cmd := exec.Command(words[0], words[1:]...)
	var out, err bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &err
	_ = cmd.Run()
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// restoreTool returns the path of our ipvsadm-restore.
func restoreTool(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ipvsadm-restore")
	must(t, os.Symlink(ours, path))
	return path
}

const sockoptNotice = "netlink is refused; over the older socket options: "

// What root of a user namespace does, root of the machine sees with the original; and what
// the one lists, the other lists.
func TestUserNamespace(t *testing.T) {
	u := newUserNamespace(t)
	ok := func(words ...string) string {
		t.Helper()
		stdout, stderr, status := u.inside("", append([]string{ours}, words...)...)
		if status != 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, sockoptNotice) {
			t.Errorf("%v: status %d, %s%s", words, status, stdout, stderr)
		}
		return stdout
	}
	if _, stderr, status := u.inside("", oracle, "-Ln"); status != 2 {
		t.Logf("the original lists: status %d, %s", status, stderr)
	}
	if _, stderr, status := u.inside("", "ip", "link", "set", "lo", "up"); status != 0 {
		t.Fatal(stderr)
	}
	for _, line := range []string{
		"-A -t 10.0.0.1:80 -s sh -b sh-port -p 300 -M 255.255.255.0", "-A -u 10.0.0.1:53 -s wlc -o", "-A -f 1073741824 -s rr", "-A -t 10.0.0.1:0 -p",
		"-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 3 -x 9 -y 4", "-a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 65535", "-a -t 10.0.0.1:80 -r 127.0.0.1:80 -m -w 0",
		"-a -f 1073741824 -r 10.0.0.4 -g", "-e -f 1073741824 -r 10.0.0.4 -m -w 9", "-E -u 10.0.0.1:53 -s rr -p 7",
		"-a -u 10.0.0.1:53 -r 10.0.0.2", "-d -u 10.0.0.1:53 -r 10.0.0.2", "-A -t 10.0.0.7:80", "-D -t 10.0.0.7:80",
		"--set 800 100 200", "-Z", "-Z -t 10.0.0.1:80", "--start-daemon master --mcast-interface lo --syncid 7",
	} {
		ok(strings.Fields(line)...)
	}
	for _, words := range []string{
		"-L -n", "-L -n --stats", "-L -n --rate", "-L -n --thresholds", "-L -n --persistent-conn", "-L --timeout", "-L -n -t 10.0.0.1:80", "-L -n -f 1073741824",
	} {
		theirs, stderr, status := u.outside("", append([]string{oracle}, strings.Fields(words)...)...)
		if got := ok(strings.Fields(words)...); status != 0 || sortedLines(got) != sortedLines(theirs) {
			t.Errorf("%s: got\n%swant status %d\n%s%s", words, got, status, theirs, stderr)
		}
	}
	if got := ok("-L", "--daemon"); !strings.HasPrefix(got, "master sync daemon (mcast=lo, syncid=7") {
		t.Errorf("got %s", got)
	}
	ok("--stop-daemon", "master")
	saved := ok("-S", "-n")
	fromOutside, _, _ := u.outside("", ours, "-S", "-n")
	if saved != fromOutside || !strings.Contains(saved, "-x 9 -y 4") {
		t.Errorf("saved:\n%s\nfrom outside:\n%s", saved, fromOutside)
	}
	for _, words := range []string{"--json", "--output table", "--output prometheus"} {
		all := strings.Fields("-L -n " + words)
		if got := ok(all...); words != "--json" || got == "" {
			if outside, _, _ := u.outside("", append([]string{ours}, all...)...); got != outside {
				t.Errorf("%s: got\n%s\nfrom outside:\n%s", words, got, outside)
			}
		} else {
			validate(t, []byte(got))
		}
	}
	u.refuses(t, saved)
	ok("-C")
	if stdout, stderr, status := u.inside(saved, restoreTool(t)); status != 0 {
		t.Errorf("restore: status %d, %s%s", status, stdout, stderr)
	}
	if got := ok("-S", "-n"); got != saved {
		t.Errorf("restored:\n%s\nwant\n%s", got, saved)
	}
	u.hidesNothing(t)
}

// refuses tries what the kernel refuses, and what does not fit. The table stays as saved.
func (u userNamespace) refuses(t *testing.T, saved string) {
	t.Helper()
	for line, want := range map[string]string{
		"-A -t 10.0.0.1:80":                     "Service already exists",
		"-D -t 10.0.0.9:80":                     "No such service",
		"-d -t 10.0.0.1:80 -r 10.0.0.9":         "No such destination",
		"-a -t 10.0.0.9:80 -r 10.0.0.9":         "Service not defined",
		"-A -t 10.0.0.9:80 -s nosuch":           "Scheduler or persistence engine not found",
		"--stop-daemon backup":                  "No daemon is running",
		"-a -t 10.0.0.1:80 -r 224.0.0.1":        "Invalid operation.  Possibly wrong module version, address not unicast, ...",
		"-A -t [fd00::1]:80":                    "ipvs: add service TCP [fd00::1]:80: IPv6 needs netlink, which refuses the caller",
		"-A -f 7 -6":                            "ipvs: add service FWM 7 IPv6: IPv6 needs netlink, which refuses the caller",
		"-A -u 10.0.0.9:5060 -p 60 -o --pe sip": `ipvs: add service UDP 10.0.0.9:5060: persistence engine "sip" needs netlink, which refuses the caller`,
		"-a -t 10.0.0.1:80 -r [fd00::1]:80 -i":  "ipvs: add server [fd00::1]:80 of TCP 10.0.0.1:80: IPv6 needs netlink, which refuses the caller",
		"--start-daemon master --mcast-interface lo --sync-maxlen 1000": "ipvs: start daemon master: a sync daemon with a maximum length, group, port or TTL needs netlink, which refuses the caller",
	} {
		stdout, stderr, status := u.inside("", append([]string{ours}, strings.Fields(line)...)...)
		if status != 255 || stdout != "" || !strings.HasSuffix(stderr, "\n"+want+"\n") {
			t.Errorf("%s: status %d, %s%s", line, status, stdout, stderr)
		}
	}
	stdout, stderr, status := u.inside("-A -f 7\n-A -f 7 -6\n", restoreTool(t))
	if status != 255 || !strings.HasSuffix(stderr, "line 2: ipvs: add service FWM 7 IPv6: IPv6 needs netlink, which refuses the caller\nnothing was changed\n") {
		t.Errorf("restore: status %d, %s%s", status, stdout, stderr)
	}
	if now, _, _ := u.outside("", ours, "-S", "-n"); now != saved {
		t.Errorf("now:\n%s\nbefore:\n%s", now, saved)
	}
}

// hidesNothing adds from outside what the socket options do not show.
func (u userNamespace) hidesNothing(t *testing.T) {
	t.Helper()
	for _, hidden := range []struct{ add, remove, want string }{
		{"-A -t [fd00::1]:80", "-D -t [fd00::1]:80", "TCP [fd00::1]:80 of IPv6"},
		{"-A -f 7 -6", "-D -f 7 -6", "FWM 7 of IPv6"},
		{"-A -f 1073741824 -6", "-D -f 1073741824 -6", "FWM 1073741824 of IPv6"},
		{"-a -t 10.0.0.1:80 -r [fd00::2]:80 -i", "-d -t 10.0.0.1:80 -r [fd00::2]:80", "an IPv6 destination"},
	} {
		if _, stderr, status := u.outside("", append([]string{ours}, strings.Fields(hidden.add)...)...); status != 0 {
			t.Fatal(stderr)
		}
		for _, words := range []string{"-L -n", "-S -n", "-L --json"} {
			stdout, stderr, status := u.inside("", append([]string{ours}, strings.Fields(words)...)...)
			if want := hidden.want + " needs netlink, which refuses the caller\n"; status != 1 || stdout != "" || !strings.HasSuffix(stderr, want) {
				t.Errorf("%s: status %d, %s%s, want %s", words, status, stdout, stderr, want)
			}
		}
		if _, stderr, status := u.outside("", append([]string{ours}, strings.Fields(hidden.remove)...)...); status != 0 {
			t.Fatal(stderr)
		}
	}
	// Many services and servers: more than a page.
	var rules strings.Builder
	for i := range 200 {
		fmt.Fprintf(&rules, "-A -t 10.1.0.%d:80 -s rr\n-a -t 10.1.0.1:80 -r 10.2.0.%d -m -w 1\n", i+1, i+1)
	}
	if _, stderr, status := u.inside(rules.String(), ours, "-R"); status != 0 {
		t.Error(stderr)
	}
	inside, _, _ := u.inside("", ours, "-S", "-n")
	outside, _, _ := u.outside("", oracle, "-S", "-n")
	if n := strings.Count(inside, "\n"); n < 400 || n != strings.Count(outside, "\n") {
		t.Errorf("%d lines inside, %d outside", n, strings.Count(outside, "\n"))
	}
	// Two processors read it over two connections of netlink, if that is allowed.
	inside, stderr, status := u.inside("", "env", "GOMAXPROCS=2", ours, "-L", "-n", "--stats")
	outside, _, _ = u.outside("", oracle, "-L", "-n", "--stats")
	if status != 0 || sortedLines(inside) != sortedLines(outside) {
		t.Errorf("two processors: status %d, %s%d lines inside, %d outside", status, stderr, strings.Count(inside, "\n"), strings.Count(outside, "\n"))
	}
}
