// SPDX-License-Identifier: Apache-2.0

// Bench measures ipvsadm beside the original and beside what the kernel alone takes, on the lab's real ip_vs. It runs in
// the lab's guest (run.sh) and prints a report in Markdown.
//
//	bench [SECTION...]
//
// Sections are start, restore, list, connections, names, growth, memory and peers; without any, all.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

// The programs in the guest.
const (
	ours     = "/lab/ours/ipvsadm"
	before   = "/lab/before/ipvsadm" // an older ours, if there is one to compare with
	original = "/usr/sbin/ipvsadm"
	raw      = "/lab/raw"
	peers    = "/lab/peers"
)

// bench is what the sections share.
type bench struct {
	client *ipvs.Client
}

var sections = []struct {
	name string
	run  func(*bench) error
}{
	{"start", (*bench).start},
	{"restore", (*bench).restore},
	{"list", (*bench).list},
	{"connections", (*bench).connections},
	{"names", (*bench).names},
	{"growth", (*bench).growth},
	{"memory", (*bench).memory},
	{"peers", (*bench).peers},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(wanted []string) error {
	// A network namespace is a thread's, and what the thread starts is in it.
	runtime.LockOSThread()
	client, err := ipvs.Dial()
	if err != nil {
		return err
	}
	b := &bench{client}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	fmt.Printf("%s, kernel %s. Times are medians, in milliseconds, of whole processes.\n", os.Getenv("BENCH_MACHINE"), strings.TrimSpace(string(kernel)))
	for _, s := range sections {
		if len(wanted) > 0 && !slices.Contains(wanted, s.name) {
			continue
		}
		if err := s.run(b); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// nothing prepares a listing.
func nothing() error { return nil }

// newNamespace goes to a new network namespace, where IPVS is empty. To empty the old table would not do: servers that
// are gone are kept for two minutes, and searched whenever one is added (ip_vs_trash_get_dest in ip_vs_ctl.c), which
// takes longer than all the rest.
func (b *bench) newNamespace() error {
	// Services of all namespaces are in one table, which is to stay short.
	if err := errors.Join(b.client.Flush(), b.client.Close()); err != nil {
		return err
	}
	links, err := netns.Enter()
	if err != nil {
		return err
	}
	links.Close()
	client, err := ipvs.Dial()
	if err != nil {
		return err
	}
	b.client = client
	return settle()
}

// settle waits until the kernel has tidied up and the processor is idle.
func settle() error {
	for range 100 {
		before, err := idleTime()
		if err != nil {
			return err
		}
		const pause = 200 * time.Millisecond
		time.Sleep(pause)
		after, err := idleTime()
		if err != nil {
			return err
		}
		if after-before >= pause*8/10 {
			return nil
		}
	}
	return errors.New("the machine is never idle")
}

// idleTime is how long all processors have been idle since they started.
func idleTime() (time.Duration, error) {
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, err
	}
	var up, idle float64
	_, err = fmt.Sscan(string(text), &up, &idle)
	return time.Duration(idle * float64(time.Second)), err
}

// fill makes the kernel's table be this one.
func (b *bench) fill(s size) error {
	if err := b.newNamespace(); err != nil {
		return err
	}
	for _, err := range b.client.Apply(ipvs.Diff(nil, s.table())) {
		if err != nil {
			return err
		}
	}
	return nil
}
