// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
	"golang.org/x/sys/unix"
)

// send does "send udp ADDR COUNT SIZE" and "send tcp ADDR COUNT". Nobody answers: what counts is what ip_vs counts.
func (n *namespace) send(words []string) error {
	if len(words) < 4 || len(words) > 5 {
		return fmt.Errorf("send udp ADDR COUNT SIZE, or send tcp ADDR COUNT")
	}
	to, err := netip.ParseAddrPort(words[2])
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(words[3])
	if err != nil {
		return err
	}
	size := 0
	if len(words) == 5 {
		if size, err = strconv.Atoi(words[4]); err != nil {
			return err
		}
	}
	family, address := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()})
	if to.Addr().Is4() {
		family, address = unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	n.Do(func() {
		if words[1] == "udp" {
			err = sendDatagrams(family, address, count, size)
		} else {
			err = beginConnections(family, address, count)
		}
	})
	return err
}

// counted does "counted udp ADDR COUNT": it waits until the counters of the service, and those of its servers, have grown to
// what was sent. What is more will never be as written.
func counted(k *netns.Kernel, words []string) error {
	if len(words) != 4 || words[1] != "udp" && words[1] != "tcp" {
		return fmt.Errorf("counted udp ADDR COUNT, or counted tcp ADDR COUNT")
	}
	service, err := netip.ParseAddrPort(words[2])
	if err != nil {
		return err
	}
	count, err := strconv.ParseUint(words[3], 10, 64)
	if err != nil {
		return err
	}
	protocol := uint8(unix.IPPROTO_UDP)
	if words[1] == "tcp" {
		protocol = unix.IPPROTO_TCP
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		ofService, ofServers, err := k.Packets(protocol, service)
		switch {
		case err != nil:
			return err
		case ofService == count && ofServers == count:
			return nil
		case ofService > count || ofServers > count || time.Now().After(deadline):
			return fmt.Errorf("%s: %d packets are counted for the service and %d for its servers", strings.Join(words, " "), ofService, ofServers)
		}
	}
}

func sendDatagrams(family int, to unix.Sockaddr, count, size int) error {
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	payload := make([]byte, size)
	for range count {
		if err := unix.Sendto(fd, payload, 0, to); err != nil {
			return fmt.Errorf("send: %w", err)
		}
	}
	return nil
}

func beginConnections(family int, to unix.Sockaddr, count int) error {
	for range count {
		fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return err
		}
		err = unix.Connect(fd, to)
		unix.Close(fd)
		if err != nil && err != unix.EINPROGRESS {
			return fmt.Errorf("connect: %w", err)
		}
	}
	return nil
}
