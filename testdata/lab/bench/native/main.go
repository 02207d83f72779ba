// SPDX-License-Identifier: Apache-2.0

// Native measures whole processes of one command on this machine, without an emulator: ours,
// the original, and two programs in Go that do nothing. It prints a report in Markdown.
//
//	native [-runs N] ROOT
//
// ROOT has the programs (run.sh makes it). They run in it, in a network namespace of their
// own, so that neither this machine's table nor its files matter.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

var runs = flag.Int("runs", 300, "how often each program runs each command")

// The programs in ROOT.
const (
	ours     = "/usr/sbin/ours"
	before   = "/usr/sbin/before" // an older ours, if there is one to compare with
	original = "/usr/sbin/ipvsadm"
	hello    = "/usr/bin/hello"
	tables   = "/usr/bin/tables"
)

// rule is what -R reads.
const rule = "-A -t 10.0.0.1:80 -s rr\n"

var commands = []string{"-A -t 10.0.0.1:80 -s rr", "-Ln", "-R"}

func main() {
	flag.Parse()
	if flag.NArg() != 1 || *runs < 1 {
		fmt.Fprintln(os.Stderr, "usage: native [-runs N] ROOT")
		os.Exit(2)
	}
	if err := run(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "native:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	// The namespaces are this thread's, and what it starts is in them.
	runtime.LockOSThread()
	if err := isolate(); err != nil {
		return err
	}
	p, err := newPlace(root)
	if err != nil {
		return err
	}
	withIPVS, err := p.hasIPVS()
	if err != nil {
		return err
	}
	about, err := machine()
	if err != nil {
		return err
	}
	fmt.Println(about)
	if busy() {
		fmt.Fprintln(os.Stderr, "native: other programs use all processors of this machine: measure again when it is idle")
	}
	fmt.Println(scope(withIPVS))
	if err := p.report("In a root with nothing but the programs", withIPVS); err != nil {
		return err
	}
	if err := mountSystem(root); err != nil {
		return err
	}
	return p.report("In a root with /proc and /sys, as every machine has", withIPVS)
}

// isolate enters namespaces for mounts and for the network.
func isolate() error {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWNET); err != nil {
		if errors.Is(err, unix.EPERM) {
			return errors.New("needs root with CAP_SYS_ADMIN, for namespaces and chroot; a container lacks that unless it is privileged")
		}
		return os.NewSyscallError("unshare", err)
	}
	return os.NewSyscallError("mount", unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
}

// mountSystem mounts this machine's /proc and /sys in the root. The kernel unmounts them with
// the namespace.
func mountSystem(root string) error {
	for _, dir := range []string{"/proc", "/sys"} {
		if err := unix.Mount(dir, filepath.Join(root, dir), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	return nil
}

func scope(withIPVS bool) string {
	if withIPVS {
		return "The kernel has ip_vs: each command does its work, in a network namespace of its own."
	}
	return "The kernel has no ip_vs and the root no modprobe: each command ends with the message that IPVS is missing."
}
