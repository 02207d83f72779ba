// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// largeReceive is ETH_FLAG_LRO of linux/ethtool.h.
const largeReceive = 1 << 15

// ethtoolValue is struct ethtool_value.
type ethtoolValue struct{ command, data uint32 }

// interfaceRequest is struct ifreq with a pointer.
type interfaceRequest struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [24 - unsafe.Sizeof(uintptr(0))]byte
}

// LRO tells whether an interface joins the packets that it gets, in hardware. Interfaces
// without hardware do not.
func (n *Network) LRO(link string) (bool, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false, fmt.Errorf("cannot ask for the features of %s: %w", link, err)
	}
	defer func() { _ = unix.Close(fd) }()
	value := ethtoolValue{command: unix.ETHTOOL_GFLAGS}
	request := interfaceRequest{data: unsafe.Pointer(&value)}
	if len(link) >= len(request.name) {
		return false, fmt.Errorf("%q is not the name of an interface", link)
	}
	copy(request.name[:], link)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	switch {
	case errors.Is(errno, unix.EOPNOTSUPP), errors.Is(errno, unix.ENODEV):
		return false, nil
	case errno != 0:
		return false, fmt.Errorf("cannot ask for the features of %s: %w", link, errno)
	}
	return value.data&largeReceive != 0, nil
}
