// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

// Whatever is in place of /proc/net/ip_vs, a listing and a save have the kernel's table.
func TestListingsBesideAnotherProc(t *testing.T) {
	h := newHost(t)
	h.run(t, ours, everything, "-R")
	h.run(t, ours, manyServers(), "-R")
	good := h.proc(t, "ip_vs")
	another := newHost(t)
	another.run(t, ours, "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 77\n", "-R")
	write := func(text string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(text), 0o644) }
	}
	link := func(to string) func(string) error {
		return func(path string) error { return os.Symlink(to, path) }
	}
	want := map[string]string{}
	for _, words := range []string{"-L -n", "-S -n"} {
		want[words] = h.run(t, ours, "", strings.Fields(words)...)
	}
	for name, make := range map[string]func(path string) error{
		"nothing":               func(string) error { return nil },
		"an empty file":         write(""),
		"a truncated file":      write(good[:len(good)/2]),
		"other weights":         write(strings.ReplaceAll(good, " 1      0 ", " 9      0 ")),
		"another namespace":     write(another.proc(t, "ip_vs")),
		"a service without end": write(good + strings.Repeat("  -> 0A000001:0050      Route   1      0          0\n", 100_000)),
		"a line without end":    link("/dev/zero"),
		"a FIFO":                func(path string) error { return unix.Mkfifo(path, 0o644) },
		"a directory":           func(path string) error { return os.Mkdir(path, 0o755) },
		"a link to itself":      link("ip_vs"),
	} {
		proc := t.TempDir()
		net := filepath.Join(proc, "thread-self", "net")
		must(t, errors.Join(os.MkdirAll(net, 0o755), make(filepath.Join(net, "ip_vs"))))
		for words, want := range want {
			const script = `mount --bind "$1" /proc && shift && exec timeout 30 "$@"`
			args := append([]string{"unshare", "-m", "sh", "-c", script, "sh", proc, ours}, strings.Fields(words)...)
			result, err := h.Run(netns.Command{Path: "unshare", Args: args})
			must(t, err)
			if result.Status != 0 || len(result.Stderr) > 0 || string(result.Stdout) != want {
				t.Errorf("%s, %s: status %d, %s, line %s", name, words, result.Status, result.Stderr,
					firstDifference(strings.Split(string(result.Stdout), "\n"), strings.Split(want, "\n")))
			}
		}
	}
}

// manyServers returns rules for two services with more servers than a chunk of a dump holds.
func manyServers() string {
	var rules strings.Builder
	rules.WriteString("-A -t 10.0.0.9:80 -s rr\n-A -t [fd00::9]:80 -s rr\n")
	for n := range 60 {
		fmt.Fprintf(&rules, "-a -t 10.0.0.9:80 -r 10.0.1.%d:80 -g -w 1\n-a -t [fd00::9]:80 -r [fd00::1:%x]:80 -g -w 1\n", n+1, n)
	}
	return rules.String()
}
