// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Only CAP_NET_ADMIN counts, even in a sandbox that leaves the caller no other capability.
func TestMayAdministrate(t *testing.T) {
	withAll, err := effectiveCapabilities()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		keep uint64
		want bool
	}{
		{"all", withAll, has(withAll, unix.CAP_NET_ADMIN)},
		{"only CAP_NET_ADMIN", withAll & (1 << unix.CAP_NET_ADMIN), has(withAll, unix.CAP_NET_ADMIN)},
		{"all but CAP_NET_ADMIN", withAll &^ (1 << unix.CAP_NET_ADMIN), false},
		{"none", 0, false},
	} {
		got := make(chan bool)
		go func() {
			runtime.LockOSThread() // and it ends with the goroutine
			header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
			data := [2]unix.CapUserData{}
			for i := range data {
				data[i].Effective = uint32(test.keep >> (32 * i))
				data[i].Permitted = data[i].Effective
			}
			if err := unix.Capset(&header, &data[0]); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			got <- mayAdministrate()
		}()
		if got := <-got; got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
