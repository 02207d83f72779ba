// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/watch"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// app is one run of one of the tools.
type app struct {
	name      string // argv[0]
	stdin     io.Reader
	stdout    *bufio.Writer
	rawStdout io.Writer // what stdout writes to
	stderr    io.Writer
	host      host
	client    *ipvs.Client // nil until dial
	namespace namespace    // another network namespace, or nil
	// flushErrStatus is the exit status if stdout cannot be written.
	flushErrStatus int
	report         *rules.Report
	announced      bool // announceSockopts has printed its line
	listsServices  bool // the command is a plain listing of services
	// namesCapability is set if an option is one that ipvsadm 1.31 lacks. Its message about
	// a missing privilege then gives way to one that says which.
	namesCapability bool
	// changing is set before a series of changes. From then on, output that cannot be
	// written does not stop the run.
	changing bool
}

// run runs the tool that args[0] names and returns its exit status. It is the only entry
// point of the tests.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, h host) int {
	if len(args) == 0 {
		args = []string{"ipvsadm"}
	}
	a := &app{name: args[0], stdin: stdin, stdout: bufio.NewWriterSize(stdout, 32<<10), rawStdout: stdout, stderr: stderr, host: h}
	a.flushErrStatus = exitList
	a.report = &rules.Report{Print: a.complain, Describe: message, Hint: a.hint}
	err := a.runTool(args[1:])
	closed := a.pipeClosed()
	if closed && (!a.changing || err == nil) {
		h.raiseSIGPIPE()
	}
	if closed && errors.Is(err, unix.EPIPE) {
		err = nil
	}
	if !closed {
		a.announceSockopts()
	}
	status := a.fail(err)
	a.hangUp()
	if err := a.stdout.Flush(); err != nil && !closed {
		a.complain(fmt.Sprintf("%s: cannot write the output: %v", a.name, err))
		return a.flushErrStatus
	}
	return status
}

func (a *app) runTool(words []string) error {
	switch path.Base(a.name) {
	case "ipvsadm-save":
		return a.runSave(words)
	case "ipvsadm-restore":
		return a.runRestore(words)
	case "ipvsadm-boot":
		return a.runBoot(words)
	}
	c, err := cmdline.NewParser(a.host.resolver).Parse(cmdline.WithCommand(words))
	if err != nil {
		if cmdline.NamesNewCommand(words) {
			return err
		}
		// ipvsadm 1.31 looks for IPVS before it parses its arguments.
		if initErr := a.connect(); initErr != nil {
			return initErr
		}
		return err
	}
	a.namesCapability = c.IsNew()
	if err := a.enter(c.NetNS); err != nil {
		return err
	}
	return a.execute(c)
}

// complain flushes stdout and prints a line to stderr.
func (a *app) complain(text string) {
	closed := a.pipeClosed() // any other error persists until run flushes
	if closed && !a.changing {
		a.host.raiseSIGPIPE()
	}
	stderr := a.stderr
	if watch.IsTerminal(stderr) {
		stderr = format.SanitizeLines(stderr) // arguments may contain escape sequences
	}
	if _, err := fmt.Fprintln(stderr, text); errors.Is(err, unix.EPIPE) && !a.changing {
		a.host.raiseSIGPIPE()
	}
}

// pipeClosed flushes stdout and tells whether it is a pipe without a reader.
func (a *app) pipeClosed() bool { return errors.Is(a.stdout.Flush(), unix.EPIPE) }

// pipeSeenClosed is pipeClosed without the flush: it tells whether an earlier write found
// the pipe closed.
func (a *app) pipeSeenClosed() bool {
	_, err := a.stdout.Write(nil)
	return errors.Is(err, unix.EPIPE)
}

// sanitized returns w, or if standard output is a terminal a writer to w that escapes
// control characters.
func (a *app) sanitized(w io.Writer) io.Writer {
	if watch.IsTerminal(a.rawStdout) {
		return format.SanitizeLines(w)
	}
	return w
}
