// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package ipvs_test

import "testing"

func kernelWorld(t *testing.T) *world {
	t.Fatal("IPVS_KERNEL needs Linux")
	return nil
}

func ticksPerSecond(*testing.T) uint32 { return 0 }
