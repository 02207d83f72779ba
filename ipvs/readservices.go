package ipvs

import (
	"fmt"
	"maps"

	"github.com/mdlayher/netlink"
)

// Services lists all services, in the kernel's order, an empty slice if there are
// none. None that is there all the time is missing, and none is there twice,
// whatever is added or deleted meanwhile, here or in other network namespaces.
func (c *Client) Services() ([]Service, error) {
	a, err := c.dumpServices()
	if err != nil {
		return nil, err
	}
	if a.parts.whole() && c.socket != nil {
		return a.objects, nil
	}
	known := newServiceOrder()
	switch {
	case a.parts.whole():
		known.note(a.objects) // some may have come again
		return known.list(), nil
	case c.socket == nil:
		// Where the parts end is not known.
	case known.add(a):
		return known.list(), nil
	}
	for n := range servicesTries {
		another, err := c.another(receiveBuffer - n*shorter)
		if err != nil {
			return c.stableServices(a.objects)
		}
		a, err := another.dumpServices()
		_ = another.Close()
		if err != nil {
			return nil, err
		}
		if known.add(a) {
			return known.list(), nil
		}
	}
	return nil, fmt.Errorf("ipvs: %w", errInterrupted)
}

const (
	// servicesTries is how many more dumps there are at most. Usually it takes one.
	servicesTries = 10
	// shorter makes the parts of each dump end elsewhere than those of the one before.
	shorter = 512
)

func (c *Client) dumpServices() (*answer[Service], error) {
	return dump(c, newRequest(CommandGetService), inside(attrService, (*Service).decode))
}

// another is a client with a socket of its own in the same network namespace, that
// offers a buffer of so many bytes.
func (c *Client) another(offered int) (*Client, error) {
	if c.raw == nil {
		return nil, errNoSocket
	}
	var s *socket
	err := inNamespaceOf(c.raw, func() (err error) {
		s, err = openSocket(c.systemCall())
		return err
	})
	if err != nil {
		return nil, err
	}
	s.offered = offered
	return &Client{conn: netlink.NewConn(s, s.PID()), socket: s, family: c.family}, nil
}

// stableServices reads until two readings have the same services, where there is no
// other way.
func (c *Client) stableServices(last []Service) ([]Service, error) {
	for range readTries {
		a, err := c.dumpServices()
		if err != nil {
			return nil, err
		}
		before, now := newServiceOrder(), newServiceOrder()
		before.note(last)
		if now.note(a.objects); maps.Equal(before.next, now.next) {
			return now.list(), nil
		}
		last = a.objects
	}
	return nil, fmt.Errorf("ipvs: %w", errInterrupted)
}
