// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"slices"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/mdlayher/netlink"
)

// maxDrained bounds how many answers drain reads.
const maxDrained = 2 * maxStale

// drain reads all answers that the kernel has queued, and calls onError with those
// that are errors. The answer to a barrier marks the end, so drain needs no
// deadline.
//
// The queued answers may have filled the receive buffer. The kernel then reports
// ENOBUFS once and drops every further answer, that to a barrier included, until
// the queue has been read to its end (netlink_overrun, netlink_rcv_wake). So drain
// sends a barrier before each read: while the queue is not empty the kernel drops
// the answer; once it is empty the read returns it. If a read returns the answer to
// a barrier that is not the last one sent, the kernel is no longer dropping answers,
// and those to the later barriers are queued.
func (c *connection) drain(onError func(sequence uint32, errno syscall.Errno)) error {
	err := error(nil)
	barriers := []uint32(nil) // sequence numbers of those sent since answers were lost
	lossless := false
	for range maxDrained {
		if !lossless {
			barriers = append(barriers, c.appendBarrier())
			if err := c.nl.Send(); err != nil {
				return err
			}
		}
		answered := []uint32(nil) // sequence numbers
		err = c.nl.Receive(func(m netlink.Message) { answered = append(answered, m.Header.Sequence) })
		errno, sequence, refused := nlsock.KernelErrno(err)
		switch {
		case refused:
			onError(sequence, errno)
		case errors.Is(err, syscall.ENOBUFS):
			barriers, lossless = barriers[:0], false
		case c.nl.Err() != nil:
			return c.nl.Err()
		}
		i := -1
		if err == nil {
			i = slices.IndexFunc(barriers, func(barrier uint32) bool { return slices.Contains(answered, barrier) })
		}
		if i >= 0 && i == len(barriers)-1 {
			return nil
		}
		lossless = lossless || i >= 0
	}
	return errors.Join(errStale, err)
}

// resync discards the remaining answers to a request that failed halfway, so that
// they are not taken for answers to the next request.
func (c *connection) resync() error {
	if !c.desynced {
		return nil
	}
	if err := c.drain(func(uint32, syscall.Errno) {}); err != nil {
		return err
	}
	c.desynced = false
	return nil
}
