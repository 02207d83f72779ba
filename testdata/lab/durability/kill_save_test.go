// SPDX-License-Identifier: Apache-2.0

package durability

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
	"golang.org/x/sys/unix"
)

const kills = 300

// TestKilledSaves kills ipvsadm-save at random moments, half of them soon after it has begun to write: the file is the
// old one or the new one.
func TestKilledSaves(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "rules")
	hosts, want := twoSavedTables(t)
	must(t, os.WriteFile(file, []byte(want[0]), 0o640))
	must(t, os.Chown(file, 1234, 4321))
	save := func(i int) netns.Command {
		return netns.Command{Path: ours, Args: []string{"ipvsadm-save", "-n", "--all", "--output", file}}
	}
	usual := usualTime(t, func() { mustRun(t, hosts[0], save(0)) })
	random := newRand()
	now, tally := 0, map[string]int{}
	for n := range kills {
		next := 1 - now
		command := save(next)
		if n%2 == 0 {
			command.Kill = after(randomMoment(random, 0, usual*11/10))
		} else {
			command.Kill = afterTemporary(t, dir, time.Duration(random.Int64N(int64(2*time.Millisecond))))
		}
		killed := runKilled(t, hosts[next], command)
		checkOwner(t, file)
		switch content := read(t, file); {
		case content == want[next] && !killed:
			tally["ended by themselves"]++
			now = next
		case content == want[next]:
			tally["killed after the rename"]++
			now = next
		case content == want[now] && killed:
			tally["killed before the rename"]++
		default:
			t.Fatalf("killed %v: the file is neither the old nor the new one, or the old one after a success:\n%s", killed, content)
		}
	}
	left := leftovers(t, dir, want)
	fmt.Printf("%d saves of usually %v: %v; %d temporary files left\n", kills, usual.Round(time.Millisecond), tally, left)

	mustRun(t, hosts[0], save(0))
	fmt.Printf("after one more save: %d temporary files left\n", leftovers(t, dir, want))
}

// TestSavesKilledAtEveryStep kills ipvsadm-save before each of the system calls that replace the file.
func TestSavesKilledAtEveryStep(t *testing.T) {
	hosts, want := twoSavedTables(t)
	for _, step := range []struct {
		call      string
		directory bool // of the directory, not of the file
		new       bool
		left      int
	}{
		{"fchown", false, false, 1}, {"fchmod", false, false, 1}, {"fsync", false, false, 1}, {"renameat", false, false, 1},
		{"fsync", true, true, 0},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "rules")
		must(t, os.WriteFile(file, []byte(want[0]), 0o640))
		must(t, os.Chown(file, 1234, 4321))
		args := []string{"strace", "-f", "-o", "/dev/null", "-e", "trace=" + step.call, "-e", "inject=" + step.call + ":signal=KILL"}
		if step.directory {
			args = append(args, "-P", dir)
		}
		result, err := hosts[1].Run(netns.Command{Path: "strace", Args: append(args, savePath, "-n", "--all", "--output", file)})
		must(t, err)
		if result.Status != 128+int(syscall.SIGKILL) {
			t.Errorf("%s: status %d, not killed: %s", step.call, result.Status, result.Stderr)
		}
		old := 0
		if step.new {
			old = 1
		}
		if got := read(t, file); got != want[old] {
			t.Errorf("killed at %s: the file is\n%s", step.call, got)
		}
		checkOwner(t, file)
		if left := leftovers(t, dir, want); left != step.left {
			t.Errorf("killed at %s: %d temporary files, want %d", step.call, left, step.left)
		}
	}
}

// TestSavesThatCannotBeWritten saves where there is no room, and where nothing may be written.
func TestSavesThatCannotBeWritten(t *testing.T) {
	hosts, _ := twoSavedTables(t)
	for _, test := range []struct{ name, prepare, reason string }{
		{"a full disk", `mount -t tmpfs -o size=16k tmpfs "$1" && echo old >"$1/rules" && ! dd if=/dev/zero of="$1/filler" 2>/dev/null`,
			"no space left on device"},
		{"no inode left", `mount -t tmpfs -o nr_inodes=2 tmpfs "$1" && echo old >"$1/rules"`, "no space left on device"},
		{"a read-only file system", `mount -t tmpfs tmpfs "$1" && echo old >"$1/rules" && mount -o remount,ro "$1"`, "read-only file system"},
	} {
		dir := t.TempDir()
		h := hosts[0]
		_, err := h.Shell(test.prepare, dir)
		must(t, err)
		before, err := h.Shell(`ls -lA "$1"`, dir)
		must(t, err)
		checkRefused(t, h, test.name, test.reason, savePath, dir)
		after, err := h.Shell(`ls -lA "$1"; umount "$1"`, dir)
		must(t, err)
		if string(after) != string(before) {
			t.Errorf("%s: the directory has\n%sbefore\n%s", test.name, after, before)
		}
	}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "rules"), []byte("old\n"), 0o666))
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	must(t, os.Chmod(dir, 0o555))
	checkRefused(t, hosts[0], "a directory of somebody else", "permission denied",
		"setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +net_admin --ambient-caps +net_admin "+savePath, dir)
	if left := leftovers(t, dir, [2]string{}); left != 0 {
		t.Errorf("%d temporary files left", left)
	}
}

