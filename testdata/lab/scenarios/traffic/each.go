package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A pair is one packet's way: from an address of the client to one of a service.
type pair struct {
	from, to netip.Addr
}

// each sends everything from one socket, so that it needs none for each address. What has no answer in time is sent
// again, since a buffer may have been full; what has none in the end has no server.
func each(sources, url string) error {
	asked, port, err := pairs(sources, url)
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	answers := map[pair]string{}
	for range 4 {
		waiting := slices.DeleteFunc(slices.Clone(asked), func(p pair) bool { return answers[p] != "" })
		sent := make(chan error, 1)
		go func() { sent <- send(conn, waiting, port) }()
		for len(answers) < len(asked) {
			p, name, err := receive(conn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return err
			}
			answers[p] = name
		}
		if err := <-sent; err != nil {
			return err
		}
	}
	out := bufio.NewWriter(os.Stdout)
	for _, p := range asked {
		name := answers[p]
		if name == "" {
			name = "nobody"
		}
		fmt.Fprintln(out, name, p.from, p.to)
	}
	return out.Flush()
}

// pairs are all addresses of a network, or a single one, with all of the URL's.
func pairs(sources, url string) (all []pair, port uint16, err error) {
	destinations, service, ok := strings.Cut(strings.TrimPrefix(url, "udp://"), ":")
	if !ok || !strings.HasPrefix(url, "udp://") {
		return nil, 0, fmt.Errorf("%s: not udp://ADDRESS:PORT", url)
	}
	if _, err := fmt.Sscan(service, &port); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", url, err)
	}
	from, err := addresses(sources)
	if err != nil {
		return nil, 0, err
	}
	to, err := addresses(destinations)
	if err != nil {
		return nil, 0, err
	}
	for _, source := range from {
		for _, destination := range to {
			all = append(all, pair{source, destination})
		}
	}
	return all, port, nil
}

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

func send(conn *net.UDPConn, waiting []pair, port uint16) error {
	for _, p := range waiting {
		source := unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: p.from.As4()})
		if _, _, err := conn.WriteMsgUDPAddrPort([]byte("who?\n"), source, netip.AddrPortFrom(p.to, port)); err != nil {
			return err
		}
		time.Sleep(time.Millisecond) // no buffer on the way is to overflow
	}
	return nil
}

func receive(conn *net.UDPConn) (p pair, name string, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return p, "", err
	}
	buffer := make([]byte, 1500)
	n, server, err := conn.ReadFromUDPAddrPort(buffer)
	if err != nil {
		return p, "", err
	}
	name, source, err := split(buffer[:n])
	if err != nil {
		return p, "", err
	}
	from, err := netip.ParseAddr(source)
	return pair{from, server.Addr()}, name, err
}
