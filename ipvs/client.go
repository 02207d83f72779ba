// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"context"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
)

// Client is a connection to the kernel's IPVS. Dial makes it; the zero Client is not
// usable. It is safe for concurrent use: its calls take turns. WithContext bounds them in
// time.
//
// If the kernel refuses a command, the method returns an *Error: an fs.ErrPermission if the
// caller lacks CAP_NET_ADMIN, an fs.ErrInvalid for a value that the kernel does not accept,
// and an errors.ErrUnsupported for an address of a family that it does not support. The
// methods name their other errors. ConnEntries and Totals read files instead of sending
// commands, and return the errors of those. Every method returns ErrNoIPVS if the module
// has been unloaded, and os.ErrClosed after Close.
type Client struct {
	conn *connection
	ctx  context.Context // bounds the calls; nil if nothing does
}

// Option changes how Dial connects. A nil Option changes nothing.
type Option func(*nlsock.Config)

// RawSyscalls makes the client call the kernel without telling the Go runtime, for a
// program that does nothing else while it waits for the kernel. On a machine with one
// processor, long listings are then about twice as fast, because the runtime does not
// hand the processor to another thread at each call. The price is that a call stops its
// processor for all goroutines, and a garbage collection anywhere in the program, until
// the kernel returns, which can take seconds.
func RawSyscalls() Option { return rawSyscalls }

func rawSyscalls(c *nlsock.Config) { c.RawSyscalls = true }

// Dial connects to the IPVS of the current thread's network namespace, unless an option
// names another one. It does not load kernel modules: without ip_vs it returns
// ErrNoIPVS. On systems other than Linux it returns ErrNotSupported.
func Dial(options ...Option) (*Client, error) {
	var config nlsock.Config
	for _, set := range options {
		if set != nil {
			set(&config)
		}
	}
	conn, err := connect(&config)
	if err != nil {
		return nil, prefixed(err)
	}
	return &Client{conn: conn}, nil
}

// Close closes the socket. Calls that wait for the kernel, and all later calls,
// return os.ErrClosed.
func (c *Client) Close() error { return prefixed(c.conn.close()) }

// Info reads the version of ip_vs and the size of the connection table.
func (c *Client) Info() (Info, error) {
	return getOne(c, newRequest(CommandGetInfo), (*Info).decode)
}

// Timeouts reads the timeouts of connections.
func (c *Client) Timeouts() (Timeouts, error) {
	return getOne(c, newRequest(CommandGetConfig), (*Timeouts).decode)
}

// Service reads one service. The error is ErrNoService if there is none.
func (c *Client) Service(id ServiceID) (Service, error) {
	r := newRequest(CommandGetService)
	r.Nest(attrService, id.encode)
	s, err := getOne(c, r, nested(attrService, (*Service).decode))
	return s, withSubject(err, id)
}

// Daemons lists the running sync daemons, the master first.
func (c *Client) Daemons() ([]Daemon, error) {
	a, err := dump(c, newRequest(CommandGetDaemons), nested(attrDaemon, (*Daemon).decode))
	if err != nil {
		return nil, err
	}
	return a.objects, nil
}

// NewService adds a service. The error is fs.ErrExist if the service exists, and
// ErrNoScheduler if the kernel has no such scheduler or persistence engine.
func (c *Client) NewService(s Service) error { return c.do(NewService(s)) }

// SetService replaces all settings of a service; its destinations stay. The error is
// ErrNoService if there is no such service, and ErrNoScheduler if the kernel has no
// such scheduler or persistence engine.
func (c *Client) SetService(s Service) error { return c.do(SetService(s)) }

// DelService deletes a service with its destinations. The error is ErrNoService if
// there is no such service.
func (c *Client) DelService(id ServiceID) error { return c.do(DelService(id)) }

// NewDestination adds a destination to a service. The error is fs.ErrExist if the
// service has that destination, and ErrNoService if there is no such service.
func (c *Client) NewDestination(id ServiceID, d Destination) error {
	return c.do(NewDestination(id, d))
}

// SetDestination replaces all settings of a destination; its connections stay. The
// error is ErrNoService if there is no such service, and ErrNoDestination if the
// service has no such destination.
func (c *Client) SetDestination(id ServiceID, d Destination) error {
	return c.do(SetDestination(id, d))
}

// DelDestination removes a destination from a service. The error is ErrNoService if
// there is no such service, and ErrNoDestination if the service has no such
// destination.
func (c *Client) DelDestination(id ServiceID, d DestinationID) error {
	return c.do(DelDestination(id, d))
}

// StartDaemon starts a sync daemon. The error is fs.ErrExist if a daemon of that
// state runs already, ErrNoInterface if there is no such interface, and fs.ErrInvalid
// while a destination has a different family from its service.
func (c *Client) StartDaemon(d Daemon) error { return c.do(StartDaemon(d)) }

// StopDaemon stops the sync daemon of a state. The error is ErrNoDaemon if none of that
// state runs.
func (c *Client) StopDaemon(state DaemonState) error { return c.do(StopDaemon(state)) }

// SetTimeouts sets the timeouts that are not zero. The error is fs.ErrInvalid, and no
// timeout changes, if one is longer than the kernel can count in ticks.
func (c *Client) SetTimeouts(t Timeouts) error { return c.do(SetTimeouts(t)) }

// ZeroService sets the counters of one service and its destinations to zero. The
// error is ErrNoService if there is no such service.
func (c *Client) ZeroService(id ServiceID) error { return c.do(ZeroService(id)) }

// ZeroAll sets all counters to zero.
func (c *Client) ZeroAll() error { return c.do(ZeroAll()) }

// Flush deletes all services.
func (c *Client) Flush() error { return c.do(Flush()) }

// do sends one change.
func (c *Client) do(change Change) error { return c.Apply([]Change{change})[0] }
