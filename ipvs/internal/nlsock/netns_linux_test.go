// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Each way to name what is no network namespace has an error that says so.
func TestNetlinkNoNamespace(t *testing.T) {
	directory := t.TempDir()
	file, pipe := filepath.Join(directory, "file"), filepath.Join(directory, "pipe")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), unix.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	// Beyond the 32 bits that the kernel takes, where an int has more of them.
	number, wideError := int64(1)<<40, "the number is too large"
	wide := int(number)
	if wide == 0 {
		wideError = "is not a network namespace"
	}
	for what, tc := range map[string]struct {
		open func() (*Namespace, error)
		is   error
		says string
	}{
		"missing file":   {func() (*Namespace, error) { return NamespaceAt(directory + "/none") }, fs.ErrNotExist, "network namespace: open "},
		"stale file":     {func() (*Namespace, error) { return NamespaceAt(file) }, fs.ErrInvalid, file + " is not a network namespace, or the mark of one that is gone"},
		"named pipe":     {func() (*Namespace, error) { return NamespaceAt(pipe) }, fs.ErrInvalid, "is not a network namespace"},
		"directory":      {func() (*Namespace, error) { return NamespaceAt(directory) }, fs.ErrInvalid, "is not a network namespace"},
		"other kind":     {func() (*Namespace, error) { return NamespaceAt("/proc/self/ns/uts") }, fs.ErrInvalid, "/proc/self/ns/uts is a namespace of the kind UTS"},
		"path with NUL":  {func() (*Namespace, error) { return NamespaceAt("a\x00b") }, fs.ErrInvalid, `"a\x00b" cannot be the path`},
		"missing name":   {func() (*Namespace, error) { return NamespaceNamed("no such name") }, fs.ErrNotExist, `no network namespace has the name "no such name"`},
		"name of a path": {func() (*Namespace, error) { return NamespaceNamed("../file") }, fs.ErrInvalid, `"../file" cannot be the name`},
		"parent":         {func() (*Namespace, error) { return NamespaceNamed("..") }, fs.ErrInvalid, `".." cannot be the name`},
		"no name":        {func() (*Namespace, error) { return NamespaceNamed("") }, fs.ErrInvalid, `"" cannot be the name`},
		"no process":     {func() (*Namespace, error) { return NamespaceOfPID(1 << 30) }, fs.ErrNotExist, "process 1073741824: there is no such process"},
		"process 0":      {func() (*Namespace, error) { return NamespaceOfPID(0) }, fs.ErrInvalid, "0 is not the number of a process"},
		"process -1":     {func() (*Namespace, error) { return NamespaceOfPID(-1) }, fs.ErrInvalid, "-1 is not the number of a process"},
		"closed FD":      {func() (*Namespace, error) { return NamespaceOfFD(1 << 20) }, unix.EBADF, "file descriptor 1048576"},
		"wide FD":        {func() (*Namespace, error) { return NamespaceOfFD(wide) }, fs.ErrInvalid, wideError},
		"FD of a file":   {func() (*Namespace, error) { return NamespaceOfFD(int(open.Fd())) }, fs.ErrInvalid, "is not a network namespace"},
	} {
		n, err := tc.open()
		if n != nil || !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: got %v, %v", what, n, err)
		}
		if _, err := Open(&Config{Namespace: tc.open}); !errors.Is(err, tc.is) {
			t.Errorf("%s: open: got %v", what, err)
		}
	}
}

