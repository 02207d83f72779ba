package main

import (
	"errors"
	"os/exec"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// errNotPermitted is what the kernel says to a caller without CAP_NET_ADMIN.
const errNotPermitted = unix.EPERM

// dialKernel connects to the kernel's IPVS. If it is not there, the module is
// loaded, as the original does.
func dialKernel() (*ipvs.Client, error) {
	client, err := ipvs.Dial()
	if !errors.Is(err, ipvs.ErrNoIPVS) {
		return client, err
	}
	modprobe := exec.Command("/sbin/modprobe", "--", "ip_vs")
	modprobe.Env = []string{}
	_ = modprobe.Run() // without a modprobe, or a module, the next try tells
	if client, err = ipvs.Dial(); errors.Is(err, ipvs.ErrNoIPVS) && !mayUseRawSockets() {
		return nil, errNotPermitted
	}
	return client, err
}

// mayUseRawSockets tells whether a missing IPVS is to be blamed on the caller:
// the original then falls back to an older interface, on a raw socket.
func mayUseRawSockets() bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err == nil {
		_ = unix.Close(fd)
	}
	return !errors.Is(err, unix.EPERM)
}
