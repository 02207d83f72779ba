// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/drain"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/watch"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// drain takes servers out. Its way back goes to standard output before the first change,
// and its progress to standard error, or with JSON to standard output as well.
func (a *app) drain(o *cmdline.Draining) error {
	if out, ok := a.rawStdout.(*os.File); ok && kernel.WasClosed(out) {
		return &statusError{fmt.Errorf("%s: standard output is closed; it gets the rules that put the servers back", a.name), exitList}
	}
	source, stop := a.drainSource()
	defer stop()
	d := &drain.Drain{
		Options: o.Options, Source: source,
		Warn: func(text string) { a.complain(a.name + ": warning: " + text) },
	}
	if o.JSON {
		documents := &drain.Documents{W: flushed{a}}
		d.Progress = documents
		d.WayBack = func(rules string) error { return a.wroteWayBack(documents.WayBack(rules, a.host.now())) }
	} else {
		d.Progress = a.progress()
		d.WayBack = func(rules string) error {
			_, err := io.WriteString(flushed{a}, rules)
			return a.wroteWayBack(err)
		}
	}
	return drainStatus(d.Run())
}

// drainSource returns the machine for package drain. It catches signals until stop is
// called.
func (a *app) drainSource() (source drain.Source, stop func()) {
	signals, stop := a.host.signals()
	return drain.Source{
		Client:   a.client,
		Sysctl:   a.sysctlValue,
		Managers: a.managers,
		Signals:  signals, Spent: kernel.Spent, Now: a.host.now, After: a.host.after,
	}, stop
}

// managers returns the programs that change the table by themselves.
func (a *app) managers() (running []string) {
	_ = a.doInNetNS(func() error {
		running = kernel.Managers(a.host.root)
		return nil
	})
	return running
}

// wroteWayBack returns the error for a way back that could not be written. From here on, no
// output stops the drain.
func (a *app) wroteWayBack(err error) error {
	if err != nil {
		if !a.pipeClosed() {
			a.stdout.Reset(io.Discard) // else run would report it again
		}
		return &statusError{fmt.Errorf("%s: cannot write the rules that put the servers back, so nothing is changed: %v", a.name, err), exitList}
	}
	a.changing = true
	return nil
}

// progress returns the progress for standard error: a block that is rewritten if that is a
// terminal, or else lines.
func (a *app) progress() drain.Progress {
	terminal := watch.TerminalOf(a.stderr, a.host.getenv)
	if !terminal.FullScreen {
		return &drain.Lines{W: a.stderr}
	}
	return &drain.Block{W: a.stderr, Size: func() (width, height int) {
		width, height, err := term.GetSize(int(terminal.File.Fd()))
		if err != nil || width <= 0 || height <= 0 {
			return 80, 24
		}
		return width, height
	}}
}

// flushed writes to standard output at once.
type flushed struct{ a *app }

func (f flushed) Write(b []byte) (int, error) {
	n, err := f.a.sanitized(f.a.stdout).Write(b)
	if err == nil {
		err = f.a.stdout.Flush()
	}
	return n, err
}

// drainStatus adds the exit status to an error of package drain. Those after the first
// change were printed by its progress.
func drainStatus(err error) error {
	var noServer *drain.NoServerError
	var last *drain.LastServerError
	var stopped *drain.StoppedError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, drain.ErrInterrupted):
		return &statusError{errAlreadyPrinted, exitSignal + int(unix.SIGINT)}
	case errors.Is(err, drain.ErrNotDrained), errors.As(err, &stopped):
		return &statusError{errAlreadyPrinted, exitList}
	case errors.As(err, &noServer):
		return cmdline.WithHint(&statusError{err, exitKernel}, "ipvsadm -Ln lists the services, and the servers with their ports")
	case errors.As(err, &last):
		return &statusError{err, exitUsage}
	}
	return err
}

// ramp raises the weight of a server in steps.
func (a *app) ramp(o drain.RampOptions) error {
	source, stop := a.drainSource()
	defer stop()
	r := &drain.Ramp{
		RampOptions: o, Source: source,
		Say:  a.complain,
		Warn: func(text string) { a.complain(a.name + ": warning: " + text) },
	}
	a.changing = true
	err := r.Run()
	var unfit *drain.UnfitError
	switch {
	case errors.As(err, &unfit):
		return &statusError{err, exitUsage}
	case errors.Is(err, drain.ErrLeft):
		return &statusError{errAlreadyPrinted, exitSignal + int(unix.SIGINT)}
	}
	return drainStatus(err)
}
