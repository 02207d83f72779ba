// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"runtime"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
)

// minParallel is the smallest number of services whose destinations two connections read:
// for fewer, a second socket and thread take longer than they save.
const minParallel = 50

// dumpEach dumps the destinations of some services of a table, given by their indices, and
// returns the indices of those whose dump may be incomplete. If there are many services
// and two processors, a second connection dumps half of them. The kernel answers one dump
// at a time (genl_mutex), and while it answers one connection the other decodes.
func (c *Client) dumpEach(table Table, some []int) (unverified []int, err error) {
	second, ok := c.secondReader(len(some))
	if !ok {
		return c.dumpInOrder(table, some)
	}
	defer func() { _ = second.Close() }()
	half := len(some) / 2
	var unverified2 []int
	var err2 error
	done := make(chan struct{})
	go func() {
		defer close(done)
		unverified2, err2 = second.dumpInOrder(table, some[half:])
	}()
	unverified, err = c.dumpInOrder(table, some[:half])
	<-done
	if err == nil {
		err = err2
	}
	return append(unverified, unverified2...), err
}

// secondReader returns another client to read the destinations of so many services with,
// if that is worth it.
func (c *Client) secondReader(services int) (second *Client, ok bool) {
	if services < minParallel || runtime.GOMAXPROCS(0) < 2 {
		return nil, false
	}
	second, err := c.sibling(nlsock.SmallBuffer())
	return second, err == nil
}

// dumpInOrder dumps the destinations of some services one after the other, as dumpEach.
func (c *Client) dumpInOrder(table Table, some []int) (unverified []int, err error) {
	for _, i := range some {
		destinations, complete, err := c.dumpDestinations(table[i].Service.ServiceID)
		if err != nil {
			return nil, err
		}
		table[i].Destinations = destinations
		if !complete {
			unverified = append(unverified, i)
		}
	}
	return unverified, nil
}
