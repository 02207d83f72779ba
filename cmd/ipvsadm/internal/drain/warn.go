// SPDX-License-Identifier: Apache-2.0

package drain

import "fmt"

// warn warns of what may change the weights back, and of other directors.
func (d *Drain) warn() {
	for _, name := range d.Managers() {
		d.Warn(fmt.Sprintf("%s runs here and may set the weight back, or add the server again; take the server out of its configuration, too", name))
	}
	// Without the daemons there is only no warning.
	if daemons, err := d.Client.Daemons(); err == nil && len(daemons) > 0 {
		d.Warn("a sync daemon runs here: other directors have tables of their own; drain there, too")
	}
}
