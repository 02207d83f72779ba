// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"
)

func listenUDP(address string) (*os.File, error) {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn).File()
}

func serveUDP(name string, file *os.File) error {
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return err
	}
	buffer := make([]byte, 1500)
	for {
		_, client, err := conn.ReadFrom(buffer)
		if err != nil {
			return err
		}
		source := client.(*net.UDPAddr).AddrPort().Addr().Unmap()
		// A client that is gone by now is no reason to end.
		_, _ = fmt.Fprintln(writerTo{conn, client}, name, source)
	}
}

type writerTo struct {
	conn net.PacketConn
	to   net.Addr
}

func (w writerTo) Write(p []byte) (int, error) { return w.conn.WriteTo(p, w.to) }

func requesterUDP(address string, oneSocket bool) (func() (name, source string, err error), error) {
	if !oneSocket {
		return func() (name, source string, err error) {
			conn, err := net.Dial("udp", address)
			if err != nil {
				return "", "", err
			}
			defer conn.Close()
			return askUDP(conn)
		}, nil
	}
	conn, err := net.Dial("udp", address)
	if err != nil {
		return nil, err
	}
	return func() (name, source string, err error) { return askUDP(conn) }, nil
}

func askUDP(conn net.Conn) (name, source string, err error) {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", "", err
	}
	if _, err := conn.Write([]byte("who?\n")); err != nil {
		return "", "", err
	}
	buffer := make([]byte, 1500)
	n, err := conn.Read(buffer)
	if err != nil {
		return "", "", err
	}
	return split(buffer[:n])
}

// crowd sends packets with headers of its own making, so that it needs no socket for each address.
func crowd(network, url string) error {
	clients, err := netip.ParsePrefix(network)
	if err != nil {
		return err
	}
	to, err := netip.ParseAddrPort(strings.TrimPrefix(url, "udp://"))
	if err != nil {
		return err
	}
	if !clients.Addr().Is4() || !to.Addr().Is4() {
		return fmt.Errorf("%s, %s: not IPv4", network, url)
	}
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.IPPROTO_RAW)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer syscall.Close(socket)
	destination := &syscall.SockaddrInet4{Addr: to.Addr().As4()}
	for from := clients.Masked().Addr(); clients.Contains(from); from = from.Next() {
		if err := syscall.Sendto(socket, packetUDP(from, to), 0, destination); err != nil {
			return os.NewSyscallError("sendto", err)
		}
	}
	return nil
}

// packetUDP returns an empty datagram with its headers. The kernel fills in the checksum of IP; that of UDP may be zero.
func packetUDP(from netip.Addr, to netip.AddrPort) []byte {
	const headers = 20 + 8
	packet := make([]byte, 0, headers)
	packet = append(packet, 4<<4|20/4, 0)
	packet = binary.BigEndian.AppendUint16(packet, headers)
	packet = append(packet, 0, 0, 0, 0, 64, syscall.IPPROTO_UDP, 0, 0)
	packet = append(packet, from.AsSlice()...)
	packet = append(packet, to.Addr().AsSlice()...)
	packet = binary.BigEndian.AppendUint16(packet, 40000)
	packet = binary.BigEndian.AppendUint16(packet, to.Port())
	packet = binary.BigEndian.AppendUint16(packet, 8)
	return append(packet, 0, 0)
}
