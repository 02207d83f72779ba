// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/sysconfig"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

// TestKernel has the tests that need a real kernel. Outside the lab it does nothing.
func TestKernel(t *testing.T) {
	if !inKernel {
		return
	}
	t.Run("static binary", testStaticBinary)
	t.Run("empty root directory", testEmptyRoot)
	t.Run("examples of the README", testReadme)
	t.Run("boot script of OpenRC", testOpenRC)
	t.Run("edits that keep other settings", testKeepInKernel)
	t.Run("signals during a drain", testDrainSignals)
	t.Run("drain without an output", testDrainClosedOutput)
	t.Run("drain of a half-closed download", testDrainOfHalfClosedDownload)
	t.Run("drain that is stopped", testDrainStopped)
	t.Run("completion", testCompletion)
	t.Run("memory of tables", testMemoryOfTables)
	t.Run("network namespaces", testNetNS)
	t.Run("settings", testSysctls)
	t.Run("state of the tables", testStatus)
	t.Run("monitor", testMonitor)
	t.Run("diagnosis", testDiagnosis)
	t.Run("module is loaded when needed", testModule) // last: it unloads ip_vs
}

// inNewNamespace moves the test into a network namespace of its own.
func inNewNamespace(t *testing.T) *netns.Links {
	t.Helper()
	links, err := enterNamespace(t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	return links
}

// enterNamespace moves the goroutine into a new network namespace. The table is
// emptied at the end, because the main thread never ends and so keeps its namespace, and
// services in it would keep ip_vs in use.
func enterNamespace(atEnd func(func())) (*netns.Links, error) {
	links, err := netns.Enter()
	if err != nil {
		return nil, err
	}
	atEnd(links.Close)
	atEnd(func() { _ = exec.Command(binary, "-C").Run() })
	return links, nil
}

func testStaticBinary(t *testing.T) {
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary has a %s: it is not static", p.Type)
		}
	}
}

// testEmptyRoot runs the binary where there is nothing else: no /proc, no
// /etc/services, no modules, no resolver.
func testEmptyRoot(t *testing.T) {
	inNewNamespace(t)
	root := emptyRoot(t)
	for _, step := range []struct{ tool, words, stdin, output string }{
		{words: "-A -t 10.0.0.1:80 -s rr"},
		{words: "-a -t 10.0.0.1:80 -r 10.0.0.2 -g"},
		{words: "-R", stdin: "-A -u [fd00::1]:53\n"},
		{words: "-S", output: "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1\n-A -u [fd00::1]:53 -s wlc\n"},
		{words: "-L -t 10.0.0.1:80", output: "Prot LocalAddress:Port Scheduler Flags\n" +
			"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n" +
			"TCP  10.0.0.1:80 rr\n" +
			"  -> 10.0.0.2:80                  Route   1      0          0         \n"},
		{words: "-A -t vip:80", output: "illegal virtual server address[:port] specified\n"},
		{words: "-A -t 10.0.0.1:http", output: "illegal virtual server address[:port] specified\n"},
		{words: "-L -c -n", output: "cannot open file /proc/net/ip_vs_conn\n"},
		{words: "-Z"},
		{words: "-C"},
		{words: "-S"},
		{tool: "ipvsadm-boot", words: "status", output: "ipvsadm is stopped\n"},
		{words: "-A -f 1"},
		{tool: "ipvsadm-boot", words: "status", output: "ipvsadm is running\nIP Virtual Server version 1.2.1 (size=4096)\n" +
			"Prot LocalAddress:Port Scheduler Flags\n" +
			"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n" +
			"FWM  1 wlc\n"},
		{tool: "ipvsadm-boot", words: "stop"},
		{words: "-S"},
		{words: "-A -f 2"},
		{tool: "ipvsadm-boot", words: "panic"},
		{words: "-S"},
	} {
		cmd := exec.Command("/ipvsadm", strings.Fields(step.words)...)
		cmd.Args[0] = cmp.Or(step.tool, "/ipvsadm")
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		cmd.Dir = "/"
		cmd.Env = []string{}
		cmd.Stdin = strings.NewReader(step.stdin)
		output, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if string(output) != step.output {
			t.Errorf("%s %s:\n got %s\nwant %s", cmd.Args[0], step.words, output, step.output)
		}
	}
}

