// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/linux"
)

// The errors for what is missing, which errors.Is matches. Each is an fs.ErrNotExist. Only
// ErrNoIPVS is returned as it is; the others say what an *Error means.
var (
	// ErrNoIPVS is returned by Dial if the kernel has no IPVS, usually because the
	// module ip_vs is not loaded. If the module is unloaded later, all other calls
	// return it until the module is loaded again.
	ErrNoIPVS error = missing("the kernel has no IPVS; is the module ip_vs loaded? (file does not exist)")
	// ErrNoService says that there is no such service.
	ErrNoService error = missing("no such service")
	// ErrNoDestination says that the service exists and has no such destination.
	ErrNoDestination error = missing("no such destination")
	// ErrNoScheduler says that the kernel has no such scheduler or no such persistence
	// engine, nor a module of that name that it can load. The kernel does not tell
	// which: without a PersistenceEngine it is the scheduler.
	ErrNoScheduler error = missing("no such scheduler or persistence engine")
	// ErrNoDaemon says that no sync daemon of that state runs.
	ErrNoDaemon error = missing("no such daemon")
)

// ErrNotSupported is what Dial returns on systems other than Linux. It is an
// errors.ErrUnsupported.
var ErrNotSupported error = unsupported("IPVS is a part of the Linux kernel")

// ErrNoInterface says that there is no such network interface: it is the meaning of an
// *Error of StartDaemon. It is not an fs.ErrNotExist.
var ErrNoInterface error = sentinel("no such interface")

// ErrInterrupted says that others kept changing the table while it was read, so that no
// list of it was complete. Try again later.
var ErrInterrupted error = sentinel(keptChanging)

const keptChanging = "the table kept changing while it was read"

type interrupted struct{}

func (interrupted) Error() string { return keptChanging }

// Is makes it an ErrInterrupted.
func (interrupted) Is(target error) bool { return target == ErrInterrupted }

// unfit is input that cannot be sent.
type unfit struct{ reason error }

func (u unfit) Error() string { return u.reason.Error() }
func (u unfit) Unwrap() error { return u.reason }

// Is makes it an fs.ErrInvalid.
func (unfit) Is(target error) bool { return target == fs.ErrInvalid }

// sentinel is an error that other errors match. Sentinels are constant data, so they cost
// nothing at the start of a program.
type sentinel string

func (s sentinel) Error() string { return "ipvs: " + string(s) }

// missing is a sentinel that is an fs.ErrNotExist.
type missing string

func (m missing) Error() string { return "ipvs: " + string(m) }

// Is makes it an fs.ErrNotExist.
func (missing) Is(target error) bool { return target == fs.ErrNotExist }

// unsupported is a sentinel that is an errors.ErrUnsupported.
type unsupported string

func (u unsupported) Error() string { return "ipvs: " + string(u) }

// Is makes it an errors.ErrUnsupported.
func (unsupported) Is(target error) bool { return target == errors.ErrUnsupported }

// Error is a command that the kernel refused, or that an edit such as SetWeight did
// not send, because the service or the destination was missing when they read it.
// errors.Is matches:
//
//   - ErrNoService, ErrNoDestination, ErrNoScheduler, ErrNoDaemon, ErrNoInterface and,
//     if ip_vs is being unloaded, ErrNoIPVS;
//   - fs.ErrNotExist for all of these except ErrNoInterface;
//   - fs.ErrExist for a service, destination or daemon that exists;
//   - fs.ErrPermission for a caller without CAP_NET_ADMIN;
//   - fs.ErrInvalid for a value that the kernel does not accept;
//   - errors.ErrUnsupported for an address family that the kernel does not support;
//   - the Errno, such as syscall.ESRCH.
//
// What cannot be sent at all, such as a service without an address, is an fs.ErrInvalid
// too, but not an *Error.
type Error struct {
	Command Command
	// Errno is the error by the name it has on this system, such as syscall.ESRCH.
	// Systems other than Linux have other numbers for some errors; a fake of the kernel
	// (see package ipvstest) returns this system's.
	Errno syscall.Errno
	// Subject names the object of the command, such as "TCP 10.0.0.1:80". It is empty
	// for commands without one.
	Subject string
}

// Error returns the command, its subject and the Message.
func (e *Error) Error() string {
	s := "ipvs: " + e.Command.String()
	if e.Subject != "" {
		s += " " + e.Subject
	}
	return s + ": " + e.Message()
}

// Unwrap returns the Errno.
func (e *Error) Unwrap() error { return e.Errno }

