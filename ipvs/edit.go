// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"syscall"
)

// EditService reads a service, lets edit change it, and writes it back. What edit leaves
// alone stays, also settings that this package has no name for. If edit returns an error,
// nothing is written, and that is the error.
//
// The kernel has no compare-and-set: an edit that another program makes in between is
// lost, except that of a flag which edit leaves alone. The error is ErrNoService if there
// is no such service, and otherwise that of SetService.
func (c *Client) EditService(id ServiceID, edit func(*Service) error) error {
	before, err := c.Service(id)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			e.Command = CommandSetService
		}
		return err
	}
	now := before
	if err := edit(&now); err != nil {
		return err
	}
	if now.FlagsMask == 0 {
		// The kernel sets Hashed itself, so it stands for no flag, where zero would
		// stand for all.
		now.FlagsMask = now.Flags ^ before.Flags | Hashed
	}
	return c.SetService(now)
}

// EditDestination reads a destination, lets edit change it, and writes it back. What edit
// leaves alone stays, also settings that this package has no name for. If edit returns an
// error, nothing is written, and that is the error.
//
// The kernel has no compare-and-set: an edit that another program makes in between is
// lost. The error is ErrNoService if there is no such service, and ErrNoDestination if the
// service has no such destination. It is the *Error of the edit then, also if
// EditDestination did not send that, because the destination was missing when it read.
func (c *Client) EditDestination(id ServiceID, d DestinationID, edit func(*Destination) error) error {
	now, err := c.destination(id, d)
	if err != nil {
		return err
	}
	if err := edit(&now); err != nil {
		return err
	}
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
