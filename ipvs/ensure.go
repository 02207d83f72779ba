// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"io/fs"
	"syscall"
)

// ensureTries bounds how often EnsureService and EnsureDestination try again.
const ensureTries = 10

// EnsureService gives a service its settings, and adds it if there is none. Destinations
// that it has stay. If another program adds or deletes the service meanwhile,
// EnsureService tries again; if that happens ten times, the error is fs.ErrExist. It is
// ErrNoScheduler if the kernel has no such scheduler or persistence engine.
func (c *Client) EnsureService(s Service) error {
	return ensure(ErrNoService, func() error { return c.SetService(s) }, func() error { return c.NewService(s) })
}

// EnsureDestination gives a destination of a service its settings, and adds it if there
// is none; its connections stay. It tries again as EnsureService does. The error is
// ErrNoService if there is no such service.
func (c *Client) EnsureDestination(id ServiceID, d Destination) error {
	return ensure(ErrNoDestination, func() error { return c.SetDestination(id, d) }, func() error { return c.NewDestination(id, d) })
}

// ensure sets an object, or adds it if there is none. absent is the error of set if there is none.
func ensure(absent error, set, add func() error) error {
	err := error(nil)
	for range ensureTries {
		if err = set(); !errors.Is(err, absent) {
			return err
		}
		if err = add(); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}

// SetWeight changes the weight of a destination, and keeps its other settings. Weight 0
// keeps new connections away from it, except those of its persistent clients, unless the
// sysctl net.ipv4.vs.expire_quiescent_template is set. DrainDestination waits until no
// connections are left.
//
// The kernel edits all settings of a destination at once. So SetWeight reads them first,
// and an edit that another program makes in between is lost. The error is ErrNoService
// if there is no such service, and ErrNoDestination if the service has no such
// destination. It is the *Error of the edit then, also if SetWeight did not send that,
// because the destination was missing when it read. The error is fs.ErrInvalid for a
// weight that the kernel does not accept.
func (c *Client) SetWeight(id ServiceID, d DestinationID, weight uint32) error {
	now, err := c.destination(id, d)
	if err != nil {
		return err
	}
	now.Weight = weight
	return c.SetDestination(id, now)
}

// destination reads one destination for an edit. What is missing, or cannot be sent, is
// the error that the edit would have.
func (c *Client) destination(id ServiceID, d DestinationID) (Destination, error) {
	edit := SetDestination(id, Destination{DestinationID: d}).operation()
	if err := edit.err(); err != nil {
		return Destination{}, err
	}
	destinations, err := c.Destinations(id)
	if err != nil {
		return Destination{}, err
	}
	for _, now := range destinations {
		if now.DestinationID == d {
			return now, nil
		}
	}
	missing := &Error{Command: edit.command, Errno: syscall.ENOENT, Subject: edit.subject()}
	switch _, err := c.Service(id); {
	case errors.Is(err, ErrNoService):
		missing.Errno = syscall.ESRCH
	case err != nil:
		return Destination{}, err
	}
	return Destination{}, missing
}