// Is matches what the error means besides what the Errno matches by itself.
func (e *Error) Is(target error) bool {
	if meaning := e.refusal().meaning; meaning != nil && errors.Is(*meaning, target) {
		return true
	}
	switch target {
	case fs.ErrNotExist:
		return e.Errno == syscall.ESRCH
	case fs.ErrInvalid:
		return e.Errno == syscall.EINVAL || e.Errno == syscall.ERANGE
	case errors.ErrUnsupported:
		return e.Errno == syscall.EAFNOSUPPORT || e.Errno == syscall.EOPNOTSUPP
	}
	return false
}

// Message returns the error in the words that ipvsadm prints, such as "No such service".
func (e *Error) Message() string {
	if text := e.refusal().text; text != "" {
		return text
	}
	return linux.Text(e.Errno)
}

// refusal returns what is known about the error. The zero refusal means nothing.
func (e *Error) refusal() refusal {
	for _, r := range refusals {
		if r.errno == e.Errno && (r.command == 0 || r.command == e.Command) {
			return r
		}
	}
	return refusal{}
}

// refusal is what an errno of a command means.
type refusal struct {
	command Command // 0 for any
	errno   syscall.Errno
	meaning *error // what errors.Is matches besides the errno; nil for nothing of ours
	text    string
}

// refusals are those of ip_vs_genl_set_cmd and ip_vs_genl_get_cmd in ip_vs_ctl.c, and of
// start_sync_thread and stop_sync_thread in ip_vs_sync.c, in the words of ipvsadm.
//
// ENOPROTOOPT means that the module is being unloaded (ip_vs_use_count_inc).
//
// The table has the addresses of errors, not their values, so that it is constant data.
var refusals = [...]refusal{
	{CommandNewService, syscall.EEXIST, nil, "Service already exists"},
	{CommandNewService, syscall.ENOENT, &ErrNoScheduler, "Scheduler or persistence engine not found"},
	{CommandNewService, syscall.ENOPROTOOPT, &ErrNoIPVS, "Protocol not available"},
	{CommandSetService, syscall.ESRCH, &ErrNoService, "No such service"},
	{CommandSetService, syscall.ENOENT, &ErrNoScheduler, "Scheduler or persistence engine not found"},
	{CommandDelService, syscall.ESRCH, &ErrNoService, "No such service"},
	{CommandGetService, syscall.ESRCH, &ErrNoService, "No such service"},
	{CommandGetDestinations, syscall.ESRCH, &ErrNoService, "No such service"},
	{CommandZero, syscall.ESRCH, &ErrNoService, "No such service"},
	{CommandNewDestination, syscall.ESRCH, &ErrNoService, "Service not defined"},
	{CommandNewDestination, syscall.EEXIST, nil, "Destination already exists"},
	{CommandSetDestination, syscall.ESRCH, &ErrNoService, "Service not defined"},
	{CommandSetDestination, syscall.ENOENT, &ErrNoDestination, "No such destination"},
	{CommandDelDestination, syscall.ESRCH, &ErrNoService, "Service not defined"},
	{CommandDelDestination, syscall.ENOENT, &ErrNoDestination, "No such destination"},
	{CommandNewDaemon, syscall.EEXIST, nil, "Daemon has already run"},
	{CommandNewDaemon, syscall.ENODEV, &ErrNoInterface, "No such device"},
	{CommandNewDaemon, syscall.ENOPROTOOPT, &ErrNoIPVS, "Protocol not available"},
	{CommandDelDaemon, syscall.ESRCH, &ErrNoDaemon, "No daemon is running"},
	{0, syscall.EPERM, nil, "Permission denied (you must be root)"},
	{0, syscall.EINVAL, nil, "Invalid operation.  Possibly wrong module version, address not unicast, ..."},
	{0, syscall.ENOPROTOOPT, nil, "Protocol not available"},
	{0, syscall.ENOMEM, nil, "Memory allocation problem"},
	{0, syscall.EOPNOTSUPP, nil, "Operation not supported with IPv6"},
	{0, syscall.EAFNOSUPPORT, nil, "Operation not supported with specified address family"},
	{0, syscall.EMSGSIZE, nil, "Module is wrong version"},
}

// prefixed adds the package name to an error. Sentinels have it already.
func prefixed(err error) error {
	if err == nil || errors.Is(err, ErrNoIPVS) || err == ErrNotSupported {
		return err
	}
	return fmt.Errorf("ipvs: %w", err)
}
