// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"time"
)

// drainPause is the time between two looks at a destination that is drained.
const drainPause = time.Second

// DrainDestination sets the weight of a destination to 0, as SetWeight does, and waits
// until it has no active and no inactive connections left. It looks once a second. The
// destination stays in the service; DelDestination then removes it and cuts nobody.
//
// Weight 0 does not keep the persistent clients of a destination away: see SetWeight.
// Where there are some, or connections that nobody closes, DrainDestination
// may wait forever: WithContext bounds it. After an error the weight stays as it is.
//
// The error is ErrNoService or ErrNoDestination if there is none, also if another program
// deletes it meanwhile. DrainDestination does not fight over the weight: it returns an
// error if another program changes that.
func (c *Client) DrainDestination(id ServiceID, d DestinationID) error {
	if err := c.SetWeight(id, d, 0); err != nil {
		return err
	}
	for {
		now, err := c.destination(id, d)
		switch {
		case err != nil:
			return err
		case now.Weight != 0:
			return fmt.Errorf("ipvs: drain server %s of %s: another program set its weight to %d", d, id, now.Weight)
		case now.ActiveConns == 0 && now.InactiveConns == 0:
			return nil
		}
		if err := c.conn.nl.Sleep(c.ctx, drainPause); err != nil {
			return fmt.Errorf("ipvs: drain server %s of %s: %d active and %d inactive connections are left: %w",
				d, id, now.ActiveConns, now.InactiveConns, err)
		}
	}
}
