// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is an open network namespace.
type Namespace struct {
	file *os.File
	what string // names it in errors
}

// namespaceDirectory holds the namespaces that "ip netns add" has named.
const namespaceDirectory = "/run/netns/"

// NamespaceAt opens the network namespace of a file.
func NamespaceAt(path string) (*Namespace, error) {
	if strings.Contains(path, "\x00") {
		return nil, fmt.Errorf("%q cannot be the path of a network namespace: %w", path, fs.ErrInvalid)
	}
	// O_NONBLOCK: opening a named pipe would wait.
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("network namespace: %w", err)
	}
	return checked(file, path)
}

// NamespaceNamed opens the network namespace with a name given by "ip netns add".
func NamespaceNamed(name string) (*Namespace, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return nil, fmt.Errorf("%q cannot be the name of a network namespace: %w", name, fs.ErrInvalid)
	}
	n, err := NamespaceAt(namespaceDirectory + name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no network namespace has the name %q: %s does not exist: %w", name, namespaceDirectory+name, unix.ENOENT)
	}
	return n, err
}

// NamespaceOfPID opens the network namespace of a process.
func NamespaceOfPID(pid int) (*Namespace, error) {
	n, err := NamespaceAt("/proc/" + strconv.Itoa(pid) + "/ns/net")
	switch {
	case pid <= 0:
		return nil, fmt.Errorf("%d is not the number of a process: %w", pid, fs.ErrInvalid)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH):
		return nil, fmt.Errorf("network namespace of process %d: there is no such process, or no /proc: %w", pid, unix.ENOENT)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("network namespace of process %d: reading it needs the user of the process, or CAP_SYS_PTRACE: %w", pid, unix.EACCES)
	}
	return n, err
}

// NamespaceOfFD returns the network namespace of a file descriptor, which it duplicates.
func NamespaceOfFD(fd int) (*Namespace, error) {
	what := fmt.Sprintf("file descriptor %d", fd)
	if int(int32(fd)) != fd {
		// The kernel would cut it to 32 bits.
		return nil, fmt.Errorf("network namespace: %s: the number is too large: %w", what, fs.ErrInvalid)
	}
	duplicate, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("network namespace: %s: %w", what, err)
	}
	return checked(os.NewFile(uintptr(duplicate), what), what)
}

// otherKinds are the kinds of namespaces that are not for networks.
var otherKinds = [...]struct {
	flag int
	name string
}{
	{unix.CLONE_NEWNS, "mount"}, {unix.CLONE_NEWUTS, "UTS"}, {unix.CLONE_NEWIPC, "IPC"}, {unix.CLONE_NEWUSER, "user"},
	{unix.CLONE_NEWPID, "PID"}, {unix.CLONE_NEWCGROUP, "cgroup"}, {unix.CLONE_NEWTIME, "time"},
}

// checked returns the network namespace of a file, or closes the file.
func checked(file *os.File, what string) (*Namespace, error) {
	if err := checkKind(int(file.Fd()), what); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Namespace{file, what}, nil
}

func checkKind(fd int, what string) error {
	kind, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE)
	if err != nil {
		// Kernels before 4.11 do not tell the kind, and setns does the check.
		var found unix.Statfs_t
		if err := unix.Fstatfs(fd, &found); err == nil && found.Type == unix.NSFS_MAGIC {
			return nil
		}
		return fmt.Errorf("%s is not a network namespace, or the mark of one that is gone: %w", what, fs.ErrInvalid)
	}
	for _, other := range otherKinds {
		if kind == other.flag {
			return fmt.Errorf("%s is a namespace of the kind %s, not a network namespace: %w", what, other.name, fs.ErrInvalid)
		}
	}
	return nil
}

// Close closes the namespace.
func (n *Namespace) Close() { _ = n.file.Close() }

// Do calls do on a thread in the namespace.
func (n *Namespace) Do(do func() error) error {
	done := make(chan error)
	go func() { done <- n.enter(do) }()
	return <-done
}

// enter calls do in the namespace. If the thread cannot return to its own namespace, it
// stays locked and ends with the goroutine.
func (n *Namespace) enter(do func() error) error {
	runtime.LockOSThread()
	home, err := threadNamespace()
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	if err = unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return n.cannotEnter(home, do, err)
	}
	err = do()
	if unix.Setns(int(home.file.Fd()), unix.CLONE_NEWNET) == nil {
		runtime.UnlockOSThread()
	}
	return err
}

// cannotEnter calls do if the thread, whose namespace is home, is in the namespace
// already. Otherwise it explains why setns failed.
func (n *Namespace) cannotEnter(home *Namespace, do func() error, err error) error {
	switch {
	case n.sameAs(home):
		return do()
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("entering the network namespace %s needs CAP_SYS_ADMIN: %w", n.what, err)
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("%s is not a network namespace: %w", n.what, err)
	}
	return fmt.Errorf("entering the network namespace %s: %w", n.what, os.NewSyscallError("setns", err))
}

func (n *Namespace) sameAs(other *Namespace) bool {
	a, errA := n.file.Stat()
	b, errB := other.file.Stat()
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// threadNamespace opens the network namespace of the thread, which must be locked. It
// needs /proc only if the caller lacks CAP_NET_ADMIN.
func threadNamespace() (*Namespace, error) {
	fd, err := openFD()
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	n, err := socketNamespace(fd)
	if errors.Is(err, unix.EPERM) {
		return NamespaceAt("/proc/thread-self/ns/net")
	}
	return n, err
}

// socketNamespace opens the network namespace of a socket (sock_ioctl in net/socket.c).
func socketNamespace(fd int) (*Namespace, error) {
	namespace, err := unix.IoctlRetInt(fd, unix.SIOCGSKNS)
	if err != nil {
		return nil, os.NewSyscallError("ioctl", err)
	}
	return &Namespace{os.NewFile(uintptr(namespace), "network namespace"), "of a socket"}, nil
}

// InNamespace calls do on a thread in the network namespace of the socket. That is the
// caller's thread if it is there already; otherwise another thread enters the namespace
// and returns.
func (s *Socket) InNamespace(do func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here, err := s.isHere()
	if err != nil {
		return err
	}
	if here {
		return do()
	}
	var namespace *Namespace
	failed := s.Control(func(fd uintptr) { namespace, err = socketNamespace(int(fd)) })
	if err := errors.Join(failed, err); err != nil {
		return err
	}
	defer namespace.Close()
	return namespace.Do(do)
}

// isHere reports whether the thread is in the network namespace of the socket. Kernels
// before 5.14 have no cookies; then it compares files, which needs CAP_NET_ADMIN.
func (s *Socket) isHere() (here bool, err error) {
	fd, err := openFD()
	if err != nil {
		return false, err
	}
	defer func() { _ = unix.Close(fd) }()
	failed := s.Control(func(own uintptr) { here, err = sameNamespace(int(own), fd) })
	return here, errors.Join(failed, err)
}

func sameNamespace(a, b int) (bool, error) {
	cookieA, errA := unix.GetsockoptUint64(a, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	cookieB, errB := unix.GetsockoptUint64(b, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if errA == nil && errB == nil {
		return cookieA == cookieB, nil
	}
	namespaceA, err := socketNamespace(a)
	if err != nil {
		return false, err
	}
	defer namespaceA.Close()
	namespaceB, err := socketNamespace(b)
	if err != nil {
		return false, err
	}
	defer namespaceB.Close()
	return namespaceA.sameAs(namespaceB), nil
}
