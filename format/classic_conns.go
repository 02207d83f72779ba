// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Connections prints a line for each connection.
func (c Classic) Connections(w io.Writer, chunks iter.Seq2[[]ipvs.ConnEntry, error]) error {
	return c.connections(c.to(w), chunks)
}

// PageConnections is Connections for a screen.
func (c Classic) PageConnections(entries []ipvs.ConnEntry) Page {
	return c.page(func(out sections) error { return c.connections(out, oneChunk(entries)) })
}

func (c Classic) connections(out sections, chunks iter.Seq2[[]ipvs.ConnEntry, error]) error {
	return printChunks(&classicConns{form: c, out: out, b: make([]byte, 0, 128)}, chunks)
}

// classicConns is a connPrinter.
type classicConns struct {
	form Classic
	out  sections
	b    []byte // a line
}

func (p *classicConns) begin() error {
	const titles = "IPVS connection entries\n" +
		"pro expire state       source             virtual            destination"
	text := titles + "\n"
	if p.form.PersistenceData {
		text = titles + "        pe name          pe_data\n"
	}
	_, err := io.WriteString(p.out.head, text)
	return err
}

func (p *classicConns) print(entries []ipvs.ConnEntry) error {
	for i := range entries {
		p.b = p.form.appendEntry(p.b[:0], &entries[i])
		if _, err := p.out.rows.Write(p.b); err != nil {
			return err
		}
	}
	return nil
}

func (c Classic) appendEntry(b []byte, e *ipvs.ConnEntry) []byte {
	protocol := protocolNamed(e.Protocol)
	b = append(appendPadded(b, e.Protocol, 3), ' ')
	start := len(b)
	b = append(padFrom(appendMinutes(b, e.Expires), start, 6), ' ')
	b = append(appendPadded(b, e.State, 11), ' ')
	start = len(b)
	b = append(padFrom(appendEndpoint(b, c.Names, protocol, e.Client), start, 18), ' ')
	start = len(b)
	b = append(padFrom(appendEndpoint(b, c.Names, protocol, e.Virtual), start, 18), ' ')
	start = len(b)
	b = appendEndpoint(b, c.Names, protocol, e.Destination)
	if c.PersistenceData && e.PEName != "" && e.PEData != "" {
		b = append(padFrom(b, start, 16), ' ')
		b = append(appendPadded(b, e.PEName, 18), ' ')
		// A column holds one word.
		data, _, _ := strings.Cut(e.PEData, " ")
		b = append(b, data...)
	}
	return append(b, '\n')
}

// ConnCounts prints a line for each group of connections.
func (c Classic) ConnCounts(w io.Writer, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
	return c.connCounts(c.to(w), by, counts)
}

// PageConnCounts is ConnCounts for a screen.
func (c Classic) PageConnCounts(by ipvs.ConnGroup, counts []ipvs.ConnCount) Page {
	return c.page(func(out sections) error { return c.connCounts(out, by, counts) })
}

func (c Classic) connCounts(out sections, by ipvs.ConnGroup, counts []ipvs.ConnCount) error {
	protocolTitle := "pro "
	if by == ipvs.ByClient {
		protocolTitle = ""
	}
	if _, err := fmt.Fprintf(out.head, "IPVS connection entries by %s\nentries  %s%s\n", by, protocolTitle, by); err != nil {
		return err
	}
	var b []byte
	for _, count := range counts {
		start := len(b)
		b = append(padFrom(strconv.AppendUint(b, count.Entries, 10), start, 8), ' ')
		switch by {
		case ipvs.ByState:
			b = append(append(appendPadded(b, count.Protocol, 3), ' '), count.State...)
		case ipvs.ByClient:
			b = appendHost(b, c.Names, count.Endpoint.Addr())
		default:
			b = appendEndpoint(append(appendPadded(b, count.Protocol, 3), ' '), c.Names, protocolNamed(count.Protocol), count.Endpoint)
		}
		b = append(b, '\n')
	}
	_, err := out.rows.Write(b)
	return err
}

// appendMinutes writes minutes and seconds with two digits or more each.
func appendMinutes(b []byte, d time.Duration) []byte {
	minutes, seconds := uint64(d/time.Minute), d%time.Minute/time.Second
	if minutes < 10 {
		b = append(b, '0')
	}
	b = strconv.AppendUint(b, minutes, 10)
	return append(b, ':', byte('0'+seconds/10), byte('0'+seconds%10))
}
