// SPDX-License-Identifier: Apache-2.0

// Package netns gives tests in the lab's guest network namespaces with an ip_vs each, runs programs in them, and reads
// what is then in the kernel.
package netns

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// A Namespace is an operating system thread in a network and mount namespace of its own; what it starts lives there.
// The thread, and the namespaces with it, ends with Close.
type Namespace struct {
	Links *Links
	work  chan func()
	done  chan struct{}
}

// New makes a namespace with no link but lo, which is up.
func New() (*Namespace, error) {
	n := &Namespace{work: make(chan func()), done: make(chan struct{})}
	ready := make(chan error)
	go func() {
		defer close(n.done)
		var err error
		if n.Links, err = Enter(); err == nil {
			defer n.Links.Close()
			err = isolateMounts()
		}
		if ready <- err; err != nil {
			return
		}
		// What it starts is not moved about in memory: QEMU, before version 8, translates anew what has moved, and
		// a dynamically linked program takes three times as long.
		_, _, _ = syscall.RawSyscall(unix.SYS_PERSONALITY, addrNoRandomize, 0, 0)
		for f := range n.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		return nil, err
	}
	return n, nil
}

// isolateMounts moves the thread into a mount namespace of its own.
func isolateMounts() error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("new mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	return nil
}

// Do calls f on the namespace's thread.
func (n *Namespace) Do(f func()) {
	finished := make(chan struct{})
	n.work <- func() { defer close(finished); f() }
	<-finished
}

// Go calls f on another thread in the same network namespace, without waiting for its end.
func (n *Namespace) Go(f func()) error {
	entered := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		err := netns.Set(n.Links.namespace)
		if entered <- err; err == nil {
			f()
		}
	}()
	if err := <-entered; err != nil {
		return fmt.Errorf("enter network namespace: %w", err)
	}
	return nil
}

// Close ends the thread.
func (n *Namespace) Close() {
	close(n.work)
	<-n.done
}

const addrNoRandomize = 0x0040000 // ADDR_NO_RANDOMIZE of linux/personality.h

// A Command is what to run: a program and its argv, which begins with what the program is told its name is.
type Command struct {
	Path   string
	Args   []string
	Stdin  []byte
	Stdout string // "full": /dev/full, "closed": nothing at all
	Nobody bool   // without any privilege
	// Kill, if set, returns when the command is to be killed, or when it has ended.
	Kill func(ended <-chan struct{})
}

// A Result is what a command did.
type Result struct {
	Stdout, Stderr []byte
	Status         int // 128+N: killed by signal N
}

const commandTimeout = 60 * time.Second

// ErrNoEnd is the error of a command that was killed after commandTimeout.
var ErrNoEnd = errors.New("no end")

// Run runs a command to its end.
func (n *Namespace) Run(c Command) (Result, error) {
	path, err := exec.LookPath(c.Path)
	if err != nil {
		return Result{}, err
	}
	cmd := &exec.Cmd{Path: path, Args: c.Args, Stdin: bytes.NewReader(c.Stdin)}
	// Only what the programs may look at; a fixed order of variables, too.
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LC_ALL=C"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	switch c.Stdout {
	case "full":
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			return Result{}, err
		}
		defer full.Close()
		cmd.Stdout = full
	case "closed":
		// No other way to start a program without a descriptor 1.
		cmd.Path = "/bin/bash"
		cmd.Args = append([]string{"bash", "-c", `exec -a "$0" "$@" >&-`, c.Args[0], path}, c.Args[1:]...)
		cmd.Stdout = nil
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.Nobody {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	n.Do(func() { err = cmd.Start() })
	if err != nil {
		return Result{}, err
	}
	timer := time.AfterFunc(commandTimeout, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	if c.Kill != nil {
		ended, killed := make(chan struct{}), make(chan struct{})
		defer func() { close(ended); <-killed }()
		go func() {
			defer close(killed)
			c.Kill(ended)
			_ = cmd.Process.Kill() // if it has ended, without effect
		}()
	}
	err = cmd.Wait()
	if !timer.Stop() {
		return Result{}, fmt.Errorf("%s: %w after %v", strings.Join(c.Args, " "), ErrNoEnd, commandTimeout)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, syscall.EPIPE) { // EPIPE: it did not read all of its stdin
		return Result{}, err
	}
	status := cmd.ProcessState.ExitCode()
	if w, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		status = 128 + int(w.Signal())
	}
	return Result{stdout.Bytes(), stderr.Bytes(), status}, nil
}

// Shell runs a line with sh and returns what it printed.
func (n *Namespace) Shell(line string, args ...string) ([]byte, error) {
	result, err := n.Run(Command{Path: "/bin/sh", Args: append([]string{"sh", "-c", line, "sh"}, args...)})
	if err == nil && result.Status != 0 {
		err = fmt.Errorf("status %d: %s", result.Status, strings.TrimSpace(string(result.Stderr)))
	}
	return result.Stdout, err
}
