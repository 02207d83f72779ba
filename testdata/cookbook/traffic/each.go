// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// each has a socket for each destination, since a director that translates addresses cannot tell a client's connections
// with the same port and server apart by the server's answers.
func each(network, url string) error {
	service, ok := strings.CutPrefix(url, "udp://")
	at := strings.LastIndex(service, ":")
	if !ok || at < 0 {
		return fmt.Errorf("%s: not udp://ADDRESS:PORT", url)
	}
	var port uint16
	if _, err := fmt.Sscan(service[at+1:], &port); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	destinations, err := addresses(service[:at])
	if err != nil {
		return err
	}
	sources, err := addresses(network)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	for _, destination := range destinations {
		names, err := askFrom(sources, netip.AddrPortFrom(destination, port))
		if err != nil {
			return err
		}
		for _, source := range sources {
			name, ok := names[source]
			if !ok {
				name = "nobody"
			}
			fmt.Fprintln(out, name, source, destination)
		}
	}
	return out.Flush()
}

// addresses are all those of a network, or a single one.
func addresses(network string) ([]netip.Addr, error) {
	if !strings.Contains(network, "/") {
		network += "/32"
	}
	prefix, err := netip.ParsePrefix(network)
	if err != nil {
		return nil, err
	}
	if !prefix.Addr().Is4() {
		return nil, fmt.Errorf("%s: not IPv4", network)
	}
	var all []netip.Addr
	for address := prefix.Masked().Addr(); prefix.Contains(address); address = address.Next() {
		all = append(all, address)
	}
	return all, nil
}

// askFrom returns who answered which source. What has no answer in time is sent again, since a buffer may have been full;
// what has none in the end has no server.
func askFrom(sources []netip.Addr, to netip.AddrPort) (map[netip.Addr]string, error) {
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	names := map[netip.Addr]string{}
	for range 4 {
		var waiting []netip.Addr
		for _, source := range sources {
			if _, ok := names[source]; !ok {
				waiting = append(waiting, source)
			}
		}
		sent := make(chan error, 1)
		go func() { sent <- send(conn, waiting, to) }()
		for len(names) < len(sources) {
			name, source, err := receive(conn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return nil, err
			}
			names[source] = name
		}
		if err := <-sent; err != nil {
			return nil, err
		}
	}
	return names, nil
}

func send(conn *net.UDPConn, sources []netip.Addr, to netip.AddrPort) error {
	for _, source := range sources {
		from := unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: source.As4()})
		if _, _, err := conn.WriteMsgUDPAddrPort([]byte("who?\n"), from, to); err != nil {
			return err
		}
		time.Sleep(time.Millisecond) // so that no buffer overflows
	}
	return nil
}

func receive(conn *net.UDPConn) (name string, source netip.Addr, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return "", source, err
	}
	buffer := make([]byte, 1500)
	n, err := conn.Read(buffer)
	if err != nil {
		return "", source, err
	}
	name, text, err := split(buffer[:n])
	if err != nil {
		return "", source, err
	}
	source, err = netip.ParseAddr(text)
	return name, source, err
}
