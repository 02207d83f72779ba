// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"io"
	"io/fs"
	"iter"
)

// The files of /proc/net that a client reads.
const (
	procConnEntries = "ip_vs_conn"
	procStats       = "ip_vs_stats"
	procStatus      = "ip_vs_status"
)

// ConnEntries reads the connections from /proc/net/ip_vs_conn of the client's network
// namespace. It reads the file as the loop goes on, so its memory does not grow with the
// number of connections, and ends at the first error. The kernel may omit or repeat
// connections that come or go meanwhile, and from Linux 7.1 on any while it resizes the
// table. It shows a masqueraded connection once, although that is in the table twice.
//
// The loop also ends with an error at the entry after the end of the client's context, or
// after Close. The errors are those of the file, not an *Error.
//
// The file needs /proc, and CAP_NET_ADMIN only if the calling thread is in another
// network namespace than the client; then CAP_SYS_ADMIN, too.
func (c *Client) ConnEntries() iter.Seq2[ConnEntry, error] {
	return func(yield func(ConnEntry, error) bool) {
		file, err := c.openProc(procConnEntries)
		if err != nil {
			yield(ConnEntry{}, prefixed(err))
			return
		}
		defer func() { _ = file.Close() }()
		for e, err := range ConnEntries(file) {
			if ended := c.conn.nl.Ended(c.ctx); ended != nil && err == nil {
				e, err = ConnEntry{}, connTableError(ended)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Totals reads the sums of the counters and rates of all services from
// /proc/net/ip_vs_stats of the client's network namespace. The counters include those of
// services that have been deleted. It needs the same as ConnEntries.
func (c *Client) Totals() (Stats, error) {
	file, err := c.openProc(procStats)
	if err != nil {
		return Stats{}, prefixed(err)
	}
	defer func() { _ = file.Close() }()
	return ReadTotals(file)
}

// Status reads the sizes of the tables from /proc/net/ip_vs_status of the client's network
// namespace. The error is fs.ErrNotExist on kernels before 7.1, which lack the file, and
// fs.ErrPermission without the rights of root: the file is for the user and the group root
// alone. The kernel walks through all buckets to write it.
//
// It needs what ConnEntries needs besides.
func (c *Client) Status() (Status, error) {
	file, err := c.openProc(procStatus)
	if err != nil {
		return Status{}, prefixed(err)
	}
	defer func() { _ = file.Close() }()
	return ReadStatus(file)
}

// openProc opens a file of /proc/net in the client's network namespace. The error is
// ErrNoIPVS if the file is missing because the module is not loaded.
func (c *Client) openProc(name string) (io.ReadCloser, error) {
	if err := c.conn.nl.Ended(c.ctx); err != nil {
		return nil, err
	}
	file, err := c.conn.nl.OpenProc(name)
	switch {
	case err == nil:
		return c.bounded(file), nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if busy := c.acquire(); busy != nil {
		return nil, busy
	}
	defer c.release()
	if _, missing := c.conn.refreshFamily(); missing != nil {
		return nil, missing
	}
	return nil, err
}
