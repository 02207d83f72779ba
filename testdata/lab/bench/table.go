// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
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
			Scheduler: "rr",
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
	return record(file, func(client *ipvs.Client) error {
		return errors.Join(client.Apply(ipvs.Diff(nil, s.table()))...)
	})
}

// writeReads writes the messages that read the table, for raw.
func (s size) writeReads(file string) error {
	return record(file, func(client *ipvs.Client) error {
		if _, err := client.Info(); err != nil {
			return err
		}
		if _, err := client.Services(); err != nil {
			return err
		}
		for _, entry := range s.table() {
			if _, err := client.Destinations(entry.Service.ServiceID); err != nil {
				return err
			}
		}
		return nil
	})
}

// record writes the messages that a client of an empty table sends to IPVS.
func record(file string, calls func(*ipvs.Client) error) error {
	kernel := ipvstest.New()
	client, err := kernel.Dial()
	if err != nil {
		return err
	}
	var b []byte
	kernel.Trace(func(sent bool, messages []ipvstest.Message) {
		for _, m := range messages {
			if sent && m.Type != uint16(netlink.Noop) {
				b = appendMessage(b, m)
			}
		}
	})
	if err := errors.Join(calls(client), client.Close()); err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o600)
}

// appendMessage adds a message without the family's number, a sequence number and a port.
func appendMessage(b []byte, m ipvstest.Message) []byte {
	const header = 16
	native := binary.NativeEndian
	b = native.AppendUint32(b, uint32(header+len(m.Data)))
	b = native.AppendUint16(b, 0)
	b = native.AppendUint16(b, m.Flags&uint16(netlink.Request|netlink.Dump))
	b = native.AppendUint64(b, 0)
	return append(b, m.Data...)
}
