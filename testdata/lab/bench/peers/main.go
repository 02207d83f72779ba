// SPDX-License-Identifier: Apache-2.0

// Peers measures package ipvs beside cloudflare/ipvs and moby/ipvs, on the lab's real ip_vs: adding a table one by one,
// adding it with Client.Apply, which the others lack, and listing it. It runs in the lab's guest (../run.sh) and prints a
// report in Markdown.
//
//	peers
//
// Each measurement is a process in a network namespace of its own:
//
//	peers once LIBRARY SERVICESxDESTINATIONS [list]
package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

func main() {
	var err error
	if len(os.Args) > 3 && os.Args[1] == "once" {
		err = once(os.Args[2], os.Args[3], len(os.Args) > 4)
	} else {
		err = report()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// measurement is what a piece of work took.
type measurement struct {
	time   time.Duration
	allocs uint64
}

func measure(work func() error) (measurement, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := work()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return measurement{took, after.Mallocs - before.Mallocs}, err
}

// once makes a table, lists it if asked, and prints what that took.
func once(name, size string, list bool) error {
	l, s, err := lookUp(name, size)
	if err != nil {
		return err
	}
	// A network namespace is a thread's. IPVS is empty in a new one.
	runtime.LockOSThread()
	links, err := netns.Enter()
	if err != nil {
		return err
	}
	defer links.Close()
	c, err := l.open(s)
	if err != nil {
		return err
	}
	add, err := measure(c.add)
	if err != nil {
		return fmt.Errorf("add: %w", err)
	}
	var listed measurement
	if list {
		found := 0
		listed, err = measure(func() (err error) {
			found, err = c.list()
			return err
		})
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		if want := s.services * s.destinations; found != want {
			return fmt.Errorf("list: %d destinations, want %d", found, want)
		}
	}
	fmt.Println(add.time.Nanoseconds(), add.allocs, listed.time.Nanoseconds(), listed.allocs)
	return c.flush()
}
