// SPDX-License-Identifier: Apache-2.0

// Package listings shows on a real ip_vs that every format of every listing says what the kernel says: on an empty, a
// small and a large table, and under traffic.
//
//	IPVSADM    our program
//	ORACLE     the original (/sbin/ipvsadm)
//	SCHEMA     the JSON Schema of the documents
//	OUT        a directory for metrics, which promtool then checks; empty: they are not kept
package listings

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

var (
	ours   = os.Getenv("IPVSADM")
	oracle = cmp.Or(os.Getenv("ORACLE"), "/sbin/ipvsadm")
	out    = os.Getenv("OUT")
)

func TestMain(m *testing.M) {
	if _, err := os.Stat("/proc/net/ip_vs"); err != nil || ours == "" {
		fmt.Println("no ip_vs here, or IPVSADM is not set: run it in the lab, as testdata/lab/test.sh does")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A host is a network namespace with an ip_vs.
type host struct {
	*netns.Namespace
	client *ipvs.Client
	// The table that was read last, and what it says: a large one takes a second.
	table ipvs.Table
	read  *reading
}

func newHost(t *testing.T) *host {
	t.Helper()
	n, err := netns.New()
	must(t, err)
	t.Cleanup(n.Close)
	h := &host{Namespace: n}
	n.Do(func() { h.client, err = ipvs.Dial() })
	must(t, err)
	t.Cleanup(func() {
		_ = h.client.Flush()
		_ = h.client.Close()
	})
	return h
}

// list runs a listing of a program, which must succeed and say nothing on stderr.
func (h *host) list(t *testing.T, program string, words ...string) string {
	t.Helper()
	return h.run(t, program, "", append([]string{"-L", "-n"}, words...)...)
}

func (h *host) run(t *testing.T, program, stdin string, words ...string) string {
	t.Helper()
	result, err := h.Run(netns.Command{Path: program, Args: append([]string{"ipvsadm"}, words...), Stdin: []byte(stdin)})
	if err != nil || result.Status != 0 || len(result.Stderr) != 0 {
		t.Fatalf("%s %s: %v, status %d, %s", program, strings.Join(words, " "), err, result.Status, result.Stderr)
	}
	return string(result.Stdout)
}

// proc reads a file of the namespace below /proc/net.
func (h *host) proc(t *testing.T, name string) string {
	t.Helper()
	text, err := h.Shell(`cat "/proc/net/$1"`, name)
	must(t, err)
	return string(text)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
