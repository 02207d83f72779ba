// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/format"
)

func testSysctls(t *testing.T) {
	inNewNamespace(t)
	t.Run("set and read", testSysctlsSetAndRead)
	t.Run("without rights", testSysctlsWithoutRights)
	t.Run("user namespace", testSysctlsOfUserNamespace)
}

// readSysctls is what our program shows.
func readSysctls(t *testing.T, words ...string) map[string]format.SettingDocument {
	t.Helper()
	stdout, stderr, status := execute("", "ipvsadm", append([]string{"--sysctl", "--json"}, words...)...)
	var document format.SettingsDocument
	if err := json.Unmarshal([]byte(stdout), &document); err != nil || status != 0 || stderr != "" {
		t.Fatalf("status %d, %s, %v", status, stderr, err)
	}
	settings := map[string]format.SettingDocument{}
	for _, s := range document.Settings {
		settings[s.Name] = s
	}
	return settings
}

// sysctlFile is what is in the file of a setting, in the namespace of a process.
func sysctlFile(t *testing.T, pid, name string) string {
	t.Helper()
	content, err := exec.Command("nsenter", "--net=/proc/"+pid+"/ns/net", "cat", sysctl.Path+"/"+name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(content)), " ")
}

// otherValue returns a value for a setting that it does not have. The only processor of
// the machine is in its list already.
func otherValue(s *sysctl.Setting, current string) string {
	if s.Name == "est_cpulist" {
		return "0-0"
	}
	for _, text := range []string{"3", "1", "0", "2", "5,70"} {
		if value, ok := s.Parse(text); ok && value != current {
			return text
		}
	}
	return ""
}

// Every setting of this kernel is known, has its default in a new namespace, and can be
// set and read there. The namespace of the test does not change.
func testSysctlsSetAndRead(t *testing.T) {
	for _, scheduler := range []string{"lblc", "lblcr"} {
		_, _, _ = execute("", "ipvsadm", "-A", "-f", "1", "-s", scheduler)
		_, _, _ = execute("", "ipvsadm", "-C")
	}
	pid := strconv.Itoa(startInNewNamespace(t))
	here, there := readSysctls(t), readSysctls(t, "--netns", pid)
	if len(there) < 25 || there["lblcr_expiration"].Value == "" {
		t.Fatalf("%d settings: %v", len(there), there)
	}
	t.Logf("%d settings", len(there))
	var set []string
	for name, s := range there {
		known := sysctl.Find(name)
		if known == nil {
			t.Errorf("%s = %s is unknown", name, s.Value)
			continue
		}
		if s.Changed || s.Value != sysctlFile(t, pid, name) {
			t.Errorf("%s = %s, in the file %s, default %s", name, s.Value, sysctlFile(t, pid, name), s.Default)
		}
		other := otherValue(known, s.Value)
		if other == "" {
			t.Errorf("%s = %s: no other value", name, s.Value)
			continue
		}
		if stdout, stderr, status := execute("", "ipvsadm", "--netns", pid, "--sysctl", name+"="+other); status != 0 || stdout+stderr != "" {
			t.Errorf("%s=%s: status %d, %s%s", name, other, status, stdout, stderr)
			continue
		}
		value, _ := known.Parse(other)
		if file := sysctlFile(t, pid, name); file != value {
			t.Errorf("%s=%s: the file has %s", name, other, file)
		}
		if s.Default != "" {
			set = append(set, name)
		}
	}
	changed := readSysctls(t, "--changed", "--netns", pid)
	lines, _, _ := execute("", "ipvsadm", "--sysctl", "--changed", "--netns", pid)
	for _, name := range set {
		s := changed[name]
		if !s.Changed || !strings.Contains("\n"+lines, "\n"+sysctl.Prefix+name+" = "+s.Value+"\n") {
			t.Errorf("--changed lacks %s: %+v\n%s", name, s, lines)
		}
	}
	saved, stderr, status := execute("", "ipvsadm-save", "-n", "--all", "--sysctls", "--netns", pid)
	if status != 0 || strings.Count(saved, "--sysctl ") != len(set) {
		t.Errorf("status %d, %s, saved\n%s", status, stderr, saved)
	}
	restored := strconv.Itoa(startInNewNamespace(t))
	if _, stderr, status := execute(saved, "ipvsadm-restore", "--netns", restored); status != 0 || stderr != "" {
		t.Errorf("restore: status %d, %s", status, stderr)
	}
	if now, _, _ := execute("", "ipvsadm", "--sysctl", "--changed", "--netns", restored); now != lines {
		t.Errorf("restored\n%s\nwant\n%s", now, lines)
	}
	var back []string
	for _, name := range set {
		back = append(back, name+"="+there[name].Default)
	}
	if _, stderr, status := execute("", "ipvsadm", append([]string{"--netns", pid, "--sysctl"}, back...)...); status != 0 || stderr != "" {
		t.Errorf("%q: status %d, %s", back, status, stderr)
	}
	if lines, _, _ := execute("", "ipvsadm", "--sysctl", "--changed", "--netns", pid); lines != "" {
		t.Errorf("--changed after all have their defaults: %s", lines)
	}
	for name, s := range readSysctls(t) {
		if s.Value != here[name].Value && !strings.HasPrefix(name, "lblc") {
			t.Errorf("%s here became %s", name, s.Value)
		}
	}
}

func testSysctlsWithoutRights(t *testing.T) {
	nobody := &syscall.SysProcAttr{Credential: withoutRights}
	if stdout, stderr, status := executeAs(nobody, "", "ipvsadm", "--sysctl"); status != 0 || !strings.Contains(stdout, "expire_nodest_conn") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
	const want = "ipvsadm: conntrack: permission denied: it belongs to root of the network namespace; in a container /proc/sys is often read-only\n"
	if _, stderr, status := executeAs(nobody, "", "ipvsadm", "--sysctl", "conntrack=1"); status != exitUsage || stderr != want {
		t.Errorf("status %d, %s", status, stderr)
	}
}

// Kernels before 6.10 or so have no settings in a network namespace of a user namespace.
func testSysctlsOfUserNamespace(t *testing.T) {
	p := exec.Command("unshare", "-U", "-r", "-n", "sh", "-c", "echo; exec sleep 1000")
	ready, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	}()
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(p.Process.Pid)
	stdout, stderr, status := execute("", "ipvsadm", "--sysctl", "--netns", pid)
	none := strings.HasPrefix(stderr, "ipvsadm: there are no settings of IPVS in /proc/sys/net/ipv4/vs: ") && status == exitKernel
	if some := strings.Contains(stdout, "expire_nodest_conn") && status == 0; none == some {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
	t.Logf("status %d, %s", status, stderr)
}
