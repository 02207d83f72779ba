// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"time"
)

// A list that keeps changing is read again for readPatience, and on a machine so slow that
// this is little, slowTries times. Kernels from 7.1 on resize the table of services in the
// background (svc_resize_work_handler in ip_vs_ctl.c), and meanwhile dumps differ.
const (
	readPatience = 2 * time.Second
	slowTries    = 40
	maxReadPause = 50 * time.Millisecond
)

// patience paces the repetitions of a read: some at once, the others after pauses that
// become longer.
type patience struct {
	quick int
	tries int
	pause time.Duration
	end   time.Time
}

func newPatience(quick int) *patience {
	return &patience{quick: quick, pause: time.Millisecond, end: time.Now().Add(readPatience)}
}

// wait returns when it is time to read again. The error is ErrInterrupted if there has been
// time enough, or that of the client's context.
func (p *patience) wait(c *Client) error {
	p.tries++
	if p.tries <= p.quick {
		return nil
	}
	if p.tries > slowTries && time.Now().After(p.end) {
		return fmt.Errorf("ipvs: %w", errInterrupted)
	}
	if err := c.conn.nl.Sleep(c.ctx, p.pause); err != nil {
		return prefixed(err)
	}
	p.pause = min(2*p.pause, maxReadPause)
	return nil
}
