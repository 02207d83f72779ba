// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
)

// Ports of clients, apart from those that the kernel chooses.
const (
	firstPort = 10000
	lastPort  = 29999
)

// dial opens a connection from a port that no client had before, in any host. The kernel begins its choice at another port
// every ten seconds, so ports come again; and without answers passing the director, ip_vs takes a connection from a port
// that it still knows for the one before, and gives it to the same server. That would spoil counts.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	for {
		port, err := nextPort()
		if err != nil {
			return nil, err
		}
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{Port: port}}
		conn, err := dialer.DialContext(ctx, network, address)
		if !errors.Is(err, syscall.EADDRINUSE) {
			return conn, err
		}
	}
}

// nextPort counts in a file, which all clients share.
func nextPort() (int, error) {
	file, err := os.OpenFile("/tmp/traffic-port", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return 0, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return 0, err
	}
	port, err := strconv.Atoi(string(text))
	if err != nil || port >= lastPort {
		port = firstPort - 1
	}
	port++
	_, err = file.WriteAt([]byte(strconv.Itoa(port)), 0)
	return port, err
}
