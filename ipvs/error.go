package ipvs

import (
	"io/fs"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Error is what the kernel answered to a command that it refused.
//
// errors.Is finds the Errno, and fs.ErrNotExist for a missing service,
// destination or daemon, fs.ErrExist for one that is there already, and
// fs.ErrPermission for a caller without CAP_NET_ADMIN.
type Error struct {
	Command Command
	Errno   syscall.Errno
	// Subject names what the command was about, as "TCP 10.0.0.1:80"; it may be empty.
	Subject string
}

// Error returns the command, its subject and the Sentence.
func (e *Error) Error() string {
	s := "ipvs: " + e.Command.String()
	if e.Subject != "" {
		s += " " + e.Subject
	}
	return s + ": " + e.Sentence()
}

// Unwrap returns the Errno.
func (e *Error) Unwrap() error { return e.Errno }

// Is makes ESRCH, the kernel's word for a missing service, an fs.ErrNotExist.
func (e *Error) Is(target error) bool {
	return target == fs.ErrNotExist && e.Errno == unix.ESRCH
}

// Sentence is the error in the words that ipvsadm prints, such as "No such service".
func (e *Error) Sentence() string {
	for _, s := range sentences {
		if s.errno == e.Errno && (s.command == 0 || s.command == e.Command) {
			return s.text
		}
	}
	return strerror(e.Errno)
}

var sentences = [...]struct {
	command Command // 0 for any
	errno   syscall.Errno
	text    string
}{
	{CommandNewService, unix.EEXIST, "Service already exists"},
	{CommandNewService, unix.ENOENT, "Scheduler or persistence engine not found"},
	{CommandSetService, unix.ESRCH, "No such service"},
	{CommandSetService, unix.ENOENT, "Scheduler or persistence engine not found"},
	{CommandDelService, unix.ESRCH, "No such service"},
	{CommandGetService, unix.ESRCH, "No such service"},
	{CommandGetDestinations, unix.ESRCH, "No such service"},
	{CommandZero, unix.ESRCH, "No such service"},
	{CommandNewDestination, unix.ESRCH, "Service not defined"},
	{CommandNewDestination, unix.EEXIST, "Destination already exists"},
	{CommandSetDestination, unix.ESRCH, "Service not defined"},
	{CommandSetDestination, unix.ENOENT, "No such destination"},
	{CommandDelDestination, unix.ESRCH, "Service not defined"},
	{CommandDelDestination, unix.ENOENT, "No such destination"},
	{CommandNewDaemon, unix.EEXIST, "Daemon has already run"},
	{CommandDelDaemon, unix.ESRCH, "No daemon is running"},
	{0, unix.EPERM, "Permission denied (you must be root)"},
	{0, unix.EINVAL, "Invalid operation.  Possibly wrong module version, address not unicast, ..."},
	{0, unix.ENOPROTOOPT, "Protocol not available"},
	{0, unix.ENOMEM, "Memory allocation problem"},
	{0, unix.EOPNOTSUPP, "Operation not supported with IPv6"},
	{0, unix.EAFNOSUPPORT, "Operation not supported with specified address family"},
	{0, unix.EMSGSIZE, "Module is wrong version"},
}

// strerror is the C library's text: Go's begins with a small letter.
func strerror(errno syscall.Errno) string {
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