// checkRefused runs a save that must fail and say why, and leave the file as it is.
func checkRefused(t *testing.T, h *host, name, reason, program, dir string) {
	t.Helper()
	result, err := h.Run(netns.Command{Path: "/bin/sh", Args: []string{"sh", "-c", program + ` -n --all --output "$1/rules"`, "sh", dir}})
	must(t, err)
	if result.Status != 1 || !strings.Contains(string(result.Stderr), reason) || len(result.Stdout) != 0 {
		t.Errorf("%s: status %d, stderr %q, stdout %q; want status 1, %q", name, result.Status, result.Stderr, result.Stdout, reason)
	}
	content, err := h.Shell(`cat "$1/rules"`, dir)
	if err != nil || string(content) != "old\n" {
		t.Errorf("%s: the file is %q, %v", name, content, err)
	}
}

// twoSavedTables makes two hosts with tables of their own, and what ipvsadm-save --all says of them.
func twoSavedTables(t *testing.T) (hosts [2]*host, want [2]string) {
	t.Helper()
	for i := range hosts {
		hosts[i] = newHostWithUplink(t)
		hosts[i].run(t, ourRestore, manyServices(60, i))
		want[i] = hosts[i].run(t, ourSave, "", "-n", "--all")
	}
	if want[0] == want[1] || len(want[0]) < 5000 {
		t.Fatal("these tables show nothing")
	}
	return hosts, want
}

// manyServices makes up rules; a third of the services is the same for all kinds, a third has other servers, and a third
// is of this kind alone.
func manyServices(count, kind int) string {
	var rules strings.Builder
	for n := range count {
		port, servers := 1000+n, []int{1, 2}
		switch n % 3 {
		case 1:
			servers = []int{1 + kind, 2 + kind, 10 + kind}
		case 2:
			port += 10_000 * kind
		}
		fmt.Fprintf(&rules, "-A -t 192.0.2.100:%d -s rr\n", port)
		for _, server := range servers {
			weight := 1
			if n%3 == 1 {
				weight += kind
			}
			fmt.Fprintf(&rules, "-a -t 192.0.2.100:%d -r 10.0.0.%d:80 -m -w %d\n", port, server, weight)
		}
	}
	return rules.String()
}

// usualTime is how long something takes, the median of some times.
func usualTime(t *testing.T, do func()) time.Duration {
	t.Helper()
	var took []time.Duration
	for range 9 {
		start := time.Now()
		do()
		took = append(took, time.Since(start))
	}
	return median(took)
}

func randomMoment(random *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(random.Int64N(int64(to-from)))
}

func after(d time.Duration) func(<-chan struct{}) {
	return func(ended <-chan struct{}) {
		select {
		case <-time.After(d):
		case <-ended:
		}
	}
}

// afterTemporary waits for another temporary file to appear in a directory, and then a little longer.
func afterTemporary(t *testing.T, dir string, d time.Duration) func(<-chan struct{}) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	must(t, err)
	_, err = unix.InotifyAddWatch(fd, dir, unix.IN_CREATE)
	must(t, err)
	events := os.NewFile(uintptr(fd), "inotify")
	return func(ended <-chan struct{}) {
		defer events.Close()
		appeared := make(chan struct{})
		go func() {
			_, _ = events.Read(make([]byte, 4096)) // or it is closed
			close(appeared)
		}()
		select {
		case <-appeared:
			after(d)(ended)
		case <-ended:
		}
	}
}

// runKilled runs a command with a Kill. It was killed or succeeded.
func runKilled(t *testing.T, h *host, c netns.Command) (killed bool) {
	t.Helper()
	result, err := h.Run(c)
	must(t, err)
	if result.Status != 0 && result.Status != 128+int(syscall.SIGKILL) || len(result.Stderr) != 0 {
		t.Fatalf("%q: status %d, %s", c.Args, result.Status, result.Stderr)
	}
	return result.Status != 0
}

func mustRun(t *testing.T, h *host, c netns.Command) {
	t.Helper()
	if runKilled(t, h, c) {
		t.Fatalf("%q was killed", c.Args)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	must(t, err)
	return string(b)
}

func checkOwner(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	must(t, err)
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 1234 || owner.Gid != 4321 || info.Mode() != 0o640 {
		t.Fatalf("the file is %v of %d:%d", info.Mode(), owner.Uid, owner.Gid)
	}
}

// leftovers counts what is in the directory besides the file. It must have the name of a temporary file, nothing but the
// beginning of what was to be saved, and be readable for nobody who may not read the file.
func leftovers(t *testing.T, dir string, contents [2]string) (count int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, entry := range entries {
		if entry.Name() == "rules" {
			continue
		}
		count++
		info, err := entry.Info()
		must(t, err)
		content := read(t, filepath.Join(dir, entry.Name()))
		if !strings.HasPrefix(entry.Name(), ".rules.") || info.Mode()&^fs.FileMode(0o640) != 0 ||
			!strings.HasPrefix(contents[0], content) && !strings.HasPrefix(contents[1], content) {
			t.Errorf("a kill left %s, %v, %d bytes", entry.Name(), info.Mode(), len(content))
		}
	}
	return count
}
