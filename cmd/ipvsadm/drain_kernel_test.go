// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
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
