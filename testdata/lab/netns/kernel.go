// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
)

// A Kernel reads the state of ip_vs in one namespace straight from the kernel, with code of its own, so that none of
// the programs under test has a say in it.
type Kernel struct {
	conn   *genetlink.Conn
	family genetlink.Family
}

// Commands and attributes of include/uapi/linux/ip_vs.h.
const (
	getService, getDest, getDaemon, getConfig, getInfo = 4, 8, 11, 13, 15

	attrService, attrDest, attrDaemon = 1, 2, 3
)

// NewKernel connects to a namespace's ip_vs.
func NewKernel(n *Namespace) (*Kernel, error) {
	var k Kernel
	var err error
	n.Do(func() { k.conn, err = genetlink.Dial(nil) })
	if err != nil {
		return nil, err
	}
	k.family, err = k.conn.GetFamily("IPVS")
	return &k, err
}

func (k *Kernel) Close() { k.conn.Close() }

func (k *Kernel) ask(command uint8, flags netlink.HeaderFlags, data []byte) ([]genetlink.Message, error) {
	return k.conn.Execute(genetlink.Message{
		Header: genetlink.Header{Command: command, Version: 1}, Data: data,
	}, k.family.ID, netlink.Request|flags)
}

// A record is one service, server or daemon by its attributes' numbers.
type record map[uint16][]byte

