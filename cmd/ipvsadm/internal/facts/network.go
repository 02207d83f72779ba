// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Network reads interfaces, addresses, neighbours, policy rules and routes. It stays in the
// network namespace of the thread that first uses it.
type Network struct {
	handle *netlink.Handle
	names  map[int]string // of interfaces
	// hardware is what a packet by an interface needs.
	hardware map[string]hardware
}

type hardware struct {
	index int
	mac   net.HardwareAddr
}

// Close closes its socket.
func (n *Network) Close() {
	if n.handle != nil {
		n.handle.Close()
	}
}

// open opens the socket, which all requests share.
func (n *Network) open() (*netlink.Handle, error) {
	if n.handle != nil {
		return n.handle, nil
	}
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("the kernel does not tell of its network: %w", err)
	}
	n.handle = handle
	return handle, nil
}

// tries is how often a list is read that changes while it is read.
const tries = 5

// list reads a list. One that keeps changing is taken as it is.
func list[T any](n *Network, what string, read func(*netlink.Handle) ([]T, error)) (all []T, err error) {
	handle, err := n.open()
	if err != nil {
		return nil, err
	}
	for range tries {
		all, err = read(handle)
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("cannot list %s: %w", what, err)
	}
	return all, nil
}

// Links returns the network interfaces.
func (n *Network) Links() (links []diagnose.Link, err error) {
	all, err := list(n, "interfaces", (*netlink.Handle).LinkList)
	if err != nil {
		return nil, err
	}
	n.names, n.hardware = map[int]string{}, map[string]hardware{}
	kinds := map[int]string{}
	for _, l := range all {
		kinds[l.Attrs().Index] = l.Type()
	}
	for _, l := range all {
		a := l.Attrs()
		n.names[a.Index] = a.Name
		n.hardware[a.Name] = hardware{a.Index, a.HardwareAddr}
		kind := l.Type()
		if kind == "device" { // what the kernel does not say
			kind = ""
		}
		links = append(links, diagnose.Link{
			Name: a.Name, Kind: kind, MTU: a.MTU,
			Up: a.RawFlags&unix.IFF_UP != 0, Carrier: a.RawFlags&unix.IFF_LOWER_UP != 0,
			Loopback: a.RawFlags&unix.IFF_LOOPBACK != 0, ARP: a.RawFlags&unix.IFF_NOARP == 0, Multicast: a.RawFlags&unix.IFF_MULTICAST != 0,
			Enslaved: a.MasterIndex != 0 && kinds[a.MasterIndex] != "vrf",
		})
	}
	return links, nil
}

// name returns the name of the interface with an index.
func (n *Network) name(index int) (string, error) {
	if n.names == nil {
		if _, err := n.Links(); err != nil {
			return "", err
		}
	}
	return n.names[index], nil
}

// Addresses returns the addresses of the interfaces.
func (n *Network) Addresses() (addresses []diagnose.Address, err error) {
	all, err := list(n, "addresses", func(h *netlink.Handle) ([]netlink.Addr, error) { return h.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		prefix, ok := prefixOf(a.IPNet)
		if !ok {
			continue
		}
		link, err := n.name(a.LinkIndex)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, diagnose.Address{
			Prefix: prefix, Link: link, HostScope: a.Scope == unix.RT_SCOPE_HOST,
			Tentative: a.Flags&unix.IFA_F_TENTATIVE != 0 && a.Flags&unix.IFA_F_OPTIMISTIC == 0,
			Duplicate: a.Flags&unix.IFA_F_DADFAILED != 0,
		})
	}
	return addresses, nil
}

// Neighbours returns the machines on the networks of this one.
func (n *Network) Neighbours() (neighbours []diagnose.Neighbour, err error) {
	all, err := list(n, "neighbours", func(h *netlink.Handle) ([]netlink.Neigh, error) { return h.NeighList(0, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, err
	}
	for _, neighbour := range all {
		addr, ok := netip.AddrFromSlice(neighbour.IP)
		if !ok || neighbour.State&netlink.NUD_NOARP != 0 {
			continue
		}
		link, err := n.name(neighbour.LinkIndex)
		if err != nil {
			return nil, err
		}
		d := diagnose.Neighbour{Addr: addr.Unmap(), Link: link, MAC: neighbour.HardwareAddr.String()}
		switch {
		case neighbour.State&netlink.NUD_FAILED != 0:
			d.State = diagnose.NeighbourFailed
		case neighbour.State&netlink.NUD_INCOMPLETE != 0:
			d.State = diagnose.NeighbourIncomplete
		}
		neighbours = append(neighbours, d)
	}
	return neighbours, nil
}

// PolicyRules returns the rules that choose routing tables.
func (n *Network) PolicyRules() (rules []diagnose.PolicyRule, err error) {
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		all, err := list(n, "policy rules", func(h *netlink.Handle) ([]netlink.Rule, error) { return h.RuleList(family) })
		if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP) {
			continue // a kernel without IPv6 or without such rules
		}
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			d := diagnose.PolicyRule{Mark: r.Mark, Mask: ^uint32(0), Table: r.Table, IPv6: family == netlink.FAMILY_V6, Selective: isSelective(&r)}
			if r.Mask != nil {
				d.Mask = *r.Mask
			}
			rules = append(rules, d)
		}
	}
	return rules, nil
}

// isSelective tells whether a rule goes by more than the destination and a mark.
func isSelective(r *netlink.Rule) bool {
	return r.IifName != "" || r.OifName != "" || r.Src != nil || r.Dport != nil || r.Sport != nil || r.IPProto != 0 || r.Tos != 0 ||
		r.TunID != 0 || r.UIDRange != nil || r.Invert || r.Table == unix.RT_TABLE_UNSPEC // that of a VRF, or a refusal
}

// prefixOf converts an address with the mask of its network.
func prefixOf(n *net.IPNet) (prefix netip.Prefix, ok bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	addr, ok := netip.AddrFromSlice(n.IP)
	ones, bits := n.Mask.Size()
	if bits == 32 {
		addr = addr.Unmap() // that of the default route has 16 bytes
	}
	if !ok || bits != addr.BitLen() {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, ones), true
}
