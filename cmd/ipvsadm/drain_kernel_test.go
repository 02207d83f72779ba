// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
	"golang.org/x/sys/unix"
)

// testDrainSignals sends signals to the program at 200 moments of a drain, from its start to
// its waiting, and kills it at some. A signal leaves everything as it was; SIGKILL leaves
// what the way back, already written, puts back.
func testDrainSignals(t *testing.T) {
	links := inNewNamespace(t)
	if err := links.AddAddresses("lo", "10.0.0.9/24"); err != nil {
		t.Fatal(err)
	}
	h := fakeHost(ipvstest.New(), "/")
	h.dial = func() (*ipvs.Client, error) { return ipvs.Dial() }
	ipvsadm := func(stdin string, words ...string) (string, int) {
		var stdout, stderr strings.Builder
		status := run(append([]string{"ipvsadm"}, words...), strings.NewReader(stdin), &stdout, &stderr, h)
		return stdout.String(), status
	}
	saved := func() string {
		rules, status := ipvsadm("", "-S", "-n")
		if status != exitOK {
			t.Fatalf("-S: status %d", status)
		}
		return sortedRules(rules)
	}
	var rules strings.Builder
	for _, service := range []string{"-t 10.0.0.1:80", "-u 10.0.0.1:53", "-t 10.0.0.1:443", "-u 10.0.0.1:123"} {
		fmt.Fprintf(&rules, "-A %[1]s -s rr\n-a %[1]s -r 10.0.0.2 -m -w 3 -x 90\n-a %[1]s -r 10.0.0.3 -m\n", service)
	}
	if _, status := ipvsadm(rules.String(), "-R"); status != exitOK {
		t.Fatalf("-R: status %d", status)
	}
	before := saved()
	// Each service of UDP gets connections, whose entries last for five minutes.
	for _, port := range []int{53, 53, 123, 123} {
		conn, err := net.Dial("udp", fmt.Sprintf("10.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
	signals := []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGKILL}
	outcomes := map[string]int{}
	for moment := range 200 {
		s := signals[moment%len(signals)]
		cmd := exec.Command(binary, "--drain", "-r", "10.0.0.2", "--wait", "20")
		var back, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &back, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(moment) * 2 * time.Millisecond)
		_ = cmd.Process.Signal(s)
		if s != unix.SIGKILL && moment%3 == 0 { // a second one must not disturb
			_ = cmd.Process.Signal(unix.SIGINT)
		}
		err := cmd.Wait()
		after := saved()
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) {
			t.Fatalf("moment %d, %v: %v, %s", moment, s, err, stderr.String())
		}
		status := exit.Sys().(interface{ Signaled() bool })
		switch {
		case exit.ExitCode() == 130 && after == before:
			outcomes["undone"]++
		case status.Signaled() && after == before:
			outcomes["before the beginning"]++
		case s == unix.SIGKILL && status.Signaled() && back.Len() > 0:
			outcomes["killed"]++
			// Servers that are gone are added again, and the comments have the rules for the others.
			for line := range strings.Lines(back.String()) {
				ipvsadm("", strings.Fields(strings.TrimPrefix(line, "# until it is removed: "))...)
			}
			if got := saved(); got != before {
				t.Fatalf("moment %d, %v: the way back leads to\n%s", moment, s, got)
			}
		default:
			t.Fatalf("moment %d, %v: %v, %s\n%s", moment, s, err, stderr.String(), after)
		}
	}
	t.Log(outcomes)
	if outcomes["undone"] < 20 || outcomes["killed"] < 5 {
		t.Error("that is too few")
	}
}

