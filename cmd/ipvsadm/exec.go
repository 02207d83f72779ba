package main

import (
	"errors"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// execute does what a command says: it prints something, or changes the table.
func (p *program) execute(c *command) error {
	switch c.verb {
	case help:
		return p.help()
	case version:
		return p.version()
	case restore:
		return p.restoreRules()
	}
	if err := p.open(); err != nil {
		return err
	}
	if change, ok := c.change(); ok {
		return p.client.Apply([]ipvs.Change{change})[0]
	}
	err := p.show(c)
	if withStatus := (*statusError)(nil); err == nil || errors.As(err, &withStatus) {
		return err
	}
	return &statusError{err, exitList}
}

// change is what the command changes; ok is false for one that only prints.
func (c *command) change() (change ipvs.Change, ok bool) {
	id := c.service.ServiceID
	switch c.verb {
	case addService:
		return ipvs.NewService(c.service), true
	case editService:
		return ipvs.SetService(c.service), true
	case deleteService:
		return ipvs.DelService(id), true
	case addServer:
		return ipvs.NewDestination(id, c.destination), true
	case editServer:
		return ipvs.SetDestination(id, c.destination), true
	case deleteServer:
		return ipvs.DelDestination(id, c.destination.DestinationID), true
	case flush:
		return ipvs.Flush(), true
	case zero:
		return ipvs.ZeroService(id), true // of all services if id is zero
	case setTimeouts:
		return ipvs.SetConfig(c.config), true
	case startDaemon:
		return ipvs.StartDaemon(c.daemon), true
	case stopDaemon:
		return ipvs.StopDaemon(c.daemon.State), true
	}
	return ipvs.Change{}, false
}

// show prints what list and save ask for.
func (p *program) show(c *command) error {
	switch {
	case c.verb == save:
		return p.saveAs(saveOptions{numeric: c.has(numericBit)})
	case c.has(watchBit):
		return p.lister(c).watch()
	}
	return p.lister(c).list()
}

// view is the first of those that were asked for.
func (c *command) view() format.View {
	for _, v := range []struct {
		bit  bit
		view format.View
	}{
		{statsBit, format.Counters},
		{rateBit, format.Rates},
		{thresholdsBit, format.Thresholds},
		{persistentConnBit, format.Persistence},
		{tunInfoBit, format.Tunnels},
	} {
		if c.has(v.bit) {
			return v.view
		}
	}
	if c.has(watchBit) {
		return format.Activity
	}
	return format.Connections
}
