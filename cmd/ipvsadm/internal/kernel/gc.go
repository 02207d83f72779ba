// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"runtime/debug"
)

// RelaxGC makes garbage collections rarer, for a run that holds a whole table. GOGC in
// the environment takes precedence.
func RelaxGC() { setGCPercent(200) }

// TightenGC makes garbage collections more frequent, for a table so large that memory
// matters more than time. GOGC in the environment takes precedence.
func TightenGC() { setGCPercent(20) }

func setGCPercent(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
