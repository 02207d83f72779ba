// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// measure runs a command and writes its peak memory in KiB to a file. It runs in a process
// of its own, because the peak of a child includes the memory of its parent at the fork,
// and that of the tests may be large.
func measure(path string) int {
	cmd := exec.Cmd{Path: os.Args[1], Args: os.Args[2:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		panic(err)
	}
	peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if err := os.WriteFile(path, fmt.Append(nil, peak), 0o600); err != nil {
		panic(err)
	}
	return cmd.ProcessState.ExitCode()
}

// peakOf runs a command line, and returns its peak memory in MiB, exit status and messages.
func peakOf(t *testing.T, line, stdin string, stdout io.Writer) (peak, status int, stderr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "peak")
	cmd := exec.Command(os.Args[0], strings.Fields(line)...)
	cmd.Env = append(os.Environ(), measured+"="+file)
	cmd.Stdin, cmd.Stdout = strings.NewReader(stdin), stdout
	var messages strings.Builder
	cmd.Stderr = &messages
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kib, err := strconv.Atoi(string(content))
	if err != nil {
		t.Fatal(err)
	}
	return kib >> 10, cmd.ProcessState.ExitCode(), messages.String()
}

// realBinary returns the lab's binary, or one that is built here.
func realBinary(t testing.TB) string {
	t.Helper()
	if inKernel {
		return binary
	}
	path := filepath.Join(t.TempDir(), "ipvsadm")
	build := exec.Command("go", "build", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return path
}

// Many rules need little memory if the table that they describe is small, and only the
// first errors are printed. In the lab those run that need its kernel, outside the others.
func TestMemoryOfRules(t *testing.T) {
	program := realBinary(t)
	lists := strings.Repeat("-L\n", 500_000)
	zeroes := strings.Repeat("-Z\n", 500_000)
	mixed := strings.Repeat("-L\n-Z\n", 250_000)
	repeats := strings.Repeat("-A -t 10.0.0.1:80\n", 1_000_000)
	bad := strings.Repeat("typo\n", 1_000_000)
	others := strings.Repeat("-A -f 1 -s rr\n-A -f 1\n", 500_000)
	for _, test := range []struct {
		name, rules, line string
		peak              int // MiB at most
		status            int
		messages          int
		last              string // the last message
		needsKernel       bool
	}{
		{name: "lists", rules: lists, line: "ipvsadm-restore --check", peak: 64},
		{name: "zeroes", rules: zeroes, line: "ipvsadm-restore --check", peak: 64},
		{name: "lists and zeroes", rules: mixed, line: "ipvsadm-restore --check", peak: 64},
		{name: "repeats", rules: repeats, line: "ipvsadm-restore --check", peak: 150, messages: 101, last: "... and 999899 more"},
		{name: "bad lines", rules: bad, line: "ipvsadm-restore --check", peak: 64, status: 2, messages: 101, last: "... and 999900 more"},
		{
			name: "repeats and others", rules: others, line: "ipvsadm-restore --check", peak: 150, status: 255,
			messages: 201, last: "... and 999799 more",
		},
		{name: "zeroes", rules: zeroes, line: "ipvsadm -R", peak: 64, needsKernel: true},
		{name: "zeroes", rules: "-C\n" + zeroes, line: "ipvsadm-restore", peak: 64, needsKernel: true},
		// SIGPIPE ends it, which measure makes 255.
		{name: "unread lists", rules: lists, line: "ipvsadm -R", peak: 64, status: 255, needsKernel: true},
		{
			name: "repeats", rules: repeats, line: "ipvsadm -R", peak: 150, status: 255,
			messages: 101, last: "... and 999899 more", needsKernel: true,
		},
	} {
		t.Run(test.name+", "+test.line, func(t *testing.T) {
			if test.needsKernel != inKernel {
				return
			}
			if inKernel {
				inNewNamespace(t)
			}
			var stdout io.Writer
			if strings.HasPrefix(test.name, "unread") {
				stdout = closedPipe(t)
			}
			peak, status, stderr := peakOf(t, program+" "+test.line, test.rules, stdout)
			if status != test.status {
				t.Errorf("exit status %d, want %d", status, test.status)
			}
			messages := strings.SplitAfter(stderr, "\n")
			messages = messages[:len(messages)-1]
			if len(messages) != test.messages || len(messages) > 0 && strings.TrimSuffix(messages[len(messages)-1], "\n") != test.last {
				t.Errorf("%d messages, want %d, ending in %.200q", len(messages), test.messages, stderr[max(0, len(stderr)-200):])
			}
			if peak > test.peak {
				t.Errorf("%d MiB, want at most %d", peak, test.peak)
			}
			t.Logf("%d MiB", peak)
		})
	}
}

// Listings, saves and restores of large tables, in the lab.
func testMemoryOfTables(t *testing.T) {
	for _, table := range []struct {
		services, servers int
		peak, documents   int // KiB at most: of classic listings and saves, and of all else
	}{
		{1000, 10, 12 << 10, 40 << 10},
		{10_000, 0, 32 << 10, 48 << 10},
	} {
		t.Run(fmt.Sprintf("%d x %d", table.services, table.servers), func(t *testing.T) {
			inNewNamespace(t)
			rules := rulesOf(table.services, table.servers)
			for _, run := range []struct {
				line, stdin string
				peak        int
			}{
				{"ipvsadm -R", "-C\n" + rules, table.documents},
				{"ipvsadm -Ln", "", table.peak},
				{"ipvsadm -Sn", "", table.peak},
				{"ipvsadm -Ln --stats", "", table.documents},
				{"ipvsadm -Ln --output json", "", table.documents},
				{"ipvsadm -Ln --output table", "", table.documents},
				{"ipvsadm -L --output prometheus", "", table.documents},
				{"ipvsadm-restore", rules, table.documents},
				{"ipvsadm -C", "", table.documents},
				{"ipvsadm-restore", rules, table.documents},
			} {
				// The least of some runs: the kernel gives out memory in pages of 2 MiB or
				// of 4 KiB, as it has them.
				peak := math.MaxInt
				for tries := 0; tries < 5 && peak > run.peak; tries++ {
					peak = min(peak, smallPeakOf(t, run.line, run.stdin))
				}
				if peak > run.peak {
					t.Errorf("%s: %d KiB, want at most %d", run.line, peak, run.peak)
				}
				t.Logf("%s: %d KiB", run.line, peak)
			}
		})
	}
}

// smallPeakOf is peakOf for peaks below the memory of the tests, in KiB. The kernel counts
// the memory of the parent for a child, too, and busybox has little. Busybox takes the
// kernel's KiB for pages of 4 KiB.
func smallPeakOf(t *testing.T, line, stdin string) int {
	t.Helper()
	words := strings.Fields(line)
	dir := t.TempDir()
	program, report := filepath.Join(dir, words[0]), filepath.Join(dir, "report")
	if err := os.Symlink(binary, program); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("busybox", append([]string{"time", "-v", "-o", report, program}, words[1:]...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil || stderr.String() != "" {
		t.Fatalf("%s: %v, %s", line, err, stderr.String())
	}
	content, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "Maximum resident set size (kbytes): ")
	number, _, _ := strings.Cut(rest, "\n")
	kib, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("busybox time says %q", content)
	}
	return kib / 4
}

// rulesOf returns the rules of a table with so many services, each with so many servers.
func rulesOf(services, servers int) string {
	var b strings.Builder
	service := netip.MustParseAddr("10.0.0.1")
	for range services {
		fmt.Fprintf(&b, "-A -t %s:80 -s rr\n", service)
		server := netip.MustParseAddr("172.16.0.1")
		for range servers {
			fmt.Fprintf(&b, "-a -t %s:80 -r %s:80 -m -w 1\n", service, server)
			server = server.Next()
		}
		service = service.Next()
	}
	return b.String()
}
