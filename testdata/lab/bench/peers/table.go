// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
)

// size is the size of a table: services with so many destinations each.
type size struct{ services, destinations int }

func (s size) String() string { return fmt.Sprintf("%dx%d", s.services, s.destinations) }

func (s size) service(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 80)
}

func (s size) destination(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, 16, byte(i >> 8), byte(i)}), 80)
}

// library opens a client that adds and lists one table.
type library struct {
	name string
	open func(size) (client, error)
}

// client has a table to add. list returns the number of destinations.
type client struct {
	add   func() error
	list  func() (int, error)
	flush func() error
}

var libraries = []library{
	{"ours", openOurs},
	{"ours-Apply", openOursApply},
	{"cloudflare", openCloudflare},
	{"moby", openMoby},
}

func lookUp(name, text string) (library, size, error) {
	var s size
	if _, err := fmt.Sscanf(text, "%dx%d", &s.services, &s.destinations); err != nil {
		return library{}, s, fmt.Errorf("size %q: %w", text, err)
	}
	for _, l := range libraries {
		if l.name == name {
			return l, s, nil
		}
	}
	return library{}, s, fmt.Errorf("no library %q", name)
}
