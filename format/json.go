package format

import (
	"encoding/json"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Documents makes the documents of --output json.
type Documents struct {
	Names Names // nil for numbers only
}

// Table writes a table as one document.
func (d Documents) Table(w io.Writer, s Snapshot) error {
	document := TableDocument{Services: make([]ServiceDocument, 0, len(s.Table))}
	if s.Info != nil {
		document.Version, document.ConnTableSize = s.Info.VersionString(), s.Info.ConnTabSize
	}
	for i := range s.Table {
		document.Services = append(document.Services, d.Entry(&s.Table[i]))
	}
	return writeJSON(w, document)
}

// Entry makes the document of a service with its destinations.
func (d Documents) Entry(entry *ipvs.TableEntry) ServiceDocument {
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

func (d Documents) destination(s *ipvs.Service, dest *ipvs.Destination) DestinationDocument {
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
func (d Documents) names(p ipvs.Protocol, end netip.AddrPort) (host, port string) {
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

func statsDocuments(s *ipvs.Stats) (StatsDocument, RatesDocument) {
	return StatsDocument{s.Conns, s.InPkts, s.OutPkts, s.InBytes, s.OutBytes},
		RatesDocument{s.CPS, s.InPPS, s.OutPPS, s.InBPS, s.OutBPS}
}

// Timeouts writes the timeouts as one document.
func (d Documents) Timeouts(w io.Writer, c ipvs.Config) error {
	return writeJSON(w, TimeoutsDocument{TimeoutSeconds{c.TCP, c.TCPFin, c.UDP}})
}

// Daemons writes the sync daemons as one document.
func (d Documents) Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	document := DaemonsDocument{Daemons: []DaemonDocument{}}
	for _, daemon := range daemons {
		document.Daemons = append(document.Daemons, DaemonDocument{
			daemon.State.String(), daemon.Interface, daemon.SyncID, daemon.MaxLen, daemon.Group, daemon.Port, daemon.TTL,
		})
	}
	return writeJSON(w, document)
}

// ConnTitles writes nothing.
func (Documents) ConnTitles(io.Writer) error { return nil }

// Connections writes a document for each connection, a line each.
func (d Documents) Connections(w io.Writer, entries []ipvs.ConnEntry) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for i := range entries {
		if err := lines.Encode(d.connection(&entries[i])); err != nil {
			return err
		}
	}
	return nil
}

func (d Documents) connection(e *ipvs.ConnEntry) ConnectionDocument {
	document := ConnectionDocument{
		Protocol: e.Protocol, State: e.State, Expires: uint64(e.Expires / time.Second), PEName: e.PEName, PEData: e.PEData,
	}
	protocol := protocolOfName[e.Protocol]
	document.Client = d.end(protocol, e.Client)
	document.Virtual = d.end(protocol, e.Virtual)
	document.Destination = d.end(protocol, e.Destination)
	return document
}

func (d Documents) end(p ipvs.Protocol, end netip.AddrPort) EndDocument {
	host, port := d.names(p, end)
	return EndDocument{end.Addr(), host, end.Port(), port}
}

func writeJSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
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
