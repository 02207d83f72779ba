package format

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// ConnListing is how to list connections.
type ConnListing struct {
	PersistenceData bool  // with the columns of the persistence engine
	Names           Names // nil for numbers only
}

// Titles writes the two lines above the connections.
func (l ConnListing) Titles(w io.Writer) error {
	text := "IPVS connection entries\n" +
		"pro expire state       source             virtual            destination"
	if l.PersistenceData {
		text += "        pe name          pe_data"
	}
	_, err := io.WriteString(w, text+"\n")
	return err
}

// Entries writes a line for each connection.
func (l ConnListing) Entries(w io.Writer, entries []ipvs.ConnEntry) error {
	var b []byte
	for i := range entries {
		b = l.appendEntry(b[:0], &entries[i])
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

var protocolOfName = map[string]ipvs.Protocol{"TCP": ipvs.TCP, "UDP": ipvs.UDP, "SCTP": ipvs.SCTP}

func (l ConnListing) appendEntry(b []byte, e *ipvs.ConnEntry) []byte {
	protocol := protocolOfName[e.Protocol]
	b = append(appendPadded(b, e.Protocol, 3), ' ')
	start := len(b)
	b = append(padFrom(appendMinutes(b, e.Expires), start, 6), ' ')
	b = append(appendPadded(b, e.State, 11), ' ')
	start = len(b)
	b = append(padFrom(appendEndpoint(b, l.Names, protocol, e.Client), start, 18), ' ')
	start = len(b)
	b = append(padFrom(appendEndpoint(b, l.Names, protocol, e.Virtual), start, 18), ' ')
	start = len(b)
	b = appendEndpoint(b, l.Names, protocol, e.Destination)
	if l.PersistenceData && e.PEName != "" && e.PEData != "" {
		b = append(padFrom(b, start, 16), ' ')
		b = append(appendPadded(b, e.PEName, 18), ' ')
		// The columns of the listing are words.
		data, _, _ := strings.Cut(e.PEData, " ")
		b = append(b, data...)
	}
	return append(b, '\n')
}

// Counts writes a line for each kind of connections, below a line of titles.
func (l ConnListing) Counts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
	b := fmt.Appendf(nil, "IPVS connection entries by %s\nentries  ", by)
	if by != ipvs.ByClient {
		b = append(b, "pro "...)
	}
	b = append(append(b, by.String()...), '\n')
	for _, c := range counts {
		start := len(b)
		b = append(padFrom(strconv.AppendUint(b, c.Entries, 10), start, 8), ' ')
		switch by {
		case ipvs.ByState:
			b = append(append(appendPadded(b, c.Protocol, 3), ' '), c.State...)
		case ipvs.ByClient:
			b = appendHost(b, l.Names, c.End.Addr())
		default:
			b = appendEndpoint(append(appendPadded(b, c.Protocol, 3), ' '), l.Names, protocolOfName[c.Protocol], c.End)
		}
		b = append(b, '\n')
	}
	_, err := w.Write(b)
	return err
}

// appendMinutes writes minutes and seconds, each with two digits or more.
func appendMinutes(b []byte, d time.Duration) []byte {
	minutes, seconds := uint64(d/time.Minute), d%time.Minute/time.Second
	if minutes < 10 {
		b = append(b, '0')
	}
	b = strconv.AppendUint(b, minutes, 10)
	return append(b, ':', byte('0'+seconds/10), byte('0'+seconds%10))
}
