package ipvs

import (
	"errors"
	"os"
	"slices"
	"syscall"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// maxDrained bounds how many answers a drain reads.
const maxDrained = 2 * maxStale

// drain reads what the kernel has answered so far, and gives take the answers that
// are errors. It knows the end by the answer to a barrier, so it needs no deadline.
//
// The answers that are there may have filled the receive buffer. The kernel then
// tells so once, with ENOBUFS, and throws away each further answer until the last
// one has been read (netlink_overrun, netlink_rcv_wake). That would be the answer
// to the barrier too. So a barrier goes ahead of every read: as long as there are
// answers its own is lost, and once there are none it is what the read gets. If
// the answer to a barrier comes, but one was sent after it, none is being lost: all
// the answers to the others are there.
func (c *Client) drain(take func(sequence uint32, errno syscall.Errno)) error {
	err := error(nil)
	barriers := []uint32(nil) // sent since answers were lost
	lossless := false
	for range maxDrained {
		if !lossless {
			sent, err := c.conn.SendMessages([]netlink.Message{barrier()})
			if err != nil {
				return err
			}
			barriers = append(barriers, sent[0].Header.Sequence)
		}
		var answers []netlink.Message
		answers, err = c.conn.Receive()
		errno, sequence, refused := kernelErrno(err)
		switch {
		case refused:
			take(sequence, errno)
		case errors.Is(err, unix.ENOBUFS):
			barriers, lossless = barriers[:0], false
		case errors.Is(err, os.ErrDeadlineExceeded) || err != nil && c.closed.Load():
			return err
		}
		i := slices.IndexFunc(barriers, func(barrier uint32) bool { return hasAnswerTo(barrier, answers) })
		if i >= 0 && i == len(barriers)-1 {
			return nil
		}
		lossless = lossless || i >= 0
	}
	return errors.Join(errStale, err)
}

func hasAnswerTo(sequence uint32, answers []netlink.Message) bool {
	return slices.ContainsFunc(answers, func(m netlink.Message) bool { return m.Header.Sequence == sequence })
}

// settle throws away what is left of a request that failed half way, so that it
// is not taken for the answer to the next one: the end of a dump alone, which
// the netlink package hands over without its sequence number, looks like an
// empty table.
func (c *Client) settle() error {
	if !c.unsettled {
		return nil
	}
	if err := c.drain(func(uint32, syscall.Errno) {}); err != nil {
		return err
	}
	c.unsettled = false
	return nil
}
