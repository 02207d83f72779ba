// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"errors"
	"fmt"
)

// UsageError is a command line, or a line of rules, that is not valid.
type UsageError struct{ Text string }

func (e *UsageError) Error() string { return e.Text }

// Usagef returns a *UsageError with a formatted text.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// illegal returns the error for an option with a wrong value.
func illegal(what string) error { return Usagef("illegal %s specified", what) }

func illegalServer() error { return illegal("real server address[:port]") }

// NoCommandError means that the first argument is not a command.
type NoCommandError struct{}

func (NoCommandError) Error() string {
	return "the first option must be a command, such as -A or --add-service"
}

// WordError is an error of popt: Reason says what is wrong with the argument Word.
type WordError struct{ Word, Reason string }

func (e *WordError) Error() string { return e.Word + ": " + e.Reason }

// Reasons that hints explain.
const (
	unknownOption   = "unknown option"
	missingArgument = "missing argument"
)

// hintedError is an error with a hint, which its text does not contain. Few errors are
// shown with their hint, so the hint is made when it is asked for.
type hintedError struct {
	error
	hint func() string
}

func (e *hintedError) Unwrap() error { return e.error }

// WithHint adds a hint to an error, or replaces it.
func WithHint(err error, hint string) error {
	return WithLateHint(err, func() string { return hint })
}

// WithLateHint is WithHint for a hint that is made when it is asked for.
func WithLateHint(err error, hint func() string) error { return &hintedError{err, hint} }

// Hint says in one line how to correct the command line that caused err, or returns "". It
// cuts long words. The hint for an error of a Parser is valid until the parser's next call.
func Hint(err error) string {
	var hinted *hintedError
	if errors.As(err, &hinted) {
		return shortenWords(hinted.hint())
	}
	return ""
}
