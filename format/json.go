package format

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Documents makes the documents of --output json.
type Documents struct {
	Names Names // nil for numbers only
	// Time is zero, or that of a repeated listing, of which each document is a line.
	Time time.Time

	connections int // that have been written
}

// Table writes a table as one document.
func (d *Documents) Table(w io.Writer, s Snapshot) error {
	document := TableDocument{Time: d.Time, Services: make([]ServiceDocument, 0, len(s.Table))}
	if s.Info != nil {
		document.Version, document.ConnTableSize = s.Info.VersionString(), s.Info.ConnTabSize
	}
	if s.Totals != nil {
		stats, rates := statsDocuments(s.Totals)
		document.Totals = &TotalsDocument{stats, rates}
	}
	for i := range s.Table {
		document.Services = append(document.Services, d.Entry(&s.Table[i]))
	}
	return d.write(w, document)
}

// Entry makes the document of a service with its destinations.
func (d *Documents) Entry(entry *ipvs.TableEntry) ServiceDocument {
	s := &entry.Service
	document := ServiceDocument{
		FWMark:            s.FWMark,
		Family:            s.AddressFamily().String(),
		Scheduler:         s.Scheduler,
		SchedulerFlags:    splitWords(schedFlagWords(s.Scheduler, s.Flags)),
		Flags:             serviceFlagWords(s.Flags),
		Netmask:           netmaskText(s),
		PersistenceEngine: s.PersistenceEngine,
		Destinations:      make([]DestinationDocument, 0, len(entry.Destinations)),
	}
	document.Stats, document.Rates = statsDocuments(&s.Stats)
	if s.FWMark == 0 {
		port := s.AddrPort.Port()
		document.Protocol, document.Address, document.Port = s.Protocol.String(), s.AddrPort.Addr(), &port
		document.Host, document.PortName = d.names(s.Protocol, s.AddrPort)
	}
	if s.Flags&ipvs.Persistent != 0 {
		document.PersistenceTimeout = s.Timeout
	}
	for i := range entry.Destinations {
		document.Destinations = append(document.Destinations, d.destination(s, &entry.Destinations[i]))
	}
	return document
}

func (d *Documents) destination(s *ipvs.Service, dest *ipvs.Destination) DestinationDocument {
	document := DestinationDocument{
		Address: dest.AddrPort.Addr(), Port: dest.AddrPort.Port(), Family: ipvs.FamilyOf(dest.AddrPort.Addr()).String(),
		Forward: (dest.Forward & forwardMask).String(), Weight: dest.Weight,
		UpperThreshold: dest.UpperThreshold, LowerThreshold: dest.LowerThreshold,
		ActiveConns: dest.ActiveConns, InactiveConns: dest.InactiveConns, PersistentConns: dest.PersistentConns,
	}
	document.Host, document.PortName = d.names(s.Protocol, dest.AddrPort)
	document.Stats, document.Rates = statsDocuments(&dest.Stats)
	if dest.Forward&forwardMask == ipvs.Tunnel {
		document.Tunnel = &TunnelDocument{dest.TunnelType.String(), dest.TunnelPort, tunnelFlagWords(dest.TunnelFlags)}
	}
	return document
}

// names are the names of an end, empty where there are none.
func (d *Documents) names(p ipvs.Protocol, end netip.AddrPort) (host, port string) {
	if d.Names == nil {
		return "", ""
	}
	if name, ok := d.Names.Host(end.Addr()); ok {
		host = name
	}
	if name, ok := d.Names.Port(p, end.Port()); ok {
		port = name
	}
	return host, port
}

func statsDocuments(s *ipvs.Stats) (stats, rates TrafficDocument) {
	return TrafficDocument{s.Conns, s.InPkts, s.OutPkts, s.InBytes, s.OutBytes},
		TrafficDocument{s.CPS, s.InPPS, s.OutPPS, s.InBPS, s.OutBPS}
}

// Timeouts writes the timeouts as one document.
func (d *Documents) Timeouts(w io.Writer, c ipvs.Config) error {
	return d.write(w, TimeoutsDocument{d.Time, TimeoutSeconds{c.TCP, c.TCPFin, c.UDP}})
}

// Daemons writes the sync daemons as one document.
func (d *Documents) Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	document := DaemonsDocument{Time: d.Time, Daemons: []DaemonDocument{}}
	for _, daemon := range daemons {
		document.Daemons = append(document.Daemons, DaemonDocument{
			daemon.State.String(), daemon.Interface, daemon.SyncID, daemon.MaxLen, daemon.Group, daemon.Port, daemon.TTL,
		})
	}
	return d.write(w, document)
}

