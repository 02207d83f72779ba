package ipvs

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// The kernel gives a generic netlink family a number when its module is loaded,
// and another one when it is loaded again. It answers a request with the number of
// a family that is gone with ENOENT, as it does a command that lacks its scheduler
// or destination. So after an ENOENT, and only then, the family is looked up again.

// findFamily sets the family's number to what it is now, and tells whether it was
// another. Without IPVS the number is 0 and the error ErrNoIPVS. To ask for the
// family by name would make the kernel load a module that somebody has unloaded.
func (c *Client) findFamily() (moved bool, err error) {
	families, err := c.listFamilies()
	if err != nil {
		c.unsettled = true
		return false, fmt.Errorf("look up the %s family: %w", familyName, err)
	}
	for _, f := range families {
		if f.Name == familyName {
			moved = f.ID != c.family
			c.family = f.ID
			return moved, nil
		}
	}
	c.family = 0
	return false, ErrNoIPVS
}

func (c *Client) listFamilies() ([]genetlink.Family, error) {
	if err := c.settle(); err != nil {
		return nil, err
	}
	return genetlink.NewConn(c.conn).ListFamilies()
}

// ready makes sure that the next answer is that of the next request, and that
// there is a family to send it to.
func (c *Client) ready() error {
	if err := c.settle(); err != nil {
		return err
	}
	if c.family != 0 {
		return nil
	}
	_, err := c.findFamily()
	return err
}

// maxMoves is how often a request follows the family to another number.
const maxMoves = 3

// send sends a part of a batch. It tells whether ip_vs is gone.
//
// The kernel handles the changes one by one, so the module may go between two of
// them. Those before were made, all from there on were answered with ENOENT. Just
// those are sent again: the ENOENT of a change with another answer after it is
// its own.
func (c *Client) send(p part) (gone bool) {
	c.sendOnce(p)
	for range maxMoves {
		if n := len(p.errs); n > 0 && errors.Is(p.errs[n-1], ErrNoIPVS) {
			return true
		}
		if p = p.missedAtEnd(); len(p.errs) == 0 {
			return false
		}
		switch moved, err := c.findFamily(); {
		case err != nil:
			p.failAll(prefixed(c.failure(err)))
			return errors.Is(err, ErrNoIPVS)
		case !moved:
			return false
		}
		clear(p.errs)
		c.sendOnce(p)
	}
	p = p.missedAtEnd()
	p.failAll(ErrNoIPVS)
	return len(p.errs) > 0
}

// missedAtEnd is the end of the part that was answered with ENOENT. What may come
// after it, and has no answer, is left out.
func (p part) missedAtEnd() part {
	errno := func(i int) syscall.Errno {
		var e *Error
		if !errors.As(p.errs[i], &e) {
			return 0
		}
		return e.Errno
	}
	to := len(p.errs)
	for to > 0 && p.errs[to-1] != nil && errno(to-1) == 0 {
		to--
	}
	from := to
	for from > 0 && errno(from-1) == unix.ENOENT {
		from--
	}
	return p.slice(from, to)
}

func (p part) failAll(err error) {
	for i := range p.errs {
		p.errs[i] = err
	}
}

// exchangeFound is exchange, with the family's new number if it has one.
func exchangeFound[T any](c *Client, flags netlink.HeaderFlags, request []byte, decode func(*T, []byte) error) (*answer[T], error) {
	for range maxMoves {
		answer, err := exchange(c, flags, request, decode)
		if errno, _, ok := kernelErrno(err); !ok || errno != unix.ENOENT {
			return answer, err
		}
		switch moved, lost := c.findFamily(); {
		case lost != nil:
			return nil, lost
		case !moved:
			return nil, err
		}
	}
	return nil, ErrNoIPVS
}
