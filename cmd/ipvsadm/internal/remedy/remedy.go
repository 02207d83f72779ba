// SPDX-License-Identifier: Apache-2.0

// Package remedy knows what a user may try after the kernel refused a change.
package remedy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/shell"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// For says what the user may try after a refused change, or returns "". It reads what
// exists already from client.
func For(e *rules.RefusedChange, client *ipvs.Client) string {
	var kernel *ipvs.Error
	if !errors.As(e.Err, &kernel) {
		return ""
	}
	ch, id := e.Change, e.Change.ServiceID()
	type refusal struct {
		command ipvs.Command
		errno   unix.Errno
	}
	switch (refusal{ch.Command(), kernel.Errno}) {
	case refusal{ipvs.CommandNewService, unix.EEXIST}:
		return editService(client, id)
	case refusal{ipvs.CommandSetService, unix.ESRCH}:
		return addService(ch.Service())
	case refusal{ipvs.CommandNewService, unix.ENOENT}, refusal{ipvs.CommandSetService, unix.ENOENT}:
		return missingModule(ch.Service())
	case refusal{ipvs.CommandNewDestination, unix.ESRCH}, refusal{ipvs.CommandSetDestination, unix.ESRCH}:
		return "add the service first: " + commandLine(ipvs.NewService(cmdline.DefaultService(id)))
	case refusal{ipvs.CommandNewDestination, unix.EEXIST}:
		return editDestination(client, id, ch.Destination().DestinationID)
	case refusal{ipvs.CommandSetDestination, unix.ENOENT}:
		return "add it: " + commandLine(ipvs.NewDestination(id, ch.Destination()))
	case refusal{ipvs.CommandDelDestination, unix.ENOENT}:
		return listLine(id) + " lists the servers with their ports"
	case refusal{ipvs.CommandDelDestination, unix.ESRCH}, refusal{ipvs.CommandDelService, unix.ESRCH}, refusal{ipvs.CommandZero, unix.ESRCH}:
		return "ipvsadm -Ln lists the services"
	case refusal{ipvs.CommandNewDestination, unix.ERANGE}, refusal{ipvs.CommandSetDestination, unix.ERANGE}:
		d := ch.Destination()
		return fmt.Sprintf("the lower threshold, -y %d, is above the upper one, -x %d", d.LowerThreshold, d.UpperThreshold)
	case refusal{ipvs.CommandNewDaemon, unix.EEXIST}:
		return "stop it first: " + commandLine(ipvs.StopDaemon(ch.Daemon().State))
	case refusal{ipvs.CommandDelDaemon, unix.ESRCH}:
		return "ipvsadm -L --daemon lists the daemons"
	case refusal{ipvs.CommandNewDaemon, unix.ENODEV}:
		return fmt.Sprintf("there is no interface %s; name one with --mcast-interface", ch.Daemon().Interface)
	}
	return ""
}

// listLine returns the command line that lists a service.
func listLine(id ipvs.ServiceID) string {
	return "ipvsadm -Ln" + strings.TrimPrefix(commandLine(ipvs.DelService(id)), "ipvsadm -D")
}

// commandLine returns the command line that makes a change, quoted for a shell.
func commandLine(ch ipvs.Change) string {
	return "ipvsadm " + shell.Line(strings.Fields(format.Rule(ch)))
}
