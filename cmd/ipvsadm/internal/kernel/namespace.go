// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// NamespaceError says why a network namespace cannot be used.
type NamespaceError struct {
	text string
	// Gone tells that there is no such namespace, or no more.
	Gone bool
}

func (e *NamespaceError) Error() string { return e.text }

func namespaceErrorf(format string, args ...any) error {
	return &NamespaceError{text: fmt.Sprintf(format, args...)}
}

// Namespace is an open network namespace. It stays the same one even if its file is
// replaced or its process ends.
type Namespace struct {
	file  *os.File
	title string // names it in messages
}

// namedNamespaces is where "ip netns" keeps namespaces.
const namedNamespaces = "/run/netns"

// OpenNamespace opens a network namespace: a name of "ip netns", the number of a process,
// or a path, which has a slash. pid:N and name:X leave no doubt which one is meant. Errors
// are a *NamespaceError.
func OpenNamespace(name string) (*Namespace, error) {
	kind, value, prefixed := strings.Cut(name, ":")
	switch {
	case prefixed && kind == "pid":
		return openProcessNamespace(value)
	case prefixed && kind == "name":
		return openNamedNamespace(value)
	case strings.Contains(name, "/"):
		return openNamespaceAt(name, "network namespace "+name)
	case strings.Trim(name, "0123456789") == "":
		path := namedNamespaces + "/" + name
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return nil, namespaceErrorf("network namespace %s: a process or %s? write pid:%[1]s or name:%[1]s", name, path)
		}
		return openProcessNamespace(name)
	}
	return openNamedNamespace(name)
}

func openNamedNamespace(name string) (*Namespace, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return nil, namespaceErrorf("%q cannot be the name of a network namespace", name)
	}
	path := namedNamespaces + "/" + name
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, namespaceErrorf("no network namespace has the name %s: there is no %s; "+
			"of a container give the process, as docker inspect -f '{{.State.Pid}}' prints it", name, path)
	}
	return openNamespaceAt(path, "network namespace "+name)
}

func openProcessNamespace(number string) (*Namespace, error) {
	pid, err := strconv.ParseInt(number, 10, 32)
	if err != nil || pid <= 0 || strings.Trim(number, "0123456789") != "" {
		return nil, namespaceErrorf("%q is not the number of a process", number)
	}
	return openNamespaceAt(fmt.Sprintf("/proc/%d/ns/net", pid), fmt.Sprintf("network namespace of process %d", pid))
}

func openNamespaceAt(path, title string) (*Namespace, error) {
	// O_NONBLOCK: opening a named pipe would wait.
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	ofProcess := strings.HasPrefix(path, "/proc/")
	var failed *fs.PathError
	switch {
	case err == nil:
	case ofProcess && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)):
		return nil, &NamespaceError{title + ": there is no such process", true}
	case ofProcess && errors.Is(err, fs.ErrPermission):
		return nil, namespaceErrorf("%s: permission denied: that needs the user of the process, or the capability CAP_SYS_PTRACE", title)
	case errors.Is(err, fs.ErrPermission):
		return nil, namespaceErrorf("%s: permission denied: only root may open %s", title, path)
	case errors.Is(err, fs.ErrNotExist) && isLink(path):
		return nil, namespaceErrorf("%s: %s is a symbolic link to a file that does not exist", title, path)
	case errors.As(err, &failed):
		return nil, namespaceErrorf("%s: %v", title, failed.Err)
	default:
		return nil, namespaceErrorf("%s: %v", title, err)
	}
	if reason := notForNetworks(int(file.Fd())); reason != "" {
		_ = file.Close()
		return nil, namespaceErrorf("%s: %s is %s", title, path, reason)
	}
	return &Namespace{file, title}, nil
}

func isLink(path string) bool {
	_, err := os.Readlink(path)
	return err == nil
}

// notForNetworks says what an open file is if it is not a network namespace.
func notForNetworks(fd int) string {
	var found unix.Statfs_t
	if err := unix.Fstatfs(fd, &found); err != nil || found.Type != unix.NSFS_MAGIC {
		return "not a network namespace; if it was one, that is gone: was the container stopped?"
	}
	// Kernels before 4.11 do not tell the kind, and entering fails then.
	if kind, err := unix.IoctlRetInt(fd, unix.NS_GET_NSTYPE); err == nil && kind != unix.CLONE_NEWNET {
		return "a namespace of another kind, not for networks"
	}
	return ""
}

// Path returns the path of the file that was opened.
func (n *Namespace) Path() string { return n.file.Name() }

// Close closes the namespace. Clients that were dialled stay in it.
func (n *Namespace) Close() { _ = n.file.Close() }

// Dial is Dial for this namespace. The error is a *NamespaceError if the caller may not
// enter it.
func (n *Namespace) Dial() (*ipvs.Client, error) {
	client, err := dial(ipvs.InNetNSOfFD(int(n.file.Fd())))
	switch {
	case errors.Is(err, ipvs.ErrNoIPVS):
		return nil, err
	case errors.Is(err, unix.EPERM):
		return nil, namespaceErrorf("%s: permission denied: entering it needs the capability CAP_SYS_ADMIN", n.title)
	case errors.Is(err, fs.ErrInvalid):
		return nil, namespaceErrorf("%s: not a network namespace", n.title)
	}
	return client, err
}

// Do calls do on a thread in the namespace. The error is a *NamespaceError if the caller may
// not enter it, or that of do.
func (n *Namespace) Do(do func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the function
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			result <- namespaceErrorf("%s: %v: entering it needs the capability CAP_SYS_ADMIN", n.title, err)
			return
		}
		result <- do()
	}()
	return <-result
}

// LockTable is LockTable for this namespace.
func (n *Namespace) LockTable() (unlock func(), locked bool) {
	return tableLock{lockDirectory, fmt.Sprintf("/proc/self/fd/%d", n.file.Fd()), lockWait}.lock()
}
