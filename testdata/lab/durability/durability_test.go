// SPDX-License-Identifier: Apache-2.0

// Package durability shows on a real ip_vs that saves and restores lose nothing: under traffic, when they are killed, and
// for tables that nobody thought of.
//
//	IPVSADM          our program
//	ORACLE           the original (/sbin/ipvsadm); its ipvsadm-save and ipvsadm-restore are beside it
//	SURVIVAL_SEED    the seed of what is random (default: another one each time)
package durability

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
	"pgregory.net/rapid"
)

var (
	ours   = os.Getenv("IPVSADM")
	oracle = cmp.Or(os.Getenv("ORACLE"), "/sbin/ipvsadm")
	seed   uint64
)

func TestMain(m *testing.M) {
	flag.Parse()
	seed = uint64(time.Now().UnixNano()) % 1_000_000
	if text := os.Getenv("SURVIVAL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			fmt.Println("SURVIVAL_SEED:", err)
			os.Exit(1)
		}
	}
	if _, err := os.Stat("/proc/net/ip_vs"); err != nil || ours == "" {
		fmt.Println("no ip_vs here, or IPVSADM is not set: run it in the lab, as testdata/lab/test.sh does")
		os.Exit(1)
	}
	if err := os.Symlink(ours, savePath); err != nil && !errors.Is(err, fs.ErrExist) {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Printf("SURVIVAL_SEED=%d\n", seed)
	os.Exit(m.Run())
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// savePath is our program as ipvsadm-save, for programs that start it by its path.
const savePath = "/run/ipvsadm-save"

// A host is a network namespace with an ip_vs.
type host struct {
	*netns.Namespace
	client *ipvs.Client
	kernel *netns.Kernel
}

func newHost(t *testing.T) *host {
	t.Helper()
	n, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	h := &host{Namespace: n}
	n.Do(func() { h.client, err = ipvs.Dial() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.client.Close() })
	if h.kernel, err = netns.NewKernel(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.kernel.Close)
	return h
}

// newHostWithUplink makes a host that can send to everywhere, and is not answered.
func newHostWithUplink(t *testing.T) *host {
	t.Helper()
	h := newHost(t)
	must(t, h.Links.AddUplink())
	return h
}

// A tool is one of the programs: a path and the name that it is told it has.
type tool struct{ path, name string }

var (
	ourRestore    = tool{ours, "ipvsadm-restore"}
	ourSave       = tool{ours, "ipvsadm-save"}
	oracleIpvsadm = tool{oracle, "ipvsadm"}
	oracleRestore = tool{oracle + "-restore", "ipvsadm-restore"}
)

// run runs a program, which must succeed and say nothing on stderr, and returns what it prints.
func (h *host) run(t rapid.TB, program tool, stdin string, args ...string) string {
	t.Helper()
	result, err := h.Run(netns.Command{Path: program.path, Args: append([]string{program.name}, args...), Stdin: []byte(stdin)})
	if err != nil || result.Status != 0 || len(result.Stderr) != 0 {
		t.Fatalf("%s %q: %v, status %d, %s\nstdin:\n%s", program.path, args, err, result.Status, result.Stderr, stdin)
	}
	return string(result.Stdout)
}

// state is all that the kernel says but counters; the order of servers does not matter.
func (h *host) state(t rapid.TB) string {
	t.Helper()
	state, err := h.kernel.State(true, true)
	must(t, err)
	return state
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func must(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
