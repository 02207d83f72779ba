// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"net"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Links makes links, addresses and routes in one network namespace, whichever thread calls it.
type Links struct {
	namespace netns.NsHandle
	routing   *netlink.Handle
}

// Enter moves the calling goroutine, for the rest of its life, into a new network namespace. What the goroutine starts
// lives there too. The namespace ends with the goroutine, once its links and all sockets in it are closed.
//
// lo is up: without it there is no routing table, and ip_vs takes no servers.
func Enter() (*Links, error) {
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	namespace, err := netns.New()
	if err != nil {
		return nil, fmt.Errorf("new network namespace: %w", err)
	}
	routing, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("socket of a new network namespace: %w", err), namespace.Close())
	}
	l := &Links{namespace, routing}
	if err := l.setUp("lo"); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Close closes the links' descriptors. The links themselves stay, as long as their namespace does.
func (l *Links) Close() {
	l.routing.Close()
	_ = l.namespace.Close()
}

// AddDummy adds a link of type dummy, which is up and loses what is sent through it. An mtu of 0 is the kernel's default.
func (l *Links) AddDummy(name string, mtu int) error {
	link := &netlink.Dummy{LinkAttrs: attributes(name)}
	link.MTU = mtu
	return l.add(link)
}

// AddBridge adds a bridge, which is up and floods multicast to all its ports.
func (l *Links) AddBridge(name string) error {
	snooping := false
	return l.add(&netlink.Bridge{LinkAttrs: attributes(name), MulticastSnooping: &snooping})
}

// AddVeth adds a pair of links, both up: name here and peerName in the peer's namespace.
func (l *Links) AddVeth(name string, peer *Links, peerName string) error {
	return l.addVeth(attributes(name), peer, peerName)
}

// AddBridgePort is like AddVeth, and makes the link here a port of a bridge.
func (l *Links) AddBridgePort(bridge, name string, peer *Links, peerName string) error {
	master, err := l.find(bridge)
	if err != nil {
		return err
	}
	port := attributes(name)
	port.MasterIndex = master.Attrs().Index
	return l.addVeth(port, peer, peerName)
}

// AddUplink adds eth0, a dummy link with 192.0.2.2/24, fd00:2::2/64 and the routes to everywhere.
func (l *Links) AddUplink() error {
	if err := l.AddDummy("eth0", 65535); err != nil {
		return err
	}
	if err := l.AddAddresses("eth0", "192.0.2.2/24", "fd00:2::2/64"); err != nil {
		return err
	}
	return l.addRoutes("eth0", "0.0.0.0/0", "::/0", "224.0.0.0/4")
}

// AddAddresses gives a link addresses such as 192.0.2.1/24. IPv6 addresses are usable at once, without the kernel's search
// for duplicates.
func (l *Links) AddAddresses(name string, addresses ...string) error {
	link, err := l.find(name)
	if err != nil {
		return err
	}
	for _, text := range addresses {
		address, err := netlink.ParseAddr(text)
		if err == nil {
			if address.IP.To4() == nil {
				address.Flags = unix.IFA_F_NODAD
			}
			err = l.routing.AddrAdd(link, address)
		}
		if err != nil {
			return fmt.Errorf("add address %s to link %s: %w", text, name, err)
		}
	}
	return nil
}

// AddGateways adds default routes through gateways, one of each family at most.
func (l *Links) AddGateways(gateways ...string) error {
	for _, text := range gateways {
		// ParseIP returns nil for what is not an address, which RouteAdd refuses.
		if err := l.routing.RouteAdd(&netlink.Route{Gw: net.ParseIP(text)}); err != nil {
			return fmt.Errorf("add default route via %s: %w", text, err)
		}
	}
	return nil
}

// addRoutes adds routes to networks that a link reaches without a gateway.
func (l *Links) addRoutes(name string, networks ...string) error {
	link, err := l.find(name)
	if err != nil {
		return err
	}
	for _, text := range networks {
		_, network, err := net.ParseCIDR(text)
		if err == nil {
			err = l.routing.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: network, Scope: netlink.SCOPE_LINK})
		}
		if err != nil {
			return fmt.Errorf("add route to %s through link %s: %w", text, name, err)
		}
	}
	return nil
}

func (l *Links) addVeth(here netlink.LinkAttrs, peer *Links, peerName string) error {
	link := &netlink.Veth{LinkAttrs: here, PeerName: peerName, PeerNamespace: netlink.NsFd(peer.namespace)}
	if err := l.add(link); err != nil {
		return err
	}
	return peer.setUp(peerName)
}

// add adds a link and sets it up.
func (l *Links) add(link netlink.Link) error {
	name := link.Attrs().Name
	if err := l.routing.LinkAdd(link); err != nil {
		return fmt.Errorf("add %s link %s: %w", link.Type(), name, err)
	}
	return l.setUp(name)
}

func (l *Links) setUp(name string) error {
	link, err := l.find(name)
	if err != nil {
		return err
	}
	if err := l.routing.LinkSetUp(link); err != nil {
		return fmt.Errorf("set link %s up: %w", name, err)
	}
	return nil
}

func (l *Links) find(name string) (netlink.Link, error) {
	link, err := l.routing.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("find link %s: %w", name, err)
	}
	return link, nil
}

// attributes are the kernel's defaults for a link of this name.
func attributes(name string) netlink.LinkAttrs {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = name
	return attributes
}
