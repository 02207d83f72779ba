package difftest

import (
	"fmt"
	"net/netip"
	"strconv"

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
