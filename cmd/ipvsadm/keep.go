// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/drain"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// keep executes an edit that keeps the settings it does not name.
func (a *app) keep(o *cmdline.Overlay) error {
	switch {
	case !o.EditsServer():
		return unlisted(a.client.EditService(o.Service, o.EditService))
	case o.Service == (ipvs.ServiceID{}):
		return a.keepInAllServices(o)
	}
	return unlisted(a.editServer(o, o.Service, ipvs.DestinationID{AddrPort: o.Server.AddrPort}))
}

func (a *app) editServer(o *cmdline.Overlay, id ipvs.ServiceID, server ipvs.DestinationID) error {
	return a.client.EditDestination(id, server, func(d *ipvs.Destination) error { return o.EditDestination(id, d) })
}

// unlisted adds a hint to the error for a service or server that does not exist.
func unlisted(err error) error {
	if errors.Is(err, ipvs.ErrNoService) || errors.Is(err, ipvs.ErrNoDestination) {
		return cmdline.WithHint(err, "ipvsadm -Ln lists the services, and the servers with their ports")
	}
	return err
}

// keepInAllServices edits a server in every service that has it. It edits nothing if the
// edit fits one of them badly.
func (a *app) keepInAllServices(o *cmdline.Overlay) error {
	table, err := a.client.Table()
	if err != nil {
		return err
	}
	type server struct {
		service ipvs.ServiceID
		id      ipvs.DestinationID
	}
	var servers []server
	for _, entry := range table {
		for _, d := range entry.Destinations {
			if !drain.Selects(o.Server, d.DestinationID) {
				continue
			}
			servers = append(servers, server{entry.Service.ServiceID, d.DestinationID})
			if err := o.EditDestination(entry.Service.ServiceID, &d); err != nil {
				return err
			}
		}
	}
	if len(servers) == 0 {
		return unlisted(&ipvs.Error{Command: ipvs.CommandSetDestination, Errno: unix.ENOENT})
	}
	var failures []string
	for _, s := range servers {
		switch err := a.editServer(o, s.service, s.id); {
		case notPermitted(err), errors.Is(err, ipvs.ErrNoIPVS):
			return err
		case errors.Is(err, ipvs.ErrNoService), errors.Is(err, ipvs.ErrNoDestination): // deleted meanwhile
		case err != nil:
			failures = append(failures, fmt.Sprintf("%s of %s: %s", s.id, s.service, message(err)))
		}
	}
	if len(failures) > 0 {
		return errors.New(strings.Join(failures, "\n"))
	}
	return nil
}
