// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/boot"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// Exit statuses of ipvsadm 1.31.
const (
	exitOK     = 0
	exitList   = 1   // a listing failed
	exitFaults = 1   // a diagnosis found faults
	exitUsage  = 2   // bad arguments or rules, or no access to IPVS
	exitSignal = 128 // plus the number of the signal that ended a screen
	exitKernel = 255 // the kernel rejected a change, or popt rejected an option
)

// exitDiffers is the exit status of a comparison of rules that differ, as with diff(1).
const exitDiffers = 1

// Exit statuses of init scripts, by the Linux Standard Base.
const (
	lsbFailed        = 1
	lsbUsage         = 2
	lsbStopped       = 3 // only for the verb status
	lsbUnknown       = 4 // only for the verb status
	lsbNotPermitted  = 4 // for the other verbs
	lsbNotInstalled  = 5
	lsbNotConfigured = 6
)

// lsbStatus returns the exit status of a verb of ipvsadm-boot that failed with err.
func lsbStatus(verb string, err error) int {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return lsbNotPermitted
	case errors.Is(err, ipvs.ErrNoIPVS):
		return lsbNotInstalled
	case errors.Is(err, boot.ErrStopped):
		return lsbStopped
	case verb == "status":
		return lsbUnknown
	case errors.Is(err, rules.ErrBad), errors.Is(err, boot.ErrNotConfigured):
		return lsbNotConfigured
	}
	return lsbFailed
}

// fail prints err, unless it was printed already, and returns the exit status.
func (a *app) fail(err error) int {
	a.report.Close()
	status := exitKernel
	var withStatus *statusError
	if errors.As(err, &withStatus) {
		status = withStatus.status
	}
	var noCommand cmdline.NoCommandError
	var initErr *initError
	var usage *cmdline.UsageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, rules.ErrBad):
		return exitUsage
	case errors.Is(err, rules.ErrRejected):
		return exitKernel
	case errors.Is(err, boot.ErrStopped), errors.Is(err, errAlreadyPrinted), errors.Is(err, a.stdout.Flush()): // run prints the latter
	case errors.As(err, &noCommand):
		a.complain(fmt.Sprintf("Try `%s -h' or '%s --help' for more information.", a.name, a.name))
		a.complainHint(err)
	case a.namesCapability && notPermitted(err):
		a.complain(a.name + ": permission denied: IPVS needs the capability CAP_NET_ADMIN")
		return exitUsage
	case errors.As(err, &initErr), notPermitted(err):
		// Every command of IPVS in the kernel needs the same capability, so the first
		// one to fail stands for the check that ipvsadm 1.31 makes at its start.
		a.complain("Can't initialize ipvs: " + message(err) + "\n" +
			"Are you sure that IP Virtual Server is built in the kernel or as module?")
		a.complainHint(err)
		return exitUsage
	case errors.As(err, &usage):
		a.complain(usage.Text)
		a.complainHint(err)
		if withStatus == nil {
			return exitUsage
		}
	default:
		a.complain(message(err))
		a.complainHint(err)
	}
	return status
}

// initError means that IPVS is missing, or that the caller may not use it.
type initError struct{ err error }

func (e *initError) Error() string { return message(e.err) }
func (e *initError) Unwrap() error { return e.err }

// statusError is an error with an exit status of its own.
type statusError struct {
	err    error
	status int
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// errAlreadyPrinted fails the run without a further message.
var errAlreadyPrinted = errors.New("already printed")

// notPermitted tells whether IPVS in the kernel denied permission, as opposed to a file.
func notPermitted(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	return errors.Is(err, kernel.ErrNotPermitted) && !errors.As(err, &path) && !errors.As(err, &link)
}

// message returns the text of ipvsadm 1.31 for an error of the kernel, and err's own text
// for any other.
func message(err error) string {
	var e *ipvs.Error
	switch {
	case errors.As(err, &e):
		return e.Message()
	case notPermitted(err):
		return (&ipvs.Error{Errno: unix.EPERM}).Message()
	case errors.Is(err, ipvs.ErrNoIPVS):
		return (&ipvs.Error{Errno: unix.ENOPROTOOPT}).Message()
	}
	return err.Error()
}
