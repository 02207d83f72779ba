// Package ipvs speaks to the kernel's IP Virtual Server, the layer 4 load
// balancer of Linux, over generic netlink. It covers the whole interface of
// include/uapi/linux/ip_vs.h.
//
// A Client holds one socket. Reads return plain values; writes are single
// calls, or many Changes at once with Client.Apply. IPVS belongs to a network
// namespace: a Client works on the one its thread was in when it was dialled.
// Reads and writes need CAP_NET_ADMIN in it.
package ipvs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// ErrNoIPVS is returned by Dial and New if the kernel does not know IPVS,
// usually because the module ip_vs is not loaded, and by all other calls as long
// as the module is unloaded. It is an fs.ErrNotExist.
var ErrNoIPVS = fmt.Errorf("ipvs: the kernel has no IPVS; is the module ip_vs loaded? (%w)", fs.ErrNotExist)

// Client is a connection to the kernel's IPVS, made by Dial or New. It is safe
// for concurrent use.
type Client struct {
	mu     sync.Mutex
	conn   *netlink.Conn
	family uint16
	closed atomic.Bool
	// unsettled is set if answers to a failed request may still arrive.
	unsettled bool
	// likely is how many objects the last answer held. A service often has as
	// many destinations as the one before, whose list then has just its size.
	likely int
	// socket is what Dial opened: the parts of a dump are known of no other.
	socket *socket
	// raw is the descriptor of conn; nil if conn is no socket of the kernel.
	raw syscall.RawConn
	// openProc opens the kernel's listing of the table; nil where there is none.
	openProc func() (io.ReadCloser, error)
	// messages are those of the last part of a batch, to be used again.
	messages []netlink.Message
}

// Dial connects to the IPVS of the current network namespace. It does not load
// kernel modules.
func Dial() (*Client, error) { return dial(unix.Syscall6) }

// DialAlone connects as Dial does, for a program that does nothing else while it
// waits for the kernel. Its system calls are hidden from Go's scheduler, which on a
// machine with one processor gives that to another thread in every call of more
// than 20 us, and then wants it back: a listing of 1000 services with 10
// destinations each takes 0.5 s instead of 1.1 s (emulated). Until the kernel
// answers, one goroutine less runs at a time, and a garbage collection waits.
func DialAlone() (*Client, error) { return dial(unix.RawSyscall6) }

func dial(call systemCall) (*Client, error) {
	s, err := openSocket(call)
	if err != nil {
		return nil, fmt.Errorf("ipvs: %w", err)
	}
	c, err := New(netlink.NewConn(s, s.PID()))
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	c.socket = s
	return c, nil
}

// New makes a Client of a generic netlink connection, such as one to a fake
// (see package ipvstest) or in another network namespace. It looks up the IPVS
// family. Close closes the connection.
func New(conn *netlink.Conn) (*Client, error) {
	c := &Client{conn: conn}
	if raw, err := conn.SyscallConn(); err == nil {
		c.raw = raw
		c.openProc = func() (io.ReadCloser, error) { return openProcTable(raw, c.systemCall()) }
	}
	family, err := c.lookUpFamily()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNoIPVS
	case err != nil:
		return nil, fmt.Errorf("ipvs: look up the %s family: %w", familyName, err)
	}
	c.family = family.ID
	return c, nil
}

// systemCall is how the client makes system calls.
func (c *Client) systemCall() systemCall {
	if c.socket != nil {
		return c.socket.call
	}
	return unix.Syscall6
}

// lookUpFamily guards against GetFamily's panic at a reply without one.
func (c *Client) lookUpFamily() (f genetlink.Family, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return genetlink.NewConn(c.conn).GetFamily(familyName)
}

// Close closes the socket. A call that waits for the kernel, and all later ones,
// end with os.ErrClosed.
func (c *Client) Close() error {
	if c.closed.Swap(true) {
		return prefixed(os.ErrClosed)
	}
	return prefixed(c.conn.Close())
}

// Info asks for the version and the size of the connection table.
func (c *Client) Info() (Info, error) {
	return getOne(c, newRequest(CommandGetInfo), (*Info).decode)
}

// Config asks for the timeouts.
func (c *Client) Config() (Config, error) {
	return getOne(c, newRequest(CommandGetConfig), (*Config).decode)
}

// Service asks for one service. If there is none, the error is an fs.ErrNotExist.
func (c *Client) Service(id ServiceID) (Service, error) {
	r := newRequest(CommandGetService)
	r.nest(attrService, id.encode)
	s, err := getOne(c, r, inside(attrService, (*Service).decode))
	return s, describe(err, id)
}

// Daemons lists the sync daemons that run, the master first.
func (c *Client) Daemons() ([]Daemon, error) {
	a, err := dump(c, newRequest(CommandGetDaemons), inside(attrDaemon, (*Daemon).decode))
	if err != nil {
		return nil, err
	}
	return a.objects, nil
}

// NewService adds a service.
func (c *Client) NewService(s Service) error { return c.do(NewService(s)) }

// SetService replaces all settings of a service.
func (c *Client) SetService(s Service) error { return c.do(SetService(s)) }

// DelService deletes a service with its destinations.
func (c *Client) DelService(id ServiceID) error { return c.do(DelService(id)) }

// NewDestination adds a destination to a service.
func (c *Client) NewDestination(id ServiceID, d Destination) error {
	return c.do(NewDestination(id, d))
}

// SetDestination replaces all settings of a destination.
func (c *Client) SetDestination(id ServiceID, d Destination) error {
	return c.do(SetDestination(id, d))
}

// DelDestination takes a destination out of a service.
func (c *Client) DelDestination(id ServiceID, d DestinationID) error {
	return c.do(DelDestination(id, d))
}

// StartDaemon starts a sync daemon.
func (c *Client) StartDaemon(d Daemon) error { return c.do(StartDaemon(d)) }

// StopDaemon stops a sync daemon.
func (c *Client) StopDaemon(state DaemonState) error { return c.do(StopDaemon(state)) }

// SetConfig sets the timeouts that are not zero.
func (c *Client) SetConfig(config Config) error { return c.do(SetConfig(config)) }

// ZeroService sets the counters of one service and its destinations to zero.
func (c *Client) ZeroService(id ServiceID) error { return c.do(ZeroService(id)) }

// ZeroAll sets all counters to zero.
func (c *Client) ZeroAll() error { return c.do(ZeroAll()) }

// Flush deletes all services.
func (c *Client) Flush() error { return c.do(Flush()) }

// do sends one change.
func (c *Client) do(change Change) error { return c.Apply([]Change{change})[0] }
