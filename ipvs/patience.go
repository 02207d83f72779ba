// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"time"
)

const (
	// readPatience bounds the time in which a list is read again because it kept changing.
	// Kernels from 7.1 on resize the table of services in the background
	// (svc_resize_work_handler in ip_vs_ctl.c), and meanwhile dumps differ.
	readPatience = 2 * time.Second
	maxReadPause = 50 * time.Millisecond
)

// patience paces the repetitions of a read: some at once, the others after pauses that
// become longer.
type patience struct {
	quick int
	pause time.Duration
	end   time.Time
}

func newPatience(quick int) *patience {
	return &patience{quick: quick, pause: time.Millisecond, end: time.Now().Add(readPatience)}
}

// wait returns when it is time to read again. The error is ErrInterrupted if there has been
// time enough, or that of the client's context.
func (p *patience) wait(c *Client) error {
	if p.quick > 0 {
		p.quick--
		return nil
	}
	if time.Now().After(p.end) {
		return fmt.Errorf("ipvs: %w", errInterrupted)
	}
	if err := c.conn.nl.Sleep(c.ctx, p.pause); err != nil {
		return prefixed(err)
	}
	p.pause = min(2*p.pause, maxReadPause)
	return nil
}
