package difftest

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

// A namespace is an operating system thread in a network and mount namespace of its own; what it starts lives there.
// The thread, and the namespaces with it, ends with close.
type namespace struct {
	work chan func()
	done chan struct{}
	proc bool // something is mounted over /proc
}

// links makes the devices and routes that cases may rely on. Nothing is behind eth0.
const links = `link set lo up
link add eth0 type dummy
link set eth0 mtu 65535 up
addr add 192.0.2.2/24 dev eth0
addr add fd00:2::2/64 dev eth0 nodad
route add default dev eth0
route add ::/0 dev eth0
route add 224.0.0.0/4 dev eth0
`

func newNamespace() (*namespace, error) {
	n := &namespace{work: make(chan func()), done: make(chan struct{})}
	ready := make(chan error)
	go func() {
		defer close(n.done)
		runtime.LockOSThread() // and never unlocked: the thread ends with this function
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
	result, err := n.run(command{path: "ip", args: []string{"ip", "-batch", "-"}, stdin: []byte(links)})
	if err == nil && result.Status != 0 {
		err = fmt.Errorf("ip: %s", result.Stderr)
	}
	if err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// do calls f on the namespace's thread.
func (n *namespace) do(f func()) {
	finished := make(chan struct{})
	n.work <- func() { defer close(finished); f() }
	<-finished
}

func (n *namespace) close() {
	close(n.work)
	<-n.done
}

const addrNoRandomize = 0x0040000 // ADDR_NO_RANDOMIZE of linux/personality.h

// A command is what to run: a program and its argv, which begins with what the program is told its name is.
type command struct {
	path   string
	args   []string
	stdin  []byte
	stdout string // as Marks.Stdout
	nobody bool
}

const commandTimeout = 60 * time.Second

func (n *namespace) run(c command) (Result, error) {
	path, err := exec.LookPath(c.path)
	if err != nil {
		return Result{}, err
	}
	cmd := &exec.Cmd{Path: path, Args: c.args, Stdin: bytes.NewReader(c.stdin)}
	// Only what the programs may look at; a fixed order of variables, too.
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LC_ALL=C"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	switch c.stdout {
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
		cmd.Args = append([]string{"bash", "-c", `exec -a "$0" "$@" >&-`, c.args[0], path}, c.args[1:]...)
		cmd.Stdout = nil
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.nobody {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	n.do(func() { err = cmd.Start() })
	if err != nil {
		return Result{}, err
	}
	timer := time.AfterFunc(commandTimeout, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	err = cmd.Wait()
	if !timer.Stop() {
		return Result{}, fmt.Errorf("%s: no end after %v", joinWords(c.args), commandTimeout)
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

// shell runs a line with sh and returns what it printed.
func (n *namespace) shell(line string, args ...string) ([]byte, error) {
	result, err := n.run(command{path: "/bin/sh", args: append([]string{"sh", "-c", line, "sh"}, args...)})
	if err == nil && result.Status != 0 {
		err = fmt.Errorf("status %d: %s", result.Status, strings.TrimSpace(string(result.Stderr)))
	}
	return result.Stdout, err
}

// setConn puts a /proc in place that has nothing but net/ip_vs_conn, or not even that.
func (n *namespace) setConn(content []byte, absent bool) error {
	var err error
	n.do(func() {
		if !n.proc {
			if err = unix.Mount("tmpfs", "/proc", "tmpfs", 0, ""); err != nil {
				return
			}
			n.proc = true
		}
		if err = os.MkdirAll("/proc/net", 0o755); err != nil {
			return
		}
		if absent {
			err = os.RemoveAll("/proc/net/ip_vs_conn")
			return
		}
		err = os.WriteFile("/proc/net/ip_vs_conn", content, 0o644)
	})
	return err
}
