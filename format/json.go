// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"time"
	"unicode/utf8"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// JSON prints documents, see the types of json_types.go.
type JSON struct {
	Names Names // nil for numbers only
	// Time is the time of a repeated listing, in which each document is one line. It is
	// zero otherwise.
	Time time.Time
}

// Table prints services as one document.
func (j JSON) Table(w io.Writer, s Snapshot) error {
	if s.Partial {
		return j.write(w, j.partialTable(s))
	}
	document := TableDocument{Time: j.Time, KernelDocument: kernelDocument(s), Services: []ServiceDocument{}}
	return j.writeTable(w, document, s.Table)
}

// kernelDocument returns what is known besides the services.
func kernelDocument(s Snapshot) KernelDocument {
	document := KernelDocument{MaxConnTableSize: s.Limits.ConnTabSize, ConnLimit: s.Limits.Conns, CountersStand: s.Estimation.stopped()}
	if s.Info != nil {
		document.Version, document.ConnTableSize = s.Info.VersionString(), s.Info.ConnTabSize
	}
	if s.Status != nil {
		e := s.Status.Estimation
		document.Status = &StatusDocument{
			hashTableDocument(s.Status.Conns), hashTableDocument(s.Status.Services),
			EstimationDocument{e.Threads, e.MaxThreads, e.MaxChain, e.ThreadObjects},
		}
	}
	if s.Totals != nil {
		stats, rates := statsDocuments(s.Totals)
		document.Totals = &TotalsDocument{stats, rates}
	}
	return document
}

func hashTableDocument(t ipvs.HashTable) HashTableDocument {
	document := HashTableDocument{Entries: t.Entries, Buckets: t.Buckets, LoadFactor: t.LoadFactor}
	if t.Counted() {
		document.Chains = t.Chains[:]
	}
	return document
}

// service makes the document of a service with its destinations.
func (j JSON) service(entry *ipvs.TableEntry) ServiceDocument {
	s := &entry.Service
	document := ServiceDocument{
		ServiceIdentity:   j.serviceIdentity(s),
		Scheduler:         s.Scheduler,
		SchedulerFlags:    flagList(schedFlagWords(s.Scheduler, s.Flags)),
		Flags:             serviceFlagWords(s.Flags),
		Netmask:           netmaskText(s),
		PersistenceEngine: s.PersistenceEngine,
		Destinations:      make([]DestinationDocument, 0, len(entry.Destinations)),
	}
	document.Stats, document.Rates = statsDocuments(&s.Stats)
	if s.Flags&ipvs.Persistent != 0 {
		document.PersistenceTimeout = s.Timeout
	}
	for i := range entry.Destinations {
		document.Destinations = append(document.Destinations, j.destination(s, &entry.Destinations[i]))
	}
	return document
}

func (j JSON) serviceIdentity(s *ipvs.Service) ServiceIdentity {
	identity := ServiceIdentity{FWMark: s.FWMark, Family: s.AddressFamily().String()}
	if s.FWMark == 0 {
		port := s.AddrPort.Port()
		identity.Protocol, identity.Address, identity.Port = s.Protocol.String(), s.AddrPort.Addr(), &port
		identity.Host, identity.PortName = j.names(s.Protocol, s.AddrPort)
	}
	return identity
}

func (j JSON) destinationIdentity(s *ipvs.Service, dest *ipvs.Destination) DestinationIdentity {
	identity := DestinationIdentity{
		Address: dest.AddrPort.Addr(), Port: dest.AddrPort.Port(), Family: ipvs.FamilyOf(dest.AddrPort.Addr()).String(),
	}
	identity.Host, identity.PortName = j.names(s.Protocol, dest.AddrPort)
	return identity
}

func (j JSON) destination(s *ipvs.Service, dest *ipvs.Destination) DestinationDocument {
	document := DestinationDocument{
		DestinationIdentity: j.destinationIdentity(s, dest),

		Forward: (dest.Forward & forwardMask).String(), Weight: dest.Weight,
		UpperThreshold: dest.UpperThreshold, LowerThreshold: dest.LowerThreshold,
		ActiveConns: dest.ActiveConns, InactiveConns: dest.InactiveConns, PersistentConns: dest.PersistentConns,
	}
	document.Stats, document.Rates = statsDocuments(&dest.Stats)
	if dest.Forward&forwardMask == ipvs.Tunnel {
		document.Tunnel = &TunnelDocument{dest.TunnelType.String(), dest.TunnelPort, tunnelFlagWords(dest.TunnelFlags)}
	}
	return document
}

// names returns the names of an endpoint, empty where it has none.
func (j JSON) names(p ipvs.Protocol, endpoint netip.AddrPort) (host, port string) {
	if j.Names == nil {
		return "", ""
	}
	if name, ok := j.Names.Host(endpoint.Addr()); ok {
		host = name
	}
	if name, ok := j.Names.Port(p, endpoint.Port()); ok {
		port = name
	}
	return host, port
}