// ConnTitles begins the connections: a ConnectionsDocument if the listing is
// repeated, else nothing.
func (d *Documents) ConnTitles(w io.Writer) error {
	d.connections = 0
	if d.Time.IsZero() {
		return nil
	}
	moment, err := json.Marshal(d.Time)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, `{"time":%s,"connections":[`, moment)
	return err
}

// Connections writes an object for each connection: a line, or a part of the
// ConnectionsDocument.
func (d *Documents) Connections(w io.Writer, entries []ipvs.ConnEntry) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for i := range entries {
		b.Reset()
		if err := encoder.Encode(d.connection(&entries[i])); err != nil {
			return err
		}
		if !d.Time.IsZero() {
			b.Truncate(b.Len() - len("\n"))
			if d.connections > 0 {
				if _, err := io.WriteString(w, ","); err != nil {
					return err
				}
			}
			d.connections++
		}
		if _, err := w.Write(escapeControls(b.Bytes())); err != nil {
			return err
		}
	}
	return nil
}

// ConnEnd ends what ConnTitles began.
func (d *Documents) ConnEnd(w io.Writer) error {
	if d.Time.IsZero() {
		return nil
	}
	_, err := io.WriteString(w, "]}\n")
	return err
}

// ConnCounts writes how many connections there are of each kind as one document.
func (d *Documents) ConnCounts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
	document := CountsDocument{Time: d.Time, CountedBy: by.String(), Counts: make([]CountDocument, 0, len(counts))}
	for _, c := range counts {
		count := CountDocument{Protocol: c.Protocol, State: c.State, Connections: c.Entries, Address: c.End.Addr()}
		if by != ipvs.ByState {
			host, portName := d.names(protocolOfName[c.Protocol], c.End)
			count.Host = host
			if by != ipvs.ByClient {
				port := c.End.Port()
				count.Port, count.PortName = &port, portName
			}
		}
		document.Counts = append(document.Counts, count)
	}
	return d.write(w, document)
}

func (d *Documents) connection(e *ipvs.ConnEntry) ConnectionDocument {
	document := ConnectionDocument{
		Protocol: e.Protocol, State: e.State, Expires: uint64(e.Expires / time.Second), PEName: e.PEName, PEData: e.PEData,
	}
	protocol := protocolOfName[e.Protocol]
	if !utf8.ValidString(e.PEData) {
		document.PERaw = []byte(e.PEData)
	}
	if e.Protocol == "IP" && e.Virtual.IsValid() {
		// ip_vs_sched_persist in ip_vs_core.c puts it into the first four bytes.
		document.FWMark = binary.BigEndian.Uint32(e.Virtual.Addr().AsSlice())
	}
	document.Client = d.end(protocol, e.Client)
	document.Virtual = d.end(protocol, e.Virtual)
	document.Destination = d.end(protocol, e.Destination)
	return document
}

func (d *Documents) end(p ipvs.Protocol, end netip.AddrPort) EndDocument {
	host, port := d.names(p, end)
	return EndDocument{end.Addr(), host, end.Port(), port, ipvs.FamilyOf(end.Addr()).String()}
}

func (d *Documents) write(w io.Writer, document any) error {
	e := json.NewEncoder(controlEscaper{w})
	e.SetEscapeHTML(false)
	if d.Time.IsZero() {
		e.SetIndent("", "  ")
	}
	return e.Encode(document)
}

// splitWords is a list, never nil, of what a comma separates.
func splitWords(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, ",")
}

func serviceFlagWords(flags ipvs.ServiceFlags) []string {
	return flagWords(flags&^(ipvs.SchedulerFlag1|ipvs.SchedulerFlag2|ipvs.SchedulerFlag3), []flagWord[ipvs.ServiceFlags]{
		{ipvs.Persistent, "persistent"}, {ipvs.OnePacket, "ops"}, {ipvs.Hashed, "hashed"},
	})
}

func tunnelFlagWords(flags ipvs.TunnelFlags) []string {
	return flagWords(flags, []flagWord[ipvs.TunnelFlags]{
		{ipvs.TunnelChecksum, "csum"}, {ipvs.TunnelRemoteChecksum, "remcsum"},
	})
}

type flagWord[T any] struct {
	flag T
	word string
}

// flagWords lists flags by their words, and those that have none as numbers.
func flagWords[T ~uint16 | ~uint32](flags T, words []flagWord[T]) []string {
	set := []string{}
	for _, w := range words {
		if flags&w.flag != 0 {
			set = append(set, w.word)
			flags &^= w.flag
		}
	}
	for bit := T(1); bit != 0; bit <<= 1 {
		if flags&bit != 0 {
			set = append(set, "0x"+strconv.FormatUint(uint64(bit), 16))
		}
	}
	return set
}
