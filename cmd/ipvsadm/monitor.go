// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/monitor"
	"github.com/ipvsadm-go/ipvsadm/format"
)

// errNoReader ends a monitor whose output nobody reads any more.
var errNoReader = errors.New("standard output has no reader")

// monitor prints changes until a signal ends the process, or the output cannot be written.
func (a *app) monitor(c *cmdline.Command) error {
	out, isFile := a.rawStdout.(*os.File)
	if isFile && kernel.WasClosed(out) {
		return &statusError{fmt.Errorf("%s: standard output is closed; it gets the changes", a.name), exitList}
	}
	m := &monitor.Monitor{
		Options: c.Monitor, Client: a.client, Connect: a.reconnect, Loaded: a.host.moduleLoaded, Sysctls: a.listSysctls,
		Describe: message,
		Say:      func(text string) { a.complain(a.name + ": " + text) },
		Print: func(at time.Time, events []format.Event) error {
			if isFile && kernel.HasNoReader(out) {
				return errNoReader
			}
			return a.printEvents(c, at, events)
		},
	}
	switch err := m.Run(); {
	case errors.Is(err, errNoReader):
		a.host.raiseSIGPIPE()
		return nil
	default:
		return &statusError{err, exitList}
	}
}

func (a *app) printEvents(c *cmdline.Command, at time.Time, events []format.Event) error {
	var err error
	if c.JSON {
		err = format.JSON{Time: at}.Events(a.stdout, events)
	} else {
		err = format.Events(a.stdout, at, events)
	}
	if err != nil {
		return err
	}
	return a.stdout.Flush()
}
