// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"maps"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
)

// Services lists all services in the kernel's order. Each service that exists
// throughout the call is listed exactly once, whatever others add or delete at the
// same time, in this network namespace or another. Without services the list is empty.
// The error is ErrInterrupted if the table keeps changing while it is read.
func (c *Client) Services() ([]Service, error) {
	large := c.usesLargeChunks()
	a, err := c.dumpServices()
	if err != nil {
		return nil, err
	}
	return c.completeServices(a, large)
}

// completeServices returns the services of a dump if it is complete, and dumps them again
// otherwise. large tells whether all chunks of the dump were large.
func (c *Client) completeServices(a *answer[Service], large bool) ([]Service, error) {
	if a.chunks.isComplete() {
		if c.conn.socket == nil {
			a.objects = distinctServices(a.objects)
		}
		return a.objects, nil
	}
	// The chunks of b must end at other services than those of a. Unless the chunks of
	// a were all large, those of b are larger.
	b, err := a, error(nil)
	if large || c.conn.socket == nil {
		b, err = c.dumpServicesResized(0)
	} else {
		b, err = c.dumpServices()
	}
	switch {
	case errors.Is(err, errNoSocket):
		return c.consistentServices(a.objects)
	case err != nil:
		return nil, err
	case b.chunks.isComplete() || c.conn.socket != nil && confirmEachOther(a, b):
		return b.objects, nil
	}
	known := newServiceOrder()
	if c.conn.socket != nil {
		known.add(a)
	}
	more := newPatience(quickDumps)
	for n := 1; !known.add(b); n++ {
		if err := more.wait(c); err != nil {
			return nil, err
		}
		if b, err = c.dumpServicesResized(n); err != nil {
			return nil, err
		}
	}
	return known.list(), nil
}

// distinctServices keeps one of each service.
func distinctServices(services []Service) []Service {
	known := newServiceOrder()
	known.addAll(services)
	return known.list()
}

var errNoSocket = errors.New("no socket of the kernel")

const (
	// quickDumps is how many dumps follow the second one at once. Usually none is needed.
	quickDumps = 10
	// chunkSizeStep is the difference in chunk size from dump to dump, in bytes. It
	// makes the chunks of each dump end at other services.
	chunkSizeStep = 512
	// chunkSizes is the number of sizes before the first one comes again.
	chunkSizes = 64
)

func (c *Client) dumpServices() (*answer[Service], error) {
	return dump(c, newRequest(CommandGetService), nested(attrService, (*Service).decode))
}

// dumpServicesResized dumps the services in chunks of another size, over a socket of
// its own. The error is errNoSocket if it cannot open one.
func (c *Client) dumpServicesResized(n int) (*answer[Service], error) {
	other, err := c.sibling(nlsock.LargeBuffer() - (n%chunkSizes+1)*chunkSizeStep)
	if err != nil {
		return nil, errNoSocket
	}
	defer func() { _ = other.Close() }()
	return other.dumpServices()
}

// usesLargeChunks reports whether the next dump has large chunks from the first one on.
func (c *Client) usesLargeChunks() bool {
	if c.conn.socket == nil || c.acquire() != nil {
		return false
	}
	defer c.release()
	return c.conn.socket.HasLargeBuffer()
}

// sibling returns a client with a socket of its own in the same network namespace. It
// receives into a buffer of recvSize bytes, which bounds the chunks of a dump. The error is
// errNoSocket if netlink refuses the caller, as it would refuse the sibling.
func (c *Client) sibling(recvSize int) (*Client, error) {
	if c.conn.socket == nil || c.UsesSockopts() {
		return nil, errNoSocket
	}
	if err := c.acquire(); err != nil {
		return nil, err
	}
	family := c.conn.family
	c.release()
	var s *nlsock.Socket
	err := c.conn.socket.InNamespace(func() (err error) {
		s, err = nlsock.Open(&nlsock.Config{RawSyscalls: c.conn.rawSyscalls()})
		return err
	})
	if err != nil {
		return nil, err
	}
	s.SetBuffer(recvSize)
	return &Client{conn: &connection{nl: nlsock.NewConn(s), socket: s, family: family}, ctx: c.ctx}, nil
}

// consistentServices repeats the dump until two dumps in a row have the same services.
// It serves connections for which the client cannot open a second socket.
func (c *Client) consistentServices(last []Service) ([]Service, error) {
	for more := newPatience(readTries); ; {
		a, err := c.dumpServices()
		if err != nil {
			return nil, err
		}
		before, now := newServiceOrder(), newServiceOrder()
		before.addAll(last)
		if now.addAll(a.objects); maps.Equal(before.next, now.next) {
			return now.list(), nil
		}
		last = a.objects
		if err := more.wait(c); err != nil {
			return nil, err
		}
	}
}
