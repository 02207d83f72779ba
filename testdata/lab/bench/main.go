// Bench measures ipvsadm beside the original and beside what the kernel alone takes, on the lab's real ip_vs. It runs in
// the lab's guest (run.sh) and prints a report in Markdown.
//
//	bench [SECTION...]
//
// Sections are start, restore, list, connections, names, and growth; without any, all.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// The programs in the guest.
const (
	ours     = "/lab/ours/ipvsadm"
	original = "/usr/sbin/ipvsadm"
	raw      = "/lab/raw"
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
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(wanted []string) error {
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

// fill makes the kernel's table be this one.
func (b *bench) fill(s size) error {
	if err := b.client.Flush(); err != nil {
		return err
	}
	for _, err := range b.client.Apply(ipvs.Diff(nil, s.table())) {
		if err != nil {
			return err
		}
	}
	return nil
}