func statsDocuments(s *ipvs.Stats) (stats, rates TrafficDocument) {
	return TrafficDocument{s.Conns, s.InPkts, s.OutPkts, s.InBytes, s.OutBytes},
		TrafficDocument{s.CPS, s.InPPS, s.OutPPS, s.InBPS, s.OutBPS}
}

// Timeouts prints the timeouts as one document.
func (j JSON) Timeouts(w io.Writer, timeouts ipvs.Timeouts) error {
	return j.write(w, TimeoutsDocument{j.Time, TimeoutSeconds{timeouts.TCP, timeouts.TCPFin, timeouts.UDP}})
}

// Daemons prints the sync daemons as one document.
func (j JSON) Daemons(w io.Writer, daemons []ipvs.Daemon) error {
	document := DaemonsDocument{Time: j.Time, Daemons: []DaemonDocument{}}
	for _, daemon := range daemons {
		document.Daemons = append(document.Daemons, DaemonDocument{
			daemon.State.String(), daemon.Interface, daemon.SyncID, daemon.MaxLen, daemon.Group, daemon.Port, daemon.TTL,
		})
	}
	return j.write(w, document)
}

// Connections prints a line for each connection, or one ConnectionsDocument if the
// listing is repeated.
func (j JSON) Connections(w io.Writer, chunks iter.Seq2[[]ipvs.ConnEntry, error]) error {
	p := &jsonConns{form: j, w: w}
	p.encoder = json.NewEncoder(&p.b)
	p.encoder.SetEscapeHTML(false)
	if err := printChunks(p, chunks); err != nil || j.Time.IsZero() {
		return err
	}
	_, err := io.WriteString(w, "]}\n")
	return err
}

// jsonConns is a connPrinter.
type jsonConns struct {
	form    JSON
	w       io.Writer
	b       bytes.Buffer
	encoder *json.Encoder // writes to b
	printed bool          // whether there has been a connection
}

// begin prints the start of the document of a repeated listing.
func (p *jsonConns) begin() error {
	if p.form.Time.IsZero() {
		return nil
	}
	moment, err := json.Marshal(p.form.Time)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.w, `{"time":%s,"connections":[`, moment)
	return err
}

func (p *jsonConns) print(entries []ipvs.ConnEntry) error {
	repeated := !p.form.Time.IsZero()
	for i := range entries {
		p.b.Reset()
		if repeated && p.printed {
			p.b.WriteByte(',')
		}
		p.printed = true
		if err := p.encoder.Encode(p.form.connection(&entries[i])); err != nil {
			return err
		}
		if repeated {
			p.b.Truncate(p.b.Len() - len("\n"))
		}
		if _, err := p.w.Write(escapeControls(p.b.Bytes())); err != nil {
			return err
		}
	}
	return nil
}

// ConnCounts prints the size of each group of connections as one document.
func (j JSON) ConnCounts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
	document := CountsDocument{Time: j.Time, CountedBy: by.String(), Counts: make([]CountDocument, 0, len(counts))}
	for _, c := range counts {
		count := CountDocument{Protocol: c.Protocol, State: c.State, Connections: c.Entries, Address: c.Endpoint.Addr()}
		if by != ipvs.ByState {
			host, portName := j.names(protocolNamed(c.Protocol), c.Endpoint)
			count.Host = host
			if by != ipvs.ByClient {
				port := c.Endpoint.Port()
				count.Port, count.PortName = &port, portName
			}
		}
		document.Counts = append(document.Counts, count)
	}
	return j.write(w, document)
}

func (j JSON) connection(e *ipvs.ConnEntry) ConnectionDocument {
	document := ConnectionDocument{
		Protocol: e.Protocol, State: e.State, Expires: uint64(e.Expires / time.Second), PEName: e.PEName, PEData: e.PEData,
	}
	protocol := protocolNamed(e.Protocol)
	if !utf8.ValidString(e.PEData) {
		document.PERaw = []byte(e.PEData)
	}
	if e.Protocol == "IP" && e.Virtual.IsValid() {
		// ip_vs_sched_persist in ip_vs_core.c puts the mark into the first four bytes.
		document.FWMark = binary.BigEndian.Uint32(e.Virtual.Addr().AsSlice())
	}
	document.Client = j.endpoint(protocol, e.Client)
	document.Virtual = j.endpoint(protocol, e.Virtual)
	document.Destination = j.endpoint(protocol, e.Destination)
	return document
}

func (j JSON) endpoint(p ipvs.Protocol, e netip.AddrPort) EndpointDocument {
	host, port := j.names(p, e)
	return EndpointDocument{e.Addr(), host, e.Port(), port, ipvs.FamilyOf(e.Addr()).String()}
}

func (j JSON) write(w io.Writer, document any) error {
	return j.encoder(controlEscaper{w}).Encode(document)
}

// encoder returns an encoder of documents.
func (j JSON) encoder(w io.Writer) *json.Encoder {
	e := compactEncoder(w)
	if j.Time.IsZero() {
		e.SetIndent("", jsonIndent)
	}
	return e
}

func compactEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// jsonIndent indents each level of a document that is not repeated.
const jsonIndent = "  "