// The namespace that the thread is in already needs no privilege.
func TestNetlinkOwnNamespace(t *testing.T) {
	for what, open := range map[string]func() (*Namespace, error){
		"path":    func() (*Namespace, error) { return NamespaceAt("/proc/self/ns/net") },
		"process": func() (*Namespace, error) { return NamespaceOfPID(os.Getpid()) },
	} {
		s, c := dial(t, Config{Namespace: open})
		if _, err := getFamily(c, "nlctrl"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		here, err := s.isHere()
		if err != nil || !here {
			t.Errorf("%s: in the thread's namespace: %v, %v", what, here, err)
		}
	}
}

func TestNetlinkOpenProc(t *testing.T) {
	for _, raw := range []bool{false, true} {
		_, c := dial(t, Config{RawSyscalls: raw})
		file, err := c.OpenProc("netlink")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(file)
		if err := errors.Join(err, file.Close()); err != nil || !strings.HasPrefix(string(text), "sk ") {
			t.Errorf("got %q, %v", text, err)
		}
		if _, err := c.OpenProc("none such"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
		_ = c.Close()
		if _, err := c.OpenProc("netlink"); !errors.Is(err, os.ErrClosed) {
			t.Errorf("closed: got %v", err)
		}
	}
}

// What is not procfs tells nothing about the kernel, and does not block.
func TestOpenProcFileElsewhere(t *testing.T) {
	dir := t.TempDir()
	regular, fifo := filepath.Join(dir, "regular"), filepath.Join(dir, "fifo")
	if err := errors.Join(os.WriteFile(regular, []byte("x"), 0o600), unix.Mkfifo(fifo, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{regular, fifo, dir, "/dev/zero"} {
		if file, err := openProcFile(path); !errors.Is(err, errNotProcfs) || file != nil {
			t.Errorf("%s: got %v, %v", path, file, err)
		}
	}
}

// otherNamespace makes a network namespace, which a thread stays in until the end of the
// test. A Unix socket in it has the abstract name nlsock-test.
func otherNamespace(t *testing.T) (path string) {
	t.Helper()
	type result struct {
		tid int
		err error
	}
	ready, end := make(chan result), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		err := os.NewSyscallError("unshare", unix.Unshare(unix.CLONE_NEWNET))
		if err == nil {
			var fd int
			if fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err == nil {
				defer func() { _ = unix.Close(fd) }()
				err = unix.Bind(fd, &unix.SockaddrUnix{Name: "@nlsock-test"})
			}
		}
		ready <- result{unix.Gettid(), err}
		<-end
	}()
	t.Cleanup(func() { close(end) })
	r := <-ready
	if errors.Is(r.err, unix.EPERM) && os.Getenv("IPVS_KERNEL") != "1" {
		t.Skip("no right to make a network namespace")
	}
	if r.err != nil {
		t.Fatal(r.err)
	}
	return fmt.Sprintf("/proc/self/task/%d/ns/net", r.tid)
}

// A socket works in the namespace that it was opened in, from any thread, and so do the
// files of /proc.
func TestNetlinkOtherNamespace(t *testing.T) {
	path := otherNamespace(t)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	named := "nlsock-test-" + strconv.Itoa(os.Getpid())
	mount := namespaceDirectory + named
	if os.Mkdir(namespaceDirectory, 0o755) == nil {
		defer func() { _ = os.Remove(namespaceDirectory) }()
	}
	if err := os.WriteFile(mount, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Remove(mount) }()
	// The name without its namespace, as after a crash.
	if _, err := NamespaceNamed(named); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("stale name: got %v", err)
	}
	if err := unix.Mount(path, mount, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Unmount(mount, unix.MNT_DETACH) }()
	for what, open := range map[string]func() (*Namespace, error){
		"path": func() (*Namespace, error) { return NamespaceAt(path) },
		"FD":   func() (*Namespace, error) { return NamespaceOfFD(int(file.Fd())) },
		"name": func() (*Namespace, error) { return NamespaceNamed(named) },
	} {
		s, c := dial(t, Config{Namespace: open})
		if _, err := getFamily(c, "nlctrl"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if here, err := s.isHere(); err != nil || here {
			t.Errorf("%s: in the thread's namespace: %v, %v", what, here, err)
		}
		proc, err := c.OpenProc("unix")
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		text, err := io.ReadAll(proc)
		if err := errors.Join(err, proc.Close()); err != nil || !strings.Contains(string(text), "@nlsock-test") {
			t.Errorf("%s: /proc/net/unix of another namespace: %v\n%s", what, err, text)
		}
	}
	s, c := dial(t, Config{})
	if here, err := s.isHere(); err != nil || !here {
		t.Errorf("afterwards: in the thread's namespace: %v, %v", here, err)
	}
	proc, err := c.OpenProc("unix")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(proc)
	if err := errors.Join(err, proc.Close()); err != nil || strings.Contains(string(text), "@nlsock-test") {
		t.Errorf("/proc/net/unix of this namespace: %v\n%s", err, text)
	}
}

// Without CAP_SYS_ADMIN the error names it. The thread's own namespace stays open to it.
func TestNetlinkNamespaceNeedsCapability(t *testing.T) {
	path := otherNamespace(t)
	done := make(chan error, 2)
	go func() {
		runtime.LockOSThread() // the thread, and with it the lack of capabilities, ends with the goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		if err := errors.Join(unix.Capget(&header, &data[0]), dropAdmin(&header, &data)); err != nil {
			done <- err
			done <- err
			return
		}
		enter := func(path string) error {
			n, err := NamespaceAt(path)
			if err != nil {
				return err
			}
			defer n.Close()
			return n.enter(func() error { return nil })
		}
		done <- enter(path)
		done <- enter("/proc/thread-self/ns/net")
	}()
	if err := <-done; !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), path+" needs CAP_SYS_ADMIN") {
		t.Errorf("another namespace: got %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("its own: got %v", err)
	}
}

func dropAdmin(header *unix.CapUserHeader, data *[2]unix.CapUserData) error {
	data[0].Effective &^= 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN
	return unix.Capset(header, &data[0])
}
