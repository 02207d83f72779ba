package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// usageError is a command line that cannot be carried out.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// illegal says which value is wrong.
func illegal(what string) error { return usagef("illegal %s specified", what) }

var errIllegalServer = illegal("real server address[:port]")

// noCommandError says that the words do not begin with a command.
type noCommandError struct{}

func (noCommandError) Error() string {
	return "the first option must be a command, such as -A or --add-service"
}

// initError says that there is no IPVS, or none for us.
type initError struct{ err error }

func (e *initError) Error() string { return sentence(e.err) }
func (e *initError) Unwrap() error { return e.err }

// statusError gives an error the exit status that the place it comes from wants.
type statusError struct {
	err    error
	status int
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// errReported fails the run after everything has been said.
var errReported = errors.New("reported")

// notPermitted tells whether the kernel's IPVS has refused. What a file refuses is
// not about IPVS.
func notPermitted(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	return errors.Is(err, errNotPermitted) && !errors.As(err, &path) && !errors.As(err, &link)
}

// sentence is the original's text for an error of the kernel, else the error's own.
func sentence(err error) string {
	var e *ipvs.Error
	switch {
	case errors.As(err, &e):
		return e.Sentence()
	case notPermitted(err):
		return (&ipvs.Error{Errno: unix.EPERM}).Sentence()
	case errors.Is(err, ipvs.ErrNoIPVS):
		return (&ipvs.Error{Errno: unix.ENOPROTOOPT}).Sentence()
	}
	return err.Error()
}