// testDrainOfHalfClosedDownload drains the server of a client that has closed its side and
// waits longer than ten seconds for the rest of a download. With NAT nothing is cut, and the
// server leaves soon after the end.
func testDrainOfHalfClosedDownload(t *testing.T) {
	var spaces [3]*netns.Namespace
	for i := range spaces {
		n, err := netns.New()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Close)
		spaces[i] = n
	}
	director, client, server := spaces[0], spaces[1], spaces[2]
	shell := func(line string) {
		t.Helper()
		if output, err := director.Shell(strings.ReplaceAll(line, "ipvsadm", binary)); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	if err := errors.Join(director.Links.AddVeth("front", client.Links, "eth0"), director.Links.AddVeth("back", server.Links, "eth0"),
		director.Links.AddAddresses("front", "192.0.2.1/24"), director.Links.AddAddresses("back", "10.0.0.1/24"),
		client.Links.AddAddresses("eth0", "192.0.2.10/24"), server.Links.AddAddresses("eth0", "10.0.0.2/24"),
		server.Links.AddGateways("10.0.0.1")); err != nil {
		t.Fatal(err)
	}
	shell("sysctl -qw net.ipv4.ip_forward=1 && ipvsadm -A -t 192.0.2.1:80 && ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2 -m")
	t.Cleanup(func() { shell("ipvsadm -C") })
	shell("sysctl -qw net.ipv4.vs.expire_nodest_conn=1")

	var listener net.Listener
	var conn net.Conn
	var err error
	if server.Do(func() { listener, err = net.Listen("tcp", "10.0.0.2:80") }); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if client.Do(func() { conn, err = net.Dial("tcp", "192.0.2.1:80") }); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(accepted); err != nil {
		t.Fatal(err)
	}

	drained := make(chan netns.Result, 1)
	began := time.Now()
	if err := director.Go(func() {
		output, err := exec.Command(binary, "--drain", "-r", "10.0.0.2", "--force", "--wait", "50").CombinedOutput()
		drained <- netns.Result{Stdout: output, Stderr: fmt.Append(nil, err)}
	}); err != nil {
		t.Fatal(err)
	}
	select {
	case result := <-drained:
		t.Fatalf("drained after %s: %s", time.Since(began), result.Stdout)
	case <-time.After(14 * time.Second):
	}
	const rest = "the rest of the download"
	if _, err := accepted.Write([]byte(rest)); err != nil {
		t.Fatal(err)
	}
	_ = accepted.Close()
	if got, err := io.ReadAll(conn); err != nil || string(got) != rest {
		t.Errorf("got %q, %v", got, err)
	}
	_ = conn.Close()
	ended := time.Now()
	if result := <-drained; string(result.Stderr) != "<nil>" || !bytes.Contains(result.Stdout, []byte("1 server removed, no connection was cut.")) {
		t.Errorf("%s: %s", result.Stderr, result.Stdout)
	}
	// The kernel rounds off a second, and a busy machine may be late.
	if took := time.Since(ended); took < 9*time.Second || took > 25*time.Second {
		t.Errorf("removed %s after the last packet", took)
	}
}

// testDrainStopped stops a drain, as ^Z does, and lets it go on.
func testDrainStopped(t *testing.T) {
	links := inNewNamespace(t)
	if err := links.AddAddresses("lo", "10.0.0.9/24"); err != nil {
		t.Fatal(err)
	}
	const script = `"$0" -A -u 10.0.0.1:53 && "$0" -a -u 10.0.0.1:53 -r 10.0.0.2 -m -w 3 && "$0" -a -u 10.0.0.1:53 -r 10.0.0.3 -m -w 4
for i in 1 2 3 4; do echo hello >/dev/udp/10.0.0.1/53; done
"$0" --drain -r 10.0.0.2 >/dev/null 2>&1 &
for i in $(seq 100); do "$0" -S -n | grep -q -- '-r 10.0.0.2:53 -m -w 0' && break; sleep 0.1; done
kill -STOP $!
sleep 2
"$0" -S -n | grep -- '-r 10.0.0.2:53 -m -w 0' || exit
kill -TERM $!
kill -CONT $!
wait $!
status=$?
"$0" -S -n | grep -- '-r 10.0.0.2:53 -m -w 3' && exit $status`
	cmd := exec.Command("bash", "-c", script, binary)
	if output, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("%v: %s", err, output)
	}
}

// testDrainClosedOutput starts the program without a standard output.
func testDrainClosedOutput(t *testing.T) {
	inNewNamespace(t)
	const script = `"$0" -A -f 1 && "$0" -a -f 1 -r 10.0.0.2 && "$0" -a -f 1 -r 10.0.0.3 && "$0" -S -n >before
for output in '>&-' '>/dev/full'; do
	set +e
	eval "\"\$0\" --drain -r 10.0.0.2 $output" 2>/dev/null
	"$0" -S -n | cmp - before || exit 1
done
"$0" --drain -r 10.0.0.2 >/dev/null 2>&1 && ! "$0" -S -n | grep -q 10.0.0.2`
	cmd := exec.Command("bash", "-c", script, binary)
	cmd.Dir = t.TempDir()
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

// sortedRules sorts rules, because a server that was added again comes last.
func sortedRules(rules string) string {
	lines := strings.Split(strings.TrimSpace(rules), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