// emptyRoot returns a root directory that contains only the binary.
func emptyRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "ipvsadm"), content, 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// testOpenRC does what the init scripts of Gentoo and Alpine do: it clears the table and
// restores it. One bad line must not prevent the others.
func testOpenRC(t *testing.T) {
	inNewNamespace(t)
	dir := t.TempDir()
	for _, name := range []string{"ipvsadm", "ipvsadm-restore"} {
		if err := os.Symlink(binary, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	const good = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1\n-A -f 1 -s wlc\n"
	rules := filepath.Join(dir, "rules")
	if err := os.WriteFile(rules, []byte(good+"-A -t no-such-host.invalid:80\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `
start() {
	ipvsadm -C && ipvsadm-restore < "$1"
}
ipvsadm -A -f 7 || exit 99
start "$1"
`
	cmd := exec.Command("sh", "-c", script, "ipvsadm", rules)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	output, _ := cmd.CombinedOutput()
	if status := cmd.ProcessState.ExitCode(); status != exitUsage || string(output) != "line 4: illegal virtual server address[:port] specified\n" {
		t.Errorf("status %d, %s", status, output)
	}
	if saved, err := exec.Command(binary, "-S", "-n").Output(); err != nil || string(saved) != good {
		t.Errorf("%v, got\n%s", err, saved)
	}
}

// testModule unloads ip_vs and checks which commands load it again.
func testModule(t *testing.T) {
	loaded := func() bool {
		_, err := os.Stat("/sys/module/ip_vs")
		return err == nil
	}
	// Namespaces of earlier tests may still hold their services for a moment.
	for deadline := time.Now().Add(time.Minute); loaded() && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		modules, err := filepath.Glob("/sys/module/ip_vs*")
		if err != nil {
			t.Fatal(err)
		}
		for i := len(modules) - 1; i >= 0; i-- {
			_ = exec.Command("rmmod", filepath.Base(modules[i])).Run()
		}
	}
	if loaded() {
		t.Fatal("ip_vs cannot be unloaded")
	}
	if output, err := exec.Command(binary, "-h").CombinedOutput(); err != nil || loaded() {
		t.Errorf("-h: %v, %s, module loaded: %v", err, output, loaded())
	}
	output, err := exec.Command(binary, "-Ln").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(output), "IP Virtual Server version 1.2.1 ") || !loaded() {
		t.Errorf("-Ln: %v, %s, module loaded: %v", err, output, loaded())
	}
	// The virtual machine is discarded after the tests.
	const settings = sysconfig.SettingsRedHat
	if err := errors.Join(os.MkdirAll(filepath.Dir(settings), 0o755), os.WriteFile(settings, []byte("IPVS_MODULES_UNLOAD=yes\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	empty := emptyRoot(t)
	for _, step := range []struct {
		words  string
		status int
		loaded bool
	}{
		{"ipvsadm -A -f 1 -s sed", 0, true},
		{"ipvsadm-boot unload", 1, true}, // in use
		{"ipvsadm-boot panic", 0, true},
		{"ipvsadm-boot unload", 0, false},
		{"ipvsadm-boot unload", 0, false},
		{"ipvsadm-boot status", 3, false},
		{"ipvsadm-boot stop", 0, false},
		{"ipvsadm-boot save", 5, false},
		{"chroot ipvsadm-boot status", 3, false}, // no /proc
		{"chroot ipvsadm-boot stop", 0, false},
		{"chroot ipvsadm-boot panic", 0, false},
		{"chroot ipvsadm-boot save", 5, false},
		{"ipvsadm-boot start", 6, false}, // no rules
		{"ipvsadm -Ln", 0, true},
	} {
		words := strings.Fields(step.words)
		cmd := exec.Cmd{Path: binary, Args: words}
		if words[0] == "chroot" {
			cmd = exec.Cmd{Path: "/ipvsadm", Args: words[1:], SysProcAttr: &syscall.SysProcAttr{Chroot: empty}}
		}
		output, _ := cmd.CombinedOutput()
		if status := cmd.ProcessState.ExitCode(); status != step.status || loaded() != step.loaded {
			t.Errorf("%s: status %d, want %d, module loaded: %v, want %v\n%s", step.words, status, step.status, loaded(), step.loaded, output)
		}
	}
}
