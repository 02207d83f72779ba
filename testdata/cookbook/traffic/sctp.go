// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Package net knows no SCTP, but takes over its sockets, since each is a stream like one of TCP.
func socketSCTP() (*os.File, error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, syscall.IPPROTO_SCTP)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	return os.NewFile(uintptr(socket), "sctp"), nil
}

func listenSCTP(address string) (*os.File, error) {
	at, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return nil, err
	}
	file, err := socketSCTP()
	if err != nil {
		return nil, err
	}
	local := syscall.SockaddrInet4{Port: at.Port}
	copy(local.Addr[:], at.IP.To4()) // nothing, if every address is meant
	if err := syscall.Bind(int(file.Fd()), &local); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	return file, os.NewSyscallError("listen", syscall.Listen(int(file.Fd()), syscall.SOMAXCONN))
}

func serveSCTP(name string, listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		source, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
		// A client that is gone by now is no reason to end.
		_, _ = fmt.Fprintln(conn, name, source)
		_ = conn.Close()
	}
}

func askSCTP(address string) (name, source string, err error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return "", "", err
	}
	file, err := socketSCTP()
	if err != nil {
		return "", "", err
	}
	defer file.Close()
	// It bounds connect.
	limit := syscall.NsecToTimeval(patience.Nanoseconds())
	if err := syscall.SetsockoptTimeval(int(file.Fd()), syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit); err != nil {
		return "", "", os.NewSyscallError("setsockopt", err)
	}
	err = syscall.Connect(int(file.Fd()), &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()})
	if err == syscall.EINPROGRESS || err == syscall.EAGAIN {
		err = os.ErrDeadlineExceeded
	}
	if err != nil {
		return "", "", os.NewSyscallError("connect", err)
	}
	conn, err := net.FileConn(file)
	if err != nil {
		return "", "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", "", err
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return "", "", err
	}
	return split(answer)
}
