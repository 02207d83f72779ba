// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync/atomic"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
)

// connection is a connection of generic netlink to IPVS. Its methods and fields belong
// to one call at a time, which has acquired nl.
type connection struct {
	nl *nlsock.Conn
	// socket is the kernel's socket below nl. It is nil for a fake, which does not
	// tell where the chunks of a dump end.
	socket *nlsock.Socket
	// sockopts replaces nl for the commands of IPVS if it is not nil: see SockoptFallback.
	sockopts atomic.Pointer[sockopts]
	// sockoptOpener opens sockopts if netlink refuses a command. It is nil if that is not
	// wanted, not possible or done.
	sockoptOpener nlsock.SockoptOpener
	family        uint16
	// desynced is set if answers to a failed request may still arrive.
	desynced bool
	// sizeHint is the number of objects in the last answer. Services tend to have
	// equally many destinations, so it sizes the slice of the next answer.
	sizeHint int
	// openProcTable replaces nl.OpenProc in tests.
	openProcTable func() (io.ReadCloser, error)
}

// connect opens a connection, and looks up the family.
func connect(config *nlsock.Config) (*connection, error) {
	c := &connection{}
	transport := config.Transport
	switch {
	case transport != nil:
	case runtime.GOOS != "linux":
		return nil, ErrNotSupported
	default:
		socket, err := nlsock.Open(config)
		if err != nil {
			return nil, err
		}
		c.socket, transport = socket, socket
	}
	c.nl = nlsock.NewConn(transport)
	switch err := c.lookUpFamily(); {
	case errors.Is(err, fs.ErrNotExist):
		_ = c.nl.Close()
		return nil, ErrNoIPVS
	case err != nil:
		_ = c.nl.Close()
		return nil, fmt.Errorf("look up the %s family: %w", familyName, err)
	}
	if config.SockoptFallback {
		c.sockoptOpener, _ = transport.(nlsock.SockoptOpener)
	}
	return c, nil
}

// rawSyscalls reports whether the client makes raw system calls.
func (c *connection) rawSyscalls() bool { return c.socket != nil && c.socket.RawSyscalls() }

// openTable opens procTable in the network namespace of the connection.
func (c *connection) openTable() (io.ReadCloser, error) {
	if c.openProcTable != nil {
		return c.openProcTable()
	}
	return c.nl.OpenProc(procTable)
}
