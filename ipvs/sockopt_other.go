// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package ipvs

// destinationLister needs a socket option of Linux.
type destinationLister struct{}

func (c *Client) newDestinationLister() (*destinationLister, error) {
	return nil, errNoDestinationLister
}

func (*destinationLister) matches(ServiceID, []Destination) bool { return false }

func (*destinationLister) tell(ServiceID, []Destination) (ok bool) { return false }

func (*destinationLister) close() {}
