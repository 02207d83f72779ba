// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"io"
	"io/fs"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
)

// SetProcTable sets the function with which a client opens the listing of /proc. With nil
// there is no such file.
func (c *Client) SetProcTable(open func() (io.ReadCloser, error)) {
	if open == nil {
		open = func() (io.ReadCloser, error) { return nil, fs.ErrNotExist }
	}
	c.conn.openProcTable = open
}

// Over returns an option to use a transport.
func Over(t nlsock.Transport) Option { return func(c *nlsock.Config) { c.Transport = t } }

// CommandAlone returns a change with any command and without operands.
func CommandAlone(c Command) Change { return newChange(&operation{command: c}) }

// EncodeChange returns the attributes of the message of a change.
func EncodeChange(ch Change) ([]byte, error) {
	op := ch.operation()
	return Encode(&op)
}

// Encode returns the attributes of an object or an identity, given by its pointer.
func Encode(object any) ([]byte, error) {
	var e encoder
	object.(interface{ encode(*encoder) }).encode(&e)
	if e.Err != nil {
		return nil, prefixed(e.Err)
	}
	return e.B, nil
}

// Decode reads the attributes of an object. A destination is one of an unknown service.
func Decode(object any, b []byte) error {
	if d, ok := object.(*Destination); ok {
		return prefixed(d.decode(b, 0))
	}
	return prefixed(object.(interface{ decode([]byte) error }).decode(b))
}

// SockoptMatches reports whether IP_VS_SO_GET_DESTS lists exactly these destinations of
// a service, in this order.
func (c *Client) SockoptMatches(id ServiceID, destinations []Destination) (bool, error) {
	lister := c.newDestinationLister()
	defer lister.close()
	if err := lister.open(); err != nil {
		return false, err
	}
	return lister.matches(id, destinations), nil
}
