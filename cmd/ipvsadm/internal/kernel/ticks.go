// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"time"

	"golang.org/x/sys/unix"
)

// TicksPerSecond returns the kernel's HZ: the coarse clock advances by one tick.
func TicksPerSecond() (uint32, error) {
	var tick unix.Timespec
	if err := unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &tick); err != nil {
		return 0, err
	}
	length := max(tick.Nano(), 1)
	return uint32((int64(time.Second) + length/2) / length), nil
}
