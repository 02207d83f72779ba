package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// size is a table of so many services with so many servers each.
type size struct{ services, servers int }

func (s size) String() string { return fmt.Sprintf("%d x %d", s.services, s.servers) }

// lines is how many rules the table has.
func (s size) lines() int { return s.services * (1 + s.servers) }

func (s size) table() ipvs.Table {
	table := make(ipvs.Table, s.services)
	virtual, server := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("172.16.0.1")
	for i := range table {
		table[i].Service = ipvs.Service{
			ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.AddrPortFrom(virtual, 80)},
			Scheduler: "rr", Netmask: ipvs.IPv4.HostNetmask(),
		}
		virtual = virtual.Next()
		for range s.servers {
			table[i].Destinations = append(table[i].Destinations, ipvs.Destination{
				DestinationID: ipvs.DestinationID{AddrPort: netip.AddrPortFrom(server, 80)},
				Forward:       ipvs.DirectRoute, Weight: 1,
			})
			server = server.Next()
		}
	}
	return table
}

// writeRules writes the table as a rules file.
func (s size) writeRules(file string) error {
	var b strings.Builder
	for _, entry := range s.table() {
		fmt.Fprintf(&b, "-A -t %s -s rr\n", entry.Service.AddrPort)
		for _, d := range entry.Destinations {
			fmt.Fprintf(&b, "-a -t %s -r %s -g -w 1\n", entry.Service.AddrPort, d.AddrPort)
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}

// writeChanges writes the messages that make the table, for raw.
func (s size) writeChanges(file string) error {
	var b []byte
	for _, change := range ipvs.Diff(nil, s.table()) {
		attributes, err := change.MarshalBinary()
		if err != nil {
			return err
		}
		b = appendMessage(b, change.Command, 0, attributes)
	}
	return os.WriteFile(file, b, 0o600)
}

// writeReads writes the messages that read the table, for raw.
func (s size) writeReads(file string) error {
	b := appendMessage(nil, ipvs.CommandGetInfo, 0, nil)
	b = appendMessage(b, ipvs.CommandGetService, netlink.Dump, nil)
	for _, entry := range s.table() {
		ae := netlink.NewAttributeEncoder()
		id, err := entry.Service.ServiceID.MarshalBinary()
		if err != nil {
			return err
		}
		const service = 1 // IPVS_CMD_ATTR_SERVICE
		ae.Bytes(netlink.Nested|service, id)
		attributes, err := ae.Encode()
		if err != nil {
			return err
		}
		b = appendMessage(b, ipvs.CommandGetDestinations, netlink.Dump, attributes)
	}
	return os.WriteFile(file, b, 0o600)
}

// appendMessage adds a message of generic netlink without the family's number.
func appendMessage(b []byte, command ipvs.Command, flags netlink.HeaderFlags, attributes []byte) []byte {
	const headers, version = 16 + 4, 1
	native := binary.NativeEndian
	b = native.AppendUint32(b, uint32(headers+len(attributes)))
	b = native.AppendUint16(b, 0)
	b = native.AppendUint16(b, uint16(netlink.Request|flags))
	b = native.AppendUint64(b, 0) // sequence, port
	b = append(b, byte(command), version, 0, 0)
	return append(b, attributes...)
}
