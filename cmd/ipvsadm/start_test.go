// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// initLimits are how many objects the packages that start before main may allocate, which
// does not depend on the machine, unlike the time. What is not listed may allocate none.
//
// The two packages of tables compile four regular expressions. Newer versions cost more:
// tablewriter 1.1.5 allocates 700 KB, and runewidth 0.0.31 touches tables of 2 MB.
var initLimits = map[string]int{
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline": 2,
	"github.com/ipvsadm-go/ipvsadm/format":                       2,
	"github.com/ipvsadm-go/ipvsadm/sysconfig":                    6,
	"github.com/mattn/go-runewidth":                              50, // with the copy of the environment
	"github.com/olekukonko/tablewriter":                          210,
	"github.com/spf13/pflag":                                     1,
	"github.com/vishvananda/netlink":                             45, // maps of the modes of bonding, 0.04 ms
	"github.com/vishvananda/netlink/nl":                          2,
	"golang.org/x/sys/unix":                                      1,
}

// standardLimit is the limit of the packages of Go together.
const standardLimit = 150

// "init os @0.73 ms, 0.037 ms clock, 432 bytes, 9 allocs"
var initLine = regexp.MustCompile(`(?m)^init (\S+) @.* (\d+) allocs$`)

func TestPackagesStartCheaply(t *testing.T) {
	cmd := exec.Command(realBinary(t), "--version")
	cmd.Env = []string{"GODEBUG=inittrace=1"}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	standard := 0
	for _, line := range initLine.FindAllStringSubmatch(stderr.String(), -1) {
		name := line[1]
		allocs, err := strconv.Atoi(line[2])
		switch domain, _, _ := strings.Cut(name, "/"); {
		case err != nil:
			t.Errorf("%s: %v", line[0], err)
		case !strings.Contains(domain, "."):
			standard += allocs
		case allocs > initLimits[name]:
			t.Errorf("package %s allocates %d objects before main, more than %d", name, allocs, initLimits[name])
		}
	}
	if standard == 0 || standard > standardLimit {
		t.Errorf("the packages of Go allocate %d objects before main, want up to %d:\n%s", standard, standardLimit, &stderr)
	}
}

// A second look for IPVS makes sense only after a try to load the module.
func TestMissingIPVSIsLookedForAgainAfterLoading(t *testing.T) {
	for _, tried := range []bool{false, true} {
		k := ipvstest.New()
		k.SetLoaded(false)
		h, dials := fakeHost(k, ""), 0
		h.dial = func() (*ipvs.Client, error) { dials++; return k.Dial() }
		h.loadModule = func() bool { return tried }
		var stderr strings.Builder
		status := run([]string{"ipvsadm", "-Ln"}, strings.NewReader(""), io.Discard, &stderr, h)
		want := 1
		if tried {
			want = 2
		}
		if dials != want || status != exitUsage || !strings.HasPrefix(stderr.String(), "Can't initialize ipvs: Protocol not available\nAre you sure") {
			t.Errorf("tried %v: %d dials, status %d, %q", tried, dials, status, &stderr)
		}
	}
}

// BenchmarkStart is the whole process of a command that needs no kernel. Run it on an idle
// machine, and see testdata/lab/bench/native for commands that do.
func BenchmarkStart(b *testing.B) {
	program := realBinary(b)
	for b.Loop() {
		if err := exec.Command(program, "--version").Run(); err != nil {
			b.Fatal(err)
		}
	}
}
