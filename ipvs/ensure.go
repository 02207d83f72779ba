// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"io/fs"
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

// SetWeight changes the weight of a destination, and keeps its other settings, as
// EditDestination does. Weight 0 keeps new connections away from it, except those of its
// persistent clients, unless the sysctl net.ipv4.vs.expire_quiescent_template is set.
// DrainDestination waits until no connections are left.
//
// The errors are those of EditDestination, and fs.ErrInvalid for a weight that the kernel
// does not accept.
func (c *Client) SetWeight(id ServiceID, d DestinationID, weight uint32) error {
	return c.EditDestination(id, d, func(now *Destination) error {
		now.Weight = weight
		return nil
	})
}
