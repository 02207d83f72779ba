// SPDX-License-Identifier: Apache-2.0

package durability

import (
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

// drawTable makes up a table of 0 to 40 services with 0 to 10 servers each: all that a command line can make.
func drawTable(t *rapid.T, name string) ipvs.Table {
	table := ipvs.Table{}
	count := rapid.IntRange(0, 40).Draw(t, name+": services")
	for _, id := range rapid.SliceOfNDistinct(rapid.Custom(drawServiceID), count, count, rapid.ID).Draw(t, name) {
		entry := ipvs.TableEntry{Service: drawService(t, id)}
		known := map[ipvs.DestinationID]bool{}
		for range rapid.IntRange(0, 10).Draw(t, "servers") {
			d := drawServer(t, id)
			if !known[d.DestinationID] {
				known[d.DestinationID] = true
				entry.Destinations = append(entry.Destinations, d)
			}
		}
		table = append(table, entry)
	}
	return table
}

func drawServiceID(t *rapid.T) ipvs.ServiceID {
	six := rapid.Bool().Draw(t, "IPv6")
	if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
		// The original shows higher marks as negative numbers (X2 of what differs), and then cannot read them.
		return ipvs.ServiceID{FWMark: rapid.Uint32Range(1, 1<<31-1).Draw(t, "mark"), IPv6: six}
	}
	return ipvs.ServiceID{
		Protocol: rapid.SampledFrom([]ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP}).Draw(t, "protocol"),
		AddrPort: netip.AddrPortFrom(drawAddr(t, six), rapid.Uint16().Draw(t, "port")),
	}
}

// drawAddr also makes up addresses that are 2^31 apart, which the original sorts otherwise (X3).
func drawAddr(t *rapid.T, six bool) netip.Addr {
	last := rapid.ByteRange(1, 200).Draw(t, "host")
	if six {
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: last})
	}
	return netip.AddrFrom4([4]byte{rapid.SampledFrom([]byte{10, 203}).Draw(t, "net"), 0, 0, last})
}

func drawService(t *rapid.T, id ipvs.ServiceID) ipvs.Service {
	schedulers := []string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf"}
	s := ipvs.Service{
		ServiceID: id,
		Scheduler: rapid.SampledFrom(schedulers).Draw(t, "scheduler"),
	}
	flags := []ipvs.ServiceFlags{ipvs.SchedulerFlag1, ipvs.SchedulerFlag2}
	if s.Scheduler != "sh" && s.Scheduler != "mh" { // where the original has no name for it (X12)
		flags = append(flags, ipvs.SchedulerFlag3)
	}
	for _, flag := range flags {
		if rapid.IntRange(0, 3).Draw(t, "flag") == 0 {
			s.Flags |= flag
		}
	}
	if (id.Protocol == ipvs.UDP || id.FWMark != 0) && rapid.Bool().Draw(t, "one packet") {
		s.Flags |= ipvs.OnePacket
	}
	if id.FWMark == 0 && id.AddrPort.Port() == 0 || rapid.Bool().Draw(t, "persistent") {
		s.Flags |= ipvs.Persistent
		s.Timeout = rapid.Uint32Range(1, 31*24*3600).Draw(t, "timeout")
		s.Netmask = drawNetmask(t, id.AddressFamily())
		s.PersistenceEngine = rapid.SampledFrom([]string{"", "", "sip"}).Draw(t, "engine")
	}
	return s
}

func drawNetmask(t *rapid.T, family ipvs.Family) ipvs.Netmask {
	if family == ipvs.IPv6 {
		return ipvs.IPv6Prefix(rapid.IntRange(1, 128).Draw(t, "prefix"))
	}
	mask := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "mask"))
	return ipvs.IPv4Mask(mask[0], mask[1], mask[2], mask[3])
}

func drawServer(t *rapid.T, id ipvs.ServiceID) ipvs.Destination {
	six, port := id.AddressFamily() == ipvs.IPv6, id.AddrPort.Port()
	d := ipvs.Destination{
		Forward: rapid.SampledFrom([]ipvs.ForwardingMethod{ipvs.Masquerade, ipvs.Tunnel, ipvs.DirectRoute}).Draw(t, "method"),
		Weight:  rapid.Uint32Range(0, 1<<31-1).Draw(t, "weight"),
	}
	if rapid.Bool().Draw(t, "thresholds") {
		d.UpperThreshold = rapid.Uint32Range(0, 1<<31-1).Draw(t, "upper")
		d.LowerThreshold = rapid.Uint32Range(0, d.UpperThreshold).Draw(t, "lower")
	}
	if d.Forward == ipvs.Masquerade || id.FWMark != 0 {
		port = rapid.Uint16().Draw(t, "port")
	}
	if d.Forward == ipvs.Tunnel {
		six = six != (rapid.IntRange(0, 3).Draw(t, "other family") == 0)
		drawTunnel(t, &d)
	}
	d.DestinationID = ipvs.DestinationID{AddrPort: netip.AddrPortFrom(drawAddr(t, six), port)}
	return d
}

func drawTunnel(t *rapid.T, d *ipvs.Destination) {
	checksums := []ipvs.TunnelFlags{0, ipvs.TunnelChecksum}
	switch d.TunnelType = rapid.SampledFrom([]ipvs.TunnelType{ipvs.IPIP, ipvs.GUE, ipvs.GRE}).Draw(t, "tunnel"); d.TunnelType {
	case ipvs.IPIP:
		checksums = checksums[:1]
	case ipvs.GUE:
		checksums = append(checksums, ipvs.TunnelRemoteChecksum)
		d.TunnelPort = rapid.Uint16Min(1).Draw(t, "tunnel port")
	}
	d.TunnelFlags = rapid.SampledFrom(checksums).Draw(t, "checksum")
}
