// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"github.com/mdlayher/netlink/nlenc"
)

// The kernel numbers a generic netlink family when its module is loaded, and gives it
// another number when the module is loaded again. It answers a request to an unknown
// family number with ENOENT, the errno of a missing scheduler or destination, too. So
// the client looks the family up again after an ENOENT, and only then.

// refreshFamily updates the family's number and reports whether it has changed.
// Without IPVS the number is 0 and the error ErrNoIPVS. It lists all families, because
// a look-up by name would make the kernel load a module that somebody has unloaded.
func (c *connection) refreshFamily() (changed bool, err error) {
	families, err := c.listFamilies()
	if err != nil {
		c.desynced = true
		return false, fmt.Errorf("look up the %s family: %w", familyName, err)
	}
	for _, f := range families {
		if f.Name == familyName {
			changed = f.ID != c.family
			c.family = f.ID
			return changed, nil
		}
	}
	c.family = 0
	return false, ErrNoIPVS
}

// lookUpFamily asks for the family's number by its name. It makes the kernel load the
// module if the kernel can.
func (c *connection) lookUpFamily() error {
	families, err := c.getFamilies(0, netlink.Attribute{Type: ctrlFamilyName, Data: nlenc.Bytes(familyName)})
	switch {
	case err != nil:
		return err
	case len(families) != 1:
		return fmt.Errorf("%d replies from the kernel, want 1", len(families))
	}
	c.family = families[0].ID
	return nil
}

func (c *connection) listFamilies() ([]genetlink.Family, error) {
	if err := c.resync(); err != nil {
		return nil, err
	}
	return c.getFamilies(netlink.Dump)
}

// getFamilies sends CTRL_CMD_GETFAMILY. genetlink.Conn does it, too, but only over a
// netlink.Conn.
func (c *connection) getFamilies(flags netlink.HeaderFlags, selector ...netlink.Attribute) ([]genetlink.Family, error) {
	attributes, err := netlink.MarshalAttributes(selector)
	if err != nil {
		return nil, err
	}
	request, err := genetlink.Message{Header: genetlink.Header{Command: ctrlGetFamily, Version: 1}, Data: attributes}.MarshalBinary()
	if err != nil {
		return nil, err
	}
	replies, err := c.nl.Execute(genlIDControl, flags, request)
	if err != nil {
		return nil, err
	}
	families := make([]genetlink.Family, 0, len(replies))
	for _, reply := range replies {
		f, err := parseFamily(reply.Data)
		if err != nil {
			return nil, err
		}
		families = append(families, f)
	}
	return families, nil
}

// parseFamily decodes the name and the number of a family.
func parseFamily(b []byte) (f genetlink.Family, err error) {
	var m genetlink.Message
	if err := m.UnmarshalBinary(b); err != nil {
		return f, err
	}
	a, err := netlink.NewAttributeDecoder(m.Data)
	if err != nil {
		return f, err
	}
	for a.Next() {
		switch a.Type() {
		case ctrlFamilyID:
			f.ID = a.Uint16()
		case ctrlFamilyName:
			f.Name = a.String()
		}
	}
	return f, a.Err()
}

// ensureReady resyncs the connection, so that the next answer belongs to the next
// request, and makes sure that the family's number is known.
func (c *connection) ensureReady() error {
	if err := c.resync(); err != nil {
		return err
	}
	if c.family != 0 {
		return nil
	}
	_, err := c.refreshFamily()
	return err
}

// maxFamilyChanges bounds how often one request is sent again to a new family number.
const maxFamilyChanges = 3

// sendNetlink sends a span and reports whether ip_vs is gone.
//
// The kernel handles the changes one by one, so the module may be unloaded between
// two of them. It has then made the changes before, and answers all later ones with
// ENOENT. sendNetlink repeats those only: the ENOENT of a change that is followed by another
// answer has another cause.
func (c *connection) sendNetlink(s span) (gone bool) {
	c.trySend(s)
	for range maxFamilyChanges {
		if n := len(s.errs); n > 0 && errors.Is(s.errs[n-1], ErrNoIPVS) {
			return true
		}
		if s = s.trailingENOENT(); len(s.errs) == 0 {
			return false
		}
		switch changed, err := c.refreshFamily(); {
		case err != nil:
			s.setAll(prefixed(err))
			return errors.Is(err, ErrNoIPVS)
		case !changed:
			return false
		}
		clear(s.errs)
		c.trySend(s)
	}
	s = s.trailingENOENT()
	s.setAll(ErrNoIPVS)
	return len(s.errs) > 0
}

// trailingENOENT returns the last changes of the span whose answers are ENOENT. It
// leaves out changes after them that have no answer.
func (s span) trailingENOENT() span {
	errno := func(i int) syscall.Errno {
		var e *Error
		if !errors.As(s.errs[i], &e) {
			return 0
		}
		return e.Errno
	}
	to := len(s.errs)
	for to > 0 && s.errs[to-1] != nil && errno(to-1) == 0 {
		to--
	}
	from := to
	for from > 0 && errno(from-1) == syscall.ENOENT {
		from--
	}
	return s.slice(from, to)
}

// setAll sets the errors of all changes.
func (s span) setAll(err error) {
	for i := range s.errs {
		s.errs[i] = err
	}
}

// exchangeNetlink is exchange, repeated if the family's number has changed.
func exchangeNetlink[T any](c *connection, flags netlink.HeaderFlags, request []byte, decode func(*T, []byte) error) (*answer[T], error) {
	for range maxFamilyChanges {
		answer, err := exchange(c, flags, request, decode)
		if errno, _, ok := nlsock.KernelErrno(err); !ok || errno != syscall.ENOENT {
			return answer, err
		}
		switch changed, lookupErr := c.refreshFamily(); {
		case lookupErr != nil:
			return nil, lookupErr
		case !changed:
			return nil, err
		}
	}
	return nil, ErrNoIPVS
}
