// SPDX-License-Identifier: Apache-2.0

// Package kernel connects to IPVS, loads and unloads its modules, locks the table
// against other restores, and sets up the process: SIGPIPE and garbage collection.
package kernel

import (
	"errors"
	"fmt"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// ErrNotPermitted is the kernel's error for a caller without CAP_NET_ADMIN.
const ErrNotPermitted = unix.EPERM

// Dial connects to IPVS in the current network namespace. If IPVS is missing, the error
// is an ipvs.ErrNoIPVS, and an ErrNotPermitted too if the caller may not use IPVS.
func Dial() (*ipvs.Client, error) { return dial() }

func dial(options ...ipvs.Option) (*ipvs.Client, error) {
	client, err := ipvs.Dial(append(options, ipvs.RawSyscalls(), ipvs.SockoptFallback())...)
	if errors.Is(err, ipvs.ErrNoIPVS) && !mayAdministrate() {
		err = fmt.Errorf("%w: %w", ErrNotPermitted, err)
	}
	return client, err
}

// mayAdministrate tells whether the caller may administer IPVS, which needs
// CAP_NET_ADMIN. A caller with that and CAP_NET_RAW who cannot open a raw socket is root
// in a user namespace that does not own the network namespace. Unlike ipvsadm 1.31, it
// does not depend on a raw socket alone, because a sandbox may lack CAP_NET_RAW.
func mayAdministrate() bool {
	capabilities, err := effectiveCapabilities()
	if err != nil {
		return mayUseRawSockets()
	}
	return has(capabilities, unix.CAP_NET_ADMIN) && (!has(capabilities, unix.CAP_NET_RAW) || mayUseRawSockets())
}

func has(capabilities uint64, capability int) bool { return capabilities&(1<<capability) != 0 }

// effectiveCapabilities returns the capabilities of the calling thread; see capget(2).
func effectiveCapabilities() (uint64, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	err := unix.Capget(&header, &data[0])
	return uint64(data[1].Effective)<<32 | uint64(data[0].Effective), err
}

func mayUseRawSockets() bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err == nil {
		_ = unix.Close(fd)
	}
	return !errors.Is(err, unix.EPERM)
}
