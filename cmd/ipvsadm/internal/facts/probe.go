// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"golang.org/x/sys/unix"
)

const (
	probeTime  = time.Second
	probePause = 300 * time.Millisecond // between the two times that each question is sent
	burst      = 50                     // questions without a pause
)

// errNoRawSockets says what is missing without CAP_NET_RAW.
var errNoRawSockets = errors.New("that needs the capability CAP_NET_RAW")

var errNoLinkLocal = errors.New("it has no link-local address")

// WhoHas asks on the networks who else has addresses: by ARP with the sender 0.0.0.0, as a
// machine does before it uses an address (RFC 5227), and for IPv6 from the link-local address.
// Nobody learns from that where an address is. It returns the answers of a second.
func (n *Network) WhoHas(places []diagnose.Place) (answers []diagnose.Neighbour, err error) {
	if _, err := n.Links(); err != nil {
		return nil, err
	}
	addresses, err := n.Addresses()
	if err != nil {
		return nil, err
	}
	p := prober{network: n, sockets: map[string]int{}, linkLocal: map[string]netip.Addr{}}
	for _, a := range addresses {
		if a.Prefix.Addr().Is6() && a.Prefix.Addr().IsLinkLocalUnicast() && !a.Tentative && !a.Duplicate {
			p.linkLocal[a.Link] = a.Prefix.Addr()
		}
	}
	defer p.close()
	for i := range 2 {
		for j, place := range places {
			if err := p.ask(place); err != nil {
				return nil, fmt.Errorf("cannot ask on %s: %w", place.Link, err)
			}
			if j%burst == burst-1 {
				time.Sleep(time.Millisecond)
			}
		}
		wait := probePause
		if i == 1 {
			wait = probeTime - probePause
		}
		if err := p.listen(wait); err != nil {
			return nil, fmt.Errorf("cannot receive answers: %w", err)
		}
	}
	for _, a := range p.answers {
		if slices.ContainsFunc(places, func(asked diagnose.Place) bool { return asked.Addr == a.Addr && asked.Link == a.Link }) {
			answers = append(answers, a)
		}
	}
	return answers, nil
}

// prober has a socket for each family on each interface.
type prober struct {
	network   *Network
	linkLocal map[string]netip.Addr
	sockets   map[string]int // by family and interface
	open      []socket
	answers   []diagnose.Neighbour
}

type socket struct {
	fd   int
	link string
	read func(packet []byte) (addr netip.Addr, mac net.HardwareAddr, ok bool)
}

func (p *prober) close() {
	for _, s := range p.open {
		_ = unix.Close(s.fd)
	}
}

// ask sends a question. An interface without Ethernet addresses has nobody to ask.
func (p *prober) ask(place diagnose.Place) error {
	l, ok := p.network.hardware[place.Link]
	if !ok || len(l.mac) != ethernetLength {
		return nil
	}
	if place.Addr.Is4() {
		fd, err := p.socket("arp "+place.Link, place.Link, func() (int, error) { return arpSocket(l.index) }, parseARP)
		if err != nil {
			return err
		}
		return unix.Sendto(fd, arpProbe(l.mac, place.Addr), 0, packetAddress(unix.ETH_P_ARP, l.index, broadcast))
	}
	from, ok := p.linkLocal[place.Link]
	if !ok {
		return errNoLinkLocal
	}
	if _, err := p.socket("icmp "+place.Link, place.Link, func() (int, error) { return adverts(place.Link) }, parseAdvert); err != nil {
		return err
	}
	fd, err := p.socket("ipv6 "+place.Link, place.Link, func() (int, error) { return packetSocket(0) }, nil)
	if err != nil {
		return err
	}
	packet, group := solicitation(from, l.mac, place.Addr)
	return unix.Sendto(fd, packet, 0, packetAddress(unix.ETH_P_IPV6, l.index, group))
}

// socket returns the socket with a name, which it opens if it is new.
func (p *prober) socket(name, link string, open func() (int, error), read func([]byte) (netip.Addr, net.HardwareAddr, bool)) (int, error) {
	if fd, ok := p.sockets[name]; ok {
		return fd, nil
	}
	fd, err := open()
	if errors.Is(err, unix.EPERM) {
		err = errNoRawSockets
	}
	if err != nil {
		return 0, err
	}
	p.sockets[name] = fd
	p.open = append(p.open, socket{fd, link, read})
	return fd, nil
}

// listen receives answers for some time.
func (p *prober) listen(wait time.Duration) error {
	var polls []unix.PollFd
	var listening []socket
	for _, s := range p.open {
		if s.read != nil {
			polls = append(polls, unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN})
			listening = append(listening, s)
		}
	}
	if len(polls) == 0 {
		return nil // nobody was asked
	}
	end := time.Now().Add(wait)
	packet := make([]byte, 1500)
	for {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		if _, err := unix.Poll(polls, int(left.Milliseconds())+1); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for i, poll := range polls {
			if poll.Revents == 0 {
				continue
			}
			size, _, err := unix.Recvfrom(int(poll.Fd), packet, unix.MSG_DONTWAIT)
			if err != nil {
				continue // the interface went down, or another one took the packet
			}
			if addr, mac, ok := listening[i].read(packet[:size]); ok && !p.network.isOwn(mac) {
				p.add(diagnose.Neighbour{Addr: addr, Link: listening[i].link, MAC: mac.String()})
			}
		}
	}
}

func (p *prober) add(a diagnose.Neighbour) {
	if !slices.Contains(p.answers, a) {
		p.answers = append(p.answers, a)
	}
}

// isOwn tells whether an interface of this machine has a MAC address.
func (n *Network) isOwn(mac net.HardwareAddr) bool {
	for _, l := range n.hardware {
		if slices.Equal(l.mac, mac) {
			return true
		}
	}
	return false
}

func packetSocket(protocol uint16) (int, error) {
	return unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(bigEndian(protocol)))
}

// arpSocket receives the ARP packets of an interface.
func arpSocket(index int) (int, error) {
	fd, err := packetSocket(0)
	if err != nil {
		return 0, err
	}
	if err := unix.Bind(fd, packetAddress(unix.ETH_P_ARP, index, nil)); err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

// adverts receives the neighbour advertisements of an interface.
func adverts(link string) (int, error) {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMPV6)
	if err != nil {
		return 0, err
	}
	var blocked unix.ICMPv6Filter
	for i := range blocked.Data {
		blocked.Data[i] = ^uint32(0)
	}
	blocked.Data[advertisement/32] &^= 1 << (advertisement % 32)
	err = errors.Join(unix.BindToDevice(fd, link), unix.SetsockoptICMPv6Filter(fd, unix.IPPROTO_ICMPV6, unix.ICMPV6_FILTER, &blocked))
	if err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

func packetAddress(protocol uint16, index int, mac net.HardwareAddr) *unix.SockaddrLinklayer {
	a := &unix.SockaddrLinklayer{Protocol: bigEndian(protocol), Ifindex: index, Halen: uint8(len(mac))}
	copy(a.Addr[:], mac)
	return a
}

func bigEndian(n uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, n))
}
