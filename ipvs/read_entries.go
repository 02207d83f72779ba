// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"iter"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
)

// TableEntries reads what Table reads, and promises the same, but yields each service
// with its destinations as soon as it has read them. It holds the list of services in
// memory, with their settings and counters at the start of the loop, and the destinations
// of one service. It reads those when the loop comes to the service, so the entries of a
// long loop are of different times.
//
// The loop may call the client, and may change the table: it leaves out services that are
// deleted before it comes to them, and does not see new ones. It ends at the first error.
func (c *Client) TableEntries() iter.Seq2[TableEntry, error] {
	return func(yield func(TableEntry, error) bool) {
		services, err := c.Services()
		if err != nil {
			yield(TableEntry{}, err)
			return
		}
		reader, closeReader := c.destinationReader()
		defer closeReader()
		for _, s := range services {
			entry, err := c.listedEntry(reader, s)
			if errors.Is(err, ErrNoService) {
				continue
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

// listedEntry adds the destinations to a service that has been listed. The error is
// ErrNoService if it has been deleted since.
func (c *Client) listedEntry(reader *Client, s Service) (TableEntry, error) {
	destinations, complete, err := reader.dumpDestinations(s.ServiceID)
	table := Table{{s, destinations}}
	if err == nil && !complete {
		err = c.verifyDestinations(table, []int{0})
	}
	if err == nil {
		err = reader.checkExists(&table[0])
	}
	if err != nil {
		return TableEntry{}, err
	}
	return table[0], nil
}

// destinationReader returns the client that is best to read the destinations of many
// services with, and a function to call afterwards. A few destinations are read faster in
// small chunks.
func (c *Client) destinationReader() (reader *Client, done func()) {
	if c.usesLargeChunks() {
		if narrow, err := c.sibling(nlsock.SmallBuffer()); err == nil {
			return narrow, func() { _ = narrow.Close() }
		}
	}
	return c, func() {}
}
