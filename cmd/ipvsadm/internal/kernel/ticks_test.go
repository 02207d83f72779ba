// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"slices"
	"testing"
)

func TestTicksPerSecond(t *testing.T) {
	ticks, err := TicksPerSecond()
	if err != nil || !slices.Contains([]uint32{100, 250, 300, 1000}, ticks) {
		t.Errorf("%d, %v", ticks, err)
	}
}
