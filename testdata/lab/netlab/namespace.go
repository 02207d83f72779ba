// Package netlab gives tests in the lab's guest network namespaces with an ip_vs each, runs programs in them, and reads
// what is then in the kernel.
package netlab

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

	"golang.org/x/sys/unix"
)

// A Namespace is an operating system thread in a network and mount namespace of its own; what it starts lives there.
// The thread, and the namespaces with it, ends with Close.
type Namespace struct {
	thread int
	work   chan func()
	done   chan struct{}
}

// Links is a setup with addresses, and routes to everywhere. Nothing is behind eth0.
const Links = `link set lo up
link add eth0 type dummy
link set eth0 mtu 65535 up
addr add 192.0.2.2/24 dev eth0
addr add fd00:2::2/64 dev eth0 nodad
route add default dev eth0
route add ::/0 dev eth0
route add 224.0.0.0/4 dev eth0
`

// New makes a namespace and gives the lines of setup to ip -batch in it.
func New(setup string) (*Namespace, error) {
	n := &Namespace{work: make(chan func()), done: make(chan struct{})}
	ready := make(chan error)
	go func() {
		defer close(n.done)
		runtime.LockOSThread() // and never unlocked: the thread ends with this function
		n.thread = unix.Gettid()
		err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNET | unix.CLONE_NEWNS)
		if err == nil {
			// What it starts is not moved about in memory: QEMU, before version 8, translates anew what has moved, and
			// a dynamically linked program takes three times as long.
			_, _, _ = syscall.RawSyscall(unix.SYS_PERSONALITY, addrNoRandomize, 0, 0)
			err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		}
		ready <- err
		for f := range n.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("new namespace: %w", err)
	}
	if err := n.IP(setup); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// IP gives lines to ip -batch.
func (n *Namespace) IP(lines string) error {
	result, err := n.Run(Command{Path: "ip", Args: []string{"ip", "-batch", "-"}, Stdin: []byte(lines)})
	if err == nil && result.Status != 0 {
		err = fmt.Errorf("ip: %s", result.Stderr)
	}
	return err
}

// Path is where ip finds the network namespace: "link set eth0 netns PATH".
func (n *Namespace) Path() string {
	return fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), n.thread)
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
		fd, err := unix.Open(n.Path(), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = errors.Join(unix.Setns(fd, unix.CLONE_NEWNET), unix.Close(fd))
		}
		if entered <- err; err == nil {
			f()
		}
	}()
	return <-entered
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
		return Result{}, fmt.Errorf("%s: no end after %v", strings.Join(c.Args, " "), commandTimeout)
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