func records(messages []genetlink.Message, nest uint16) ([]record, error) {
	var all []record
	for _, m := range messages {
		outer, err := netlink.UnmarshalAttributes(m.Data)
		if err != nil {
			return nil, err
		}
		for _, a := range outer {
			if a.Type&^netlink.Nested != nest {
				continue
			}
			inner, err := netlink.UnmarshalAttributes(a.Data)
			if err != nil {
				return nil, err
			}
			r := record{}
			for _, a := range inner {
				r[a.Type] = a.Data
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// A serviceState is a service with its servers.
type serviceState struct {
	record
	servers []record
}

func (k *Kernel) services(withServers bool) ([]serviceState, error) {
	messages, err := k.ask(getService, netlink.Dump, nil)
	if err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	list, err := records(messages, attrService)
	if err != nil {
		return nil, err
	}
	var services []serviceState
	for _, service := range list {
		if !withServers {
			services = append(services, serviceState{record: service})
			continue
		}
		var key []netlink.Attribute
		for _, t := range []uint16{1, 2, 3, 4, 5} {
			if data, ok := service[t]; ok {
				key = append(key, netlink.Attribute{Type: t, Data: data})
			}
		}
		inner, err := netlink.MarshalAttributes(key)
		if err != nil {
			return nil, err
		}
		data, err := netlink.MarshalAttributes([]netlink.Attribute{{Type: attrService | netlink.Nested, Data: inner}})
		if err != nil {
			return nil, err
		}
		messages, err := k.ask(getDest, netlink.Dump, data)
		if err != nil {
			return nil, fmt.Errorf("servers: %w", err)
		}
		servers, err := records(messages, attrDest)
		if err != nil {
			return nil, err
		}
		services = append(services, serviceState{service, servers})
	}
	return services, nil
}

// State describes everything but counters: a line for each service, sorted, and if wanted its servers,
// in the kernel's order or sorted, too.
func (k *Kernel) State(withServers, sortServers bool) (string, error) {
	services, err := k.services(withServers)
	if err != nil {
		return "", err
	}
	var blocks []string
	for _, service := range services {
		var texts []string
		for _, server := range service.servers {
			texts = append(texts, server.serverText())
		}
		if sortServers {
			slices.Sort(texts)
		}
		blocks = append(blocks, service.serviceText()+strings.Join(texts, ""))
	}
	slices.Sort(blocks)
	config, err := k.ask(getConfig, 0, nil)
	if err != nil {
		return "", fmt.Errorf("timeouts: %w", err)
	}
	for _, m := range config {
		attributes, err := netlink.UnmarshalAttributes(m.Data)
		if err != nil {
			return "", err
		}
		line := "timeouts"
		for _, a := range attributes {
			line += fmt.Sprint(" ", number(a.Data))
		}
		blocks = append(blocks, line+"\n")
	}
	messages, err := k.ask(getDaemon, netlink.Dump, nil)
	if err != nil {
		return "", fmt.Errorf("daemons: %w", err)
	}
	daemons, err := records(messages, attrDaemon)
	if err != nil {
		return "", err
	}
	for _, d := range daemons {
		blocks = append(blocks, fmt.Sprintf("daemon state %d interface %s syncid %d maxlen %d group %x %x port %d ttl %d\n",
			number(d[1]), text(d[2]), number(d[3]), number(d[4]), d[5], d[6], number(d[7]), number(d[8])))
	}
	return strings.Join(blocks, ""), nil
}

// ConnTabSize returns the size of the connection table, which a listing's head shows. From Linux 7.1 on each namespace
// has a table of its own, which grows.
func (k *Kernel) ConnTabSize() (uint64, error) {
	info, err := k.ask(getInfo, 0, nil)
	if err != nil {
		return 0, fmt.Errorf("information: %w", err)
	}
	for _, m := range info {
		attributes, err := netlink.UnmarshalAttributes(m.Data)
		if err != nil {
			return 0, err
		}
		for _, a := range attributes {
			if a.Type == 2 {
				return number(a.Data), nil
			}
		}
	}
	return 0, errors.New("the kernel does not tell the size of its connection table")
}

// HasServices reports whether there is any service.
func (k *Kernel) HasServices() (bool, error) {
	services, err := k.services(false)
	return len(services) > 0, err
}

// Thresholds lists the thresholds of the servers that have any, sorted, as rules write them.
func (k *Kernel) Thresholds() (limits []string, err error) {
	services, err := k.services(true)
	for _, service := range services {
		for _, server := range service.servers {
			if upper, lower := number(server[5]), number(server[6]); upper != 0 || lower != 0 {
				limits = append(limits, fmt.Sprintf(" -x %d -y %d", upper, lower))
			}
		}
	}
	slices.Sort(limits)
	return limits, err
}

// Packets is how many incoming packets the kernel has added up so far for a service, and for its servers together. It adds
// up every two seconds.
func (k *Kernel) Packets(protocol uint8, service netip.AddrPort) (ofService, ofServers uint64, err error) {
	services, err := k.services(true)
	for _, s := range services {
		if uint8(number(s.record[2])) != protocol || address(s.record[1], s.record[3]) != service.Addr().String() || bigEndian(s.record[4]) != service.Port() {
			continue
		}
		n, err := s.record.packets(12)
		if err != nil {
			return 0, 0, err
		}
		ofService += n
		for _, server := range s.servers {
			n, err := server.packets(12)
			if err != nil {
				return 0, 0, err
			}
			ofServers += n
		}
	}
	return ofService, ofServers, err
}

// packets reads the second number of nested 64-bit statistics, of incoming packets.
func (r record) packets(statistics uint16) (uint64, error) {
	attributes, err := netlink.UnmarshalAttributes(r[statistics])
	for _, a := range attributes {
		if a.Type == 2 {
			return number(a.Data), err
		}
	}
	return 0, err
}

// FarApart reports whether there is something that a difference of 32 bits puts in the wrong order: a service with servers
// of both families, or addresses or marks that are 2^31 apart.
func (k *Kernel) FarApart() (bool, error) {
	services, err := k.services(true)
	var addresses, marks span
	for _, service := range services {
		if mark, ok := service.record[5]; ok {
			marks.add(number(mark))
		} else {
			addresses.addAddress(service.record[1], service.record[3])
		}
		var servers span
		for _, server := range service.servers {
			if number(server[11]) != number(service.servers[0][11]) {
				return true, nil
			}
			servers.addAddress(server[11], server[1])
		}
		if servers.isWide() {
			return true, nil
		}
	}
	return addresses.isWide() || marks.isWide(), err
}

// A span is how far numbers are from each other.
type span struct {
	low, high uint64
	any       bool
}

func (s *span) add(n uint64) {
	if !s.any {
		s.low, s.high, s.any = n, n, true
	}
	s.low, s.high = min(s.low, n), max(s.high, n)
}

func (s *span) addAddress(family, b []byte) {
	if number(family) == 2 && len(b) >= 4 {
		s.add(uint64(binary.BigEndian.Uint32(b)))
	}
}

func (s *span) isWide() bool { return s.high-s.low >= 1<<31 }

func (r record) serviceText() string {
	head := fmt.Sprintf("service protocol %d %s port %d", number(r[2]), address(r[1], r[3]), bigEndian(r[4]))
	if mark, ok := r[5]; ok {
		head = fmt.Sprintf("service family %d fwmark %d", number(r[1]), number(mark))
	}
	return fmt.Sprintf("%s scheduler %s flags %x timeout %d mask %x pe %q\n",
		head, text(r[6]), r[7], number(r[8]), r[9], text(r[11]))
}

func (r record) serverText() string {
	return fmt.Sprintf("  server %s port %d method %d weight %d upper %d lower %d tunnel %d port %d flags %d\n",
		address(r[11], r[1]), bigEndian(r[2]), number(r[3]), number(r[4]), number(r[5]), number(r[6]),
		number(r[13]), bigEndian(r[14]), number(r[15]))
}

// address shows all 16 bytes if those beyond an IPv4 address are not zero.
func address(family, b []byte) string {
	if number(family) != 2 || len(b) != 16 {
		a, _ := netip.AddrFromSlice(b)
		return a.String()
	}
	a, _ := netip.AddrFromSlice(b[:4])
	if number(b[4:8]) != 0 || number(b[8:]) != 0 {
		return fmt.Sprintf("%s+%x", a, b[4:])
	}
	return a.String()
}

func text(b []byte) string { return strings.TrimRight(string(b), "\x00") }

// number reads an integer of any size in the machine's byte order.
func number(b []byte) uint64 {
	var all [8]byte
	copy(all[:], b)
	return binary.LittleEndian.Uint64(all[:])
}

func bigEndian(b []byte) uint16 {
	if len(b) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(b)
}
