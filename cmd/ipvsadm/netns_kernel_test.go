// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// nameNamespace gives a namespace a name of "ip netns", until the end of the test.
func nameNamespace(t *testing.T, name, path string) {
	t.Helper()
	file := filepath.Join("/run/netns", name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o444)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(file) })
	bindNamespace(t, path, file)
}

func bindNamespace(t *testing.T, path, file string) {
	t.Helper()
	if err := unix.Mount(path, file, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(file, unix.MNT_DETACH) })
}

// startInNewNamespace starts a process in a new network namespace, which has an address,
// and returns its number.
func startInNewNamespace(t *testing.T) int {
	t.Helper()
	p := exec.Command("unshare", "-n", "sh", "-ec", "ip link set lo up; ip address add 10.9.9.9/24 dev lo; echo; exec sleep 1000")
	ready, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _, _ = execute("", "ipvsadm", "-C", "--netns", strconv.Itoa(p.Process.Pid))
		_ = p.Process.Kill()
		_ = p.Wait()
	})
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return p.Process.Pid
}

// execute runs one of our tools.
func execute(stdin, tool string, words ...string) (stdout, stderr string, status int) {
	return executeAs(nil, stdin, tool, words...)
}

func executeAs(attr *syscall.SysProcAttr, stdin, tool string, words ...string) (stdout, stderr string, status int) {
	var out, err strings.Builder
	cmd := exec.Cmd{
		Path: binary, Args: append([]string{tool}, words...), Env: []string{}, SysProcAttr: attr,
		Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &err,
	}
	if failed := cmd.Run(); cmd.ProcessState == nil {
		return "", failed.Error(), -1
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// original is what the C program saves in a namespace, together with timeouts and daemons.
func original(t *testing.T, path string) string {
	t.Helper()
	output, err := exec.Command("nsenter", "--net="+path, "sh", "-ec", "ipvsadm -Sn; ipvsadm -L --timeout; ipvsadm -L --daemon").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return string(output)
}

func testNetNS(t *testing.T) {
	inNewNamespace(t)
	t.Run("commands", testNetNSCommands)
	t.Run("proc", testNetNSProc)
	t.Run("lock", testNetNSLock)
	t.Run("watch", testNetNSWatch)
	t.Run("refusals", testNetNSRefusals)
	t.Run("without CAP_NET_ADMIN", testNetNSWithoutNetAdmin)
	t.Run("list", testListNetNS)
}

// Each command changes or shows the namespace that is named, in whichever way, and leaves
// the caller's as it is.
func testNetNSCommands(t *testing.T) {
	pid := startInNewNamespace(t)
	own := fmt.Sprintf("/proc/%d/ns/net", pid)
	nameNamespace(t, "blue", own)
	bound := filepath.Join(t.TempDir(), "bound")
	if err := os.WriteFile(bound, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bindNamespace(t, own, bound)
	const here = "/proc/thread-self/ns/net"
	if _, stderr, status := execute("-A -t 10.0.0.1:80 -s sh\n-a -t 10.0.0.1:80 -r 10.0.0.7 -m\n", "ipvsadm", "-R"); status != 0 {
		t.Fatal(stderr)
	}
	untouched := original(t, here)
	for _, name := range []string{"blue", "name:blue", strconv.Itoa(pid), "pid:" + strconv.Itoa(pid), own, "/run/netns/blue", bound} {
		steps := []struct{ line, stdin, saved, said string }{
			{line: "ipvsadm -A -t 10.1.0.1:80 -s rr", saved: "-A -t 10.1.0.1:80 -s rr\n"},
			{line: "ipvsadm -E -t 10.1.0.1:80 -s wrr", saved: "-A -t 10.1.0.1:80 -s wrr\n"},
			{line: "ipvsadm -a -t 10.1.0.1:80 -r 10.2.0.1 -m", saved: "-A -t 10.1.0.1:80 -s wrr\n-a -t 10.1.0.1:80 -r 10.2.0.1:80 -m -w 1\n"},
			{line: "ipvsadm -e -t 10.1.0.1:80 -r 10.2.0.1 -m -w 2", saved: "-A -t 10.1.0.1:80 -s wrr\n-a -t 10.1.0.1:80 -r 10.2.0.1:80 -m -w 2\n"},
			{line: "ipvsadm -e --keep -r 10.2.0.1 -w 4", saved: "-A -t 10.1.0.1:80 -s wrr\n-a -t 10.1.0.1:80 -r 10.2.0.1:80 -m -w 4\n"},
			{
				line: "ipvsadm --drain -r 10.2.0.1 --force --keep-server", said: "; 1 server stays, with weight 0.\n",
				saved: "-A -t 10.1.0.1:80 -s wrr\n-a -t 10.1.0.1:80 -r 10.2.0.1:80 -m -w 0\n",
			},
			{
				line: "ipvsadm --ramp -t 10.1.0.1:80 -r 10.2.0.1 -w 2 --steps 2 --over 1", said: "\nWeight 2 reached in ",
				saved: "-A -t 10.1.0.1:80 -s wrr\n-a -t 10.1.0.1:80 -r 10.2.0.1:80 -m -w 2\n",
			},
			{line: "ipvsadm -Z", saved: "-A -t 10.1.0.1:80 -s wrr\n-a -t 10.1.0.1:80 -r 10.2.0.1:80 -m -w 2\n"},
			{line: "ipvsadm -d -t 10.1.0.1:80 -r 10.2.0.1", saved: "-A -t 10.1.0.1:80 -s wrr\n"},
			{line: "ipvsadm -D -t 10.1.0.1:80", saved: ""},
			{line: "ipvsadm -R", stdin: "-A -f 1 -s rr\n", saved: "-A -f 1 -s rr\n"},
			{line: "ipvsadm-restore", stdin: "-A -f 2 -s rr\n", saved: "-A -f 2 -s rr\n"},
			{line: "ipvsadm-restore --dry-run", stdin: "-A -f 3 -s rr\n", saved: "-A -f 2 -s rr\n"},
			{line: "ipvsadm-restore --clear", stdin: "-A -f 3 -s rr\n", saved: "-A -f 3 -s rr\n"},
			{line: "ipvsadm --set 100 200 300", saved: "-A -f 3 -s rr\n"},
			{line: "ipvsadm --start-daemon backup --mcast-interface lo --syncid 3", saved: "-A -f 3 -s rr\n"},
			{line: "ipvsadm -L -n", saved: "-A -f 3 -s rr\n"},
			{line: "ipvsadm --json", saved: "-A -f 3 -s rr\n"},
		}
		if name != "blue" { // it takes a while
			steps = steps[len(steps)-5:]
		}
		for _, step := range steps {
			words := strings.Fields(step.line)
			if _, stderr, status := execute(step.stdin, words[0], append(words[1:], "--netns", name)...); status != 0 || !strings.Contains(stderr, step.said) || step.said == "" && stderr != "" {
				t.Errorf("%s --netns %s: status %d, %s", step.line, name, status, stderr)
			}
			saved, stderr, status := execute("", "ipvsadm-save", "-n", "--netns="+name)
			if c := original(t, own); saved != step.saved || status != 0 || !strings.HasPrefix(c, saved+"Timeout") {
				t.Fatalf("%s --netns %s: status %d, saved\n%s%s\nthe C program\n%s", step.line, name, status, saved, stderr, c)
			}
			if now := original(t, here); now != untouched {
				t.Fatalf("%s --netns %s changed another namespace:\n%s", step.line, name, now)
			}
		}
		daemon, _, _ := execute("", "ipvsadm", "--netns", name, "-L", "--daemon")
		timeouts, _, _ := execute("", "ipvsadm", "--netns", name, "-L", "--timeout")
		if want := "Timeout (tcp tcpfin udp): 100 200 300\nbackup sync daemon (mcast=lo, syncid=3, maxlen="; !strings.HasPrefix(timeouts+daemon, want) {
			t.Errorf("--netns %s: %s%s", name, timeouts, daemon)
		}
		if _, stderr, status := execute("", "ipvsadm", "--netns", name, "--stop-daemon", "backup"); status != 0 {
			t.Errorf("--netns %s: %s", name, stderr)
		}
		if _, stderr, status := execute("", "ipvsadm", "--netns", name, "-C"); status != 0 {
			t.Errorf("--netns %s: %s", name, stderr)
		}
	}
}

// Connections and totals, which are read from /proc, are those of the namespace.
func testNetNSProc(t *testing.T) {
	pid := startInNewNamespace(t)
	name := strconv.Itoa(pid)
	if _, stderr, status := execute("-A -u 10.9.9.9:5000 -s rr\n-a -u 10.9.9.9:5000 -r 10.9.9.9:5001 -m\n", "ipvsadm", "-R", "--netns", name); status != 0 {
		t.Fatal(stderr)
	}
	send := exec.Command("nsenter", "--net=/proc/"+name+"/ns/net", "bash", "-c", "echo hello >/dev/udp/10.9.9.9/5000")
	if output, err := send.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for line, want := range map[string]string{
		"-Lcn":                       " 10.9.9.9:5000      10.9.9.9:5001\n",
		"-Lcn --output json":         `"10.9.9.9"`,
		"-Lcn --count-by virtual":    "1        UDP 10.9.9.9:5000\n",
		"-Lc --output prometheus":    `ipvs_connection_entries{`,
		"-Ln --output prometheus":    "ipvs_connections_total",
		"-Ln --output json --exact ": `"totals"`,
	} {
		if there, stderr, status := execute("", "ipvsadm", append(strings.Fields(line), "--netns", name)...); status != 0 || !strings.Contains(there, want) {
			t.Errorf("%s there: status %d, %s%s", line, status, there, stderr)
		}
		if here, stderr, status := execute("", "ipvsadm", strings.Fields(line)...); status != 0 || strings.Contains(here, "10.9.9.9") {
			t.Errorf("%s here: status %d, %s%s", line, status, here, stderr)
		}
	}
}

// A restore waits for others in its namespace, and for no others.
func testNetNSLock(t *testing.T) {
	pid := startInNewNamespace(t)
	name := strconv.Itoa(pid)
	locked := func(path string) *os.File {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var found unix.Stat_t
	if err := unix.Stat("/proc/"+name+"/ns/net", &found); err != nil {
		t.Fatal(err)
	}
	lockFile := fmt.Sprintf("/run/ipvsadm/net-%d.lock", found.Ino)
	if err := errors.Join(os.MkdirAll("/run/ipvsadm", 0o700), os.WriteFile(lockFile, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	lock := locked(lockFile)
	ended := make(chan string)
	go func() {
		_, stderr, status := execute("-A -f 1\n", "ipvsadm-restore", "--netns", name)
		ended <- fmt.Sprint(status, stderr)
	}()
	if _, stderr, status := execute("-A -f 2\n", "ipvsadm-restore"); status != 0 {
		t.Errorf("here: %s", stderr)
	}
	select {
	case result := <-ended:
		t.Errorf("did not wait: %s", result)
	case <-time.After(500 * time.Millisecond):
		_ = lock.Close()
		if result := <-ended; result != "0" {
			t.Errorf("there: %s", result)
		}
	}
	if saved, _, _ := execute("", "ipvsadm", "-S", "--netns", name); saved != "-A -f 1 -s wlc\n" {
		t.Errorf("there: %s", saved)
	}
}

// A repeated listing stays in its namespace, also after the module was gone.
func testNetNSWatch(t *testing.T) {
	name := strconv.Itoa(startInNewNamespace(t))
	watch := exec.Command(binary, "--netns", name, "-Ln", "--watch=0.1")
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	watch.Stdout, watch.Stderr = out, out
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = watch.Process.Kill()
		_ = watch.Wait()
	}()
	shows := func(text string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			printed := readFile(t, out.Name())
			if strings.Contains(printed, text) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("no %q in\n%s", text, printed)
			}
		}
	}
	if _, stderr, status := execute("", "ipvsadm", "--netns", name, "-A", "-f", "11"); status != 0 {
		t.Fatal(stderr)
	}
	shows("FWM  11 wlc")
	_, _, _ = execute("", "ipvsadm", "--netns", name, "-C")
	_, _, _ = execute("", "ipvsadm", "-C")
	unloadModules(t)
	time.Sleep(500 * time.Millisecond)
	if _, stderr, status := execute("", "ipvsadm", "--netns", name, "-A", "-f", "12"); status != 0 {
		t.Fatal(stderr)
	}
	if _, stderr, status := execute("", "ipvsadm", "-A", "-f", "13"); status != 0 {
		t.Fatal(stderr)
	}
	shows("FWM  12 wlc")
	if printed := readFile(t, out.Name()); strings.Contains(printed, "FWM  13") {
		t.Errorf("another namespace: %s", printed)
	}
}

// unloadModules unloads the modules of IPVS, which no namespace may use.
func unloadModules(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		modules, _ := filepath.Glob("/sys/module/ip_vs*")
		if len(modules) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("in use: %s", modules)
		}
		slices.Reverse(modules)
		for _, module := range modules {
			_ = exec.Command("rmmod", filepath.Base(module)).Run()
		}
	}
}

// What is no namespace, or cannot be entered, is said plainly, with exit status 2.
func testNetNSRefusals(t *testing.T) {
	pid := startInNewNamespace(t)
	number := strconv.Itoa(pid)
	nameNamespace(t, "blue", "/proc/"+number+"/ns/net")
	nameNamespace(t, number, "/proc/"+number+"/ns/net")
	nameNamespace(t, "stale", "/proc/"+number+"/ns/net")
	if err := unix.Unmount("/run/netns/stale", unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := errors.Join(os.Mkdir(closed, 0o700), os.WriteFile(closed+"/ns", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	vanished := strconv.Itoa(gone.Process.Pid)
	if _, _, status := execute("", "ipvsadm", "-Ln", "--netns", "pid:"+number); status != 0 {
		t.Errorf("pid:%s: status %d", number, status)
	}
	nobody := &syscall.SysProcAttr{Credential: withoutRights}
	// Root in a user namespace of its own has all capabilities there, and none here.
	userRoot := &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{Size: 1}}, GidMappings: []syscall.SysProcIDMap{{Size: 1}},
	}
	const entering = "permission denied: entering it needs the capability CAP_SYS_ADMIN\n"
	for _, step := range []struct {
		attr         *syscall.SysProcAttr
		name, stderr string
	}{
		{nil, number, fmt.Sprintf("ipvsadm: network namespace %s: a process or /run/netns/%[1]s? write pid:%[1]s or name:%[1]s\n", number)},
		{nil, "stale", "ipvsadm: network namespace stale: /run/netns/stale is not a network namespace; if it was one, that is gone: was the container stopped?\n"},
		{nil, vanished, "ipvsadm: network namespace of process " + vanished + ": there is no such process\n"},
		{nil, "/proc/" + vanished + "/ns/net", "ipvsadm: network namespace /proc/" + vanished + "/ns/net: there is no such process\n"},
		{nil, "/proc/self/ns/mnt", "ipvsadm: network namespace /proc/self/ns/mnt: /proc/self/ns/mnt is a namespace of another kind, not for networks\n"},
		{nobody, "blue", "ipvsadm: network namespace blue: " + entering},
		{nobody, "1", "ipvsadm: network namespace of process 1: permission denied: that needs the user of the process, or the capability CAP_SYS_PTRACE\n"},
		{nobody, closed + "/ns", "ipvsadm: network namespace " + closed + "/ns: permission denied: only root may open " + closed + "/ns\n"},
		{userRoot, "blue", "ipvsadm: network namespace blue: " + entering},
	} {
		if stdout, stderr, status := executeAs(step.attr, "", "ipvsadm", "-Ln", "--netns", step.name); stdout != "" || stderr != step.stderr || status != exitUsage {
			t.Errorf("--netns %s: status %d, %s\n got %swant %s", step.name, status, stdout, stderr, step.stderr)
		}
	}
}

// What everybody may read needs no capability but that to enter the namespace.
func testNetNSWithoutNetAdmin(t *testing.T) {
	nameNamespace(t, "blue", fmt.Sprintf("/proc/%d/ns/net", startInNewNamespace(t)))
	if _, stderr, status := execute("", "ipvsadm", "-A", "-f", "7", "--netns", "blue"); status != 0 {
		t.Fatal(stderr)
	}
	onlyEnters := &syscall.SysProcAttr{Credential: withoutRights, AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN}}
	for words, part := range map[string]string{"--sysctl conntrack": "\nconntrack ", "-L -c -n": "pro expire state", "-L -n --json": `"fwmark": 7`} {
		args := append(strings.Fields(words), "--netns", "blue")
		if stdout, stderr, status := executeAs(onlyEnters, "", "ipvsadm", args...); !strings.Contains(stdout, part) || status != 0 {
			t.Errorf("%s: status %d, %s%s", words, status, stdout, stderr)
		}
	}
}

// Namespaces are found by their names, by Docker's files and by their processes, each
// once, however many there are, and without a thread for each.
func testListNetNS(t *testing.T) {
	const many = 100
	_, _, _ = execute("", "ipvsadm", "-C")
	for i := range many {
		name := fmt.Sprintf("many%03d", i)
		if output, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		// Without it the kernel takes no address for that of a server.
		if output, err := exec.Command("ip", "-n", name, "link", "set", "lo", "up").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		t.Cleanup(func() {
			_, _, _ = execute("", "ipvsadm", "-C", "--netns", name)
			_ = exec.Command("ip", "netns", "delete", name).Run()
		})
		if i%2 == 0 {
			rules := fmt.Sprintf("-A -f %d\n-a -f %[1]d -r 10.0.0.1 -m\n-a -f %[1]d -r 10.0.0.2 -m\n", i+1)
			if _, stderr, status := execute(rules, "ipvsadm-restore", "--netns", name); status != 0 {
				t.Fatal(stderr)
			}
		}
	}
	pid := startInNewNamespace(t)
	process := strconv.Itoa(pid)
	if _, stderr, status := execute("", "ipvsadm", "-A", "-f", "1", "--netns", process); status != 0 {
		t.Fatal(stderr)
	}
	docker := startInNewNamespace(t)
	if err := errors.Join(os.MkdirAll("/run/docker/netns", 0o700), os.WriteFile("/run/docker/netns/lb", nil, 0o600), os.WriteFile("/run/docker/netns/left", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll("/run/docker") })
	bindNamespace(t, fmt.Sprintf("/proc/%d/ns/net", docker), "/run/docker/netns/lb")
	if _, stderr, status := execute("", "ipvsadm", "-A", "-f", "1", "--netns", "/run/docker/netns/lb"); status != 0 {
		t.Fatal(stderr)
	}
	list := func(words ...string) (lines []string) {
		stdout, stderr, status := execute("", "ipvsadm", append([]string{"--list-netns"}, words...)...)
		if status != 0 || stderr != "" {
			t.Fatalf("status %d, %s", status, stderr)
		}
		for line := range strings.Lines(stdout) {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
		return lines
	}
	lines := list()
	want := []string{"NAMESPACE PROCESS SERVICES SERVERS CONNECTIONS"}
	want = append(want, fmt.Sprintf("/run/docker/netns/lb %d sleep 1 0 0", docker))
	for i := 0; i < many; i += 2 {
		want = append(want, fmt.Sprintf("many%03d 1 2 0", i))
	}
	want = append(want, fmt.Sprintf("pid:%d %[1]d sleep 1 0 0", pid), "1 other cannot be read")
	if docker < pid {
		t.Fatal("processes in another order")
	}
	slices.Sort(want[1 : len(want)-1])
	got := slices.Clone(lines)
	slices.Sort(got[1 : len(got)-1])
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if all := list("--all"); !strings.HasPrefix(all[1], "(this one) ") || !slices.Contains(all, "many001 0 0 0") || len(all) < many+4 {
		t.Errorf("--all:\n%s", strings.Join(all, "\n"))
	}
	document, _, _ := execute("", "ipvsadm", "--list-netns", "--json")
	if strings.Count(document, `"name"`) != many/2+2 || !strings.Contains(document, `"unreadable": 1`) {
		t.Errorf("JSON: %s", document)
	}
	if threads := mostThreads(t, "--list-netns", "--all"); threads > 12 {
		t.Errorf("%d threads", threads)
	}
}

// mostThreads is how many threads a run of ipvsadm makes.
func mostThreads(t *testing.T, words ...string) int {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	if output, err := exec.Command("strace", append([]string{"-f", "-qq", "-e", "trace=clone,clone3", "-o", trace, binary}, words...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	made := readFile(t, trace)
	return strings.Count(made, "clone(") + strings.Count(made, "clone3(")
}
