package ipvs

import (
	"errors"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

var errNoSocket = errors.New("no socket of the kernel")

// inNamespaceOf calls a function on a thread that is in the network namespace of a
// socket: the caller's, or one that is moved there and back.
func inNamespaceOf(socket syscall.RawConn, do func() error) error {
	namespace, err := namespaceOf(socket)
	if err != nil {
		return err
	}
	defer func() { _ = namespace.Close() }()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here, err := threadNamespace()
	if err != nil {
		return err
	}
	defer func() { _ = here.Close() }()
	if same, err := sameFile(here, namespace); same || err != nil {
		return errors.Join(err, do())
	}
	done := make(chan error)
	go func() { done <- visit(namespace, do) }()
	return <-done
}

// visit calls a function in another network namespace. Should the way back be
// barred, the thread ends with its goroutine.
func visit(namespace *os.File, do func() error) error {
	runtime.LockOSThread()
	home, err := threadNamespace()
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer func() { _ = home.Close() }()
	if err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err == nil {
		err = do()
	}
	if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
		runtime.UnlockOSThread()
	}
	return err
}

// namespaceOf opens the network namespace that a socket belongs to: SIOCGSKNS in
// net/socket.c.
func namespaceOf(socket syscall.RawConn) (namespace *os.File, err error) {
	failed := socket.Control(func(fd uintptr) { namespace, err = socketNamespace(int(fd)) })
	return namespace, errors.Join(failed, err)
}

// threadNamespace opens the network namespace of the thread, without /proc.
func threadNamespace() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_GENERIC)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	defer func() { _ = unix.Close(fd) }()
	return socketNamespace(fd)
}

func socketNamespace(fd int) (*os.File, error) {
	namespace, err := unix.IoctlRetInt(fd, unix.SIOCGSKNS)
	if err != nil {
		return nil, os.NewSyscallError("ioctl", err)
	}
	return os.NewFile(uintptr(namespace), "network namespace"), nil
}

func sameFile(a, b *os.File) (bool, error) {
	infoA, errA := a.Stat()
	infoB, errB := b.Stat()
	if err := errors.Join(errA, errB); err != nil {
		return false, err
	}
	return os.SameFile(infoA, infoB), nil
}
