// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// PartialTable is the table as /proc/net/ip_vs shows it to everybody. Of services it has the
// identity, the scheduler, the flags Persistent, Hashed and OnePacket and, if persistent, the
// timeout and the netmask; of destinations the identity, the forwarding method, the weight and
// the numbers of active and inactive connections. Everything else in Table is zero, whatever
// the kernel has: scheduler flags, persistence engines, thresholds, tunnel types, persistent
// connections, counters and rates. The forwarding method Bypass reads as Masquerade.
type PartialTable struct {
	Info  Info
	Table Table
	// UnknownFamily holds the firewall marks whose family the file does not tell. Their
	// services read as those of IPv4, without a netmask. There may be two of one mark.
	UnknownFamily map[uint32]bool
}

// ReadPartialTable parses what /proc/net/ip_vs shows (ip_vs_info_seq_show in ip_vs_ctl.c). The
// file has timeouts in ticks of the kernel, of which ticksPerSecond make a second: 10^9 divided
// by the nanoseconds that clock_getres tells of CLOCK_MONOTONIC_COARSE.
//
// That file shows the network namespace of the process, that is of its main thread. If other
// network namespaces have services, too, the kernel may leave some out of a table that is
// longer than a page.
func ReadPartialTable(r io.Reader, ticksPerSecond uint32) (PartialTable, error) {
	p := &partialReader{ticks: ticksPerSecond}
	reader := newProcReader(r)
	for reader.next() {
		if err := p.add(reader.row, reader.settings); err != nil {
			reader.fail(err)
		}
	}
	if reader.err != nil {
		return PartialTable{}, fmt.Errorf("ipvs: table, %w", reader.err)
	}
	if err := p.addTitle(reader.title); err != nil {
		return PartialTable{}, fmt.Errorf("ipvs: table, line 1: %w", err)
	}
	return p.result(), nil
}

// partialReader collects the rows of /proc/net/ip_vs.
type partialReader struct {
	ticks    uint32
	table    PartialTable
	services []partialService // of table.Table
}

// partialService is what the family of a service decides.
type partialService struct {
	family Family // 0 if it is not known
	mask   uint32 // as a number in network byte order; only of a persistent service
}

func (p *partialReader) add(row procRow, settings []byte) error {
	if row.destination.IsValid() {
		return p.addDestination(row.destination, settings)
	}
	return p.addService(row.service, bytes.Fields(settings))
}

// addTitle reads "IP Virtual Server version 1.2.1 (size=4096)".
func (p *partialReader) addTitle(text string) error {
	var major, minor, patch uint8
	info := &p.table.Info
	if _, err := fmt.Sscanf(text, "IP Virtual Server version %d.%d.%d (size=%d)", &major, &minor, &patch, &info.ConnTabSize); err != nil {
		return fmt.Errorf("%q is not the title: %w", text, err)
	}
	info.Version = uint32(major)<<16 | uint32(minor)<<8 | uint32(patch)
	return nil
}

// addService reads "wlc ops persistent 75000 FFFFFFFF", which is behind the address.
func (p *partialReader) addService(service procService, words [][]byte) error {
	s := Service{Flags: Hashed}
	known := partialService{family: FamilyOf(service.addrPort.Addr())}
	s.Protocol, s.AddrPort, s.FWMark = service.protocol, service.addrPort, service.fwmark
	if s.FWMark == 0 {
		s.IPv6 = s.AddrPort.Addr().Is4In6()
	}
	if len(words) == 0 {
		return errors.New("a service without a scheduler")
	}
	s.Scheduler = string(words[0])
	options := words[1:]
	if len(options) > 0 && string(options[0]) == "ops" {
		s.Flags |= OnePacket
		options = options[1:]
	}
	switch {
	case len(options) == 0:
	case len(options) == 3 && string(options[0]) == "persistent":
		ticks, _, ok := nextProcInt(options[1])
		if !ok {
			return fmt.Errorf("%q is not a number of 32 bits", options[1])
		}
		mask, ok := parseHex(options[2])
		if !ok || len(options[2]) != 8 {
			return fmt.Errorf("%q is not a netmask", options[2])
		}
		s.Flags |= Persistent
		s.Timeout = ticks / max(p.ticks, 1)
		known.mask = mask
		if bits := known.prefix(); known.family == 0 && (bits == 0 || bits > 128) {
			known.family = IPv4
		}
	default:
		return fmt.Errorf("%q is not expected", bytes.Join(options, []byte(" ")))
	}
	p.table.Table = append(p.table.Table, TableEntry{Service: s})
	p.services = append(p.services, known)
	return nil
}

// prefix is the mask as the length of an IPv6 prefix, which the kernel has in host byte
// order: see Netmask.encode.
func (s *partialService) prefix() uint32 {
	return binary.NativeEndian.Uint32(binary.BigEndian.AppendUint32(nil, s.mask))
}

// addDestination reads "Masq 1 0 0", which is behind the address.
func (p *partialReader) addDestination(addr netip.AddrPort, settings []byte) error {
	d := Destination{DestinationID: DestinationID{addr}}
	if !parseProcSettings(settings, &d) {
		return fmt.Errorf("%q is not a forwarding method, a weight and two numbers of connections", bytes.TrimSpace(settings))
	}
	last := len(p.services) - 1
	if p.services[last].family == 0 && d.Forward != Tunnel && d.Forward != Local {
		// Only through a tunnel does a destination have another family than its service,
		// and Local may have been one.
		p.services[last].family = FamilyOf(d.AddrPort.Addr())
	}
	entry := &p.table.Table[last]
	entry.Destinations = append(entry.Destinations, d)
	return nil
}

// result sets what the families decide. Of two services with one mark, the family of one
// tells that of the other.
func (p *partialReader) result() PartialTable {
	families := map[uint32]Family{}
	for i, s := range p.services {
		if mark := p.table.Table[i].Service.FWMark; mark != 0 && s.family != 0 {
			families[mark] = s.family
		}
	}
	p.table.UnknownFamily = map[uint32]bool{}
	for i := range p.services {
		s, known := &p.table.Table[i].Service, &p.services[i]
		if s.FWMark != 0 && known.family == 0 {
			switch families[s.FWMark] {
			case 0:
				p.table.UnknownFamily[s.FWMark] = true
				continue
			case IPv4:
				known.family = IPv6
			default:
				known.family = IPv4
			}
		}
		s.IPv6 = s.IPv6 || s.FWMark != 0 && known.family == IPv6
		switch {
		case s.Flags&Persistent == 0:
		case known.family == IPv6:
			s.Netmask = IPv6Prefix(int(min(known.prefix(), 129)))
		default:
			s.Netmask = ipv4Netmask(known.mask)
		}
	}
	return p.table
}
