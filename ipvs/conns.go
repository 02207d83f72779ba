// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"strconv"
	"time"
)

// ConnEntry is a connection, or a template, which keeps the connections of a client
// of a persistent service at the same server.
type ConnEntry struct {
	// Protocol is TCP, UDP or SCTP, or IP for the template of a firewall mark.
	Protocol string
	// Client, Virtual and Destination are the three endpoints. The Client of a
	// template is the client's network, with port 0.
	Client, Virtual, Destination netip.AddrPort
	// State is the kernel's name of the state, such as ESTABLISHED.
	State string
	// Expires is the time until the entry expires, in whole seconds.
	Expires time.Duration
	// PEName and PEData are set if a persistence engine keeps the entry, for
	// example to sip and a Call-ID. PEData can hold any bytes: they come from the
	// client.
	PEName, PEData string
}

// maxConnLine is far beyond what the kernel writes: about 150 bytes, and up to 255
// bytes of persistence engine data.
const maxConnLine = 64 << 10

// ErrNoConnEntries says that the input is empty: it lacks the line of titles.
var ErrNoConnEntries = errors.New("ipvs: connection table: empty")

// ConnEntries parses the form of /proc/net/ip_vs_conn (ip_vs_conn_seq_show in
// ip_vs_conn.c). It skips the first line, which holds titles, and yields one entry
// at a time, so its memory does not grow with their number. It ends at the first
// error, which names the line.
//
// That file shows the network namespace of the process, that is of its main thread.
// Client.ConnEntries reads the connections in the namespace of the client.
func ConnEntries(r io.Reader) iter.Seq2[ConnEntry, error] {
	return func(yield func(ConnEntry, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 32<<10), maxConnLine)
		if !lines.Scan() && lines.Err() == nil {
			yield(ConnEntry{}, ErrNoConnEntries)
			return
		}
		words := internTable{}
		for n := 2; lines.Scan(); n++ {
			if lines.Err() != nil {
				break // the line may have been cut off
			}
			e, err := parseConnEntry(lines.Bytes(), words)
			if err != nil {
				yield(ConnEntry{}, fmt.Errorf("ipvs: connection table, line %d: %w", n, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(ConnEntry{}, connTableError(err))
		}
	}
}

func connTableError(err error) error { return fmt.Errorf("ipvs: connection table: %w", err) }

// parseConnEntry parses a line such as
//
//	TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED     900 sip abc@host
func parseConnEntry(line []byte, words internTable) (ConnEntry, error) {
	var e ConnEntry
	var err error
	protocol, rest := nextField(line)
	e.Protocol = words.intern(protocol)
	for _, end := range []*netip.AddrPort{&e.Client, &e.Virtual, &e.Destination} {
		var addr, port []byte
		addr, rest = nextField(rest)
		port, rest = nextField(rest)
		if *end, err = parseHexAddrPort(addr, port); err != nil {
			return ConnEntry{}, err
		}
	}
	state, rest := nextField(rest)
	e.State = words.intern(state)
	expires, rest := nextField(rest)
	seconds, err := strconv.ParseUint(string(expires), 10, 32)
	if err != nil {
		return ConnEntry{}, fmt.Errorf("%q is not a number of seconds", expires)
	}
	e.Expires = time.Duration(seconds) * time.Second
	name, rest := nextField(rest)
	e.PEName = words.intern(name)
	if len(rest) > 0 {
		e.PEData = string(rest[1:])
	}
	return e, nil
}

// internTable interns the few words that most lines share, so that a line needs no
// allocation except for persistence engine data.
type internTable map[string]string

// maxInterned bounds an internTable for arbitrary input. The kernel writes 30
// different words.
const maxInterned = 100

func (v internTable) intern(word []byte) string {
	if text, ok := v[string(word)]; ok {
		return text
	}
	text := string(word)
	if len(v) < maxInterned {
		v[text] = text
	}
	return text
}

// nextField returns the first word of a line and the rest, which begins with the
// blank after the word.
func nextField(line []byte) (field, rest []byte) {
	start := 0
	for start < len(line) && line[start] == ' ' {
		start++
	}
	end := start
	for end < len(line) && line[end] != ' ' {
		end++
	}
	return line[start:end], line[end:]
}

var errHexAddr = errors.New("neither 8 hexadecimal digits nor an IPv6 address")

// parseHexAddrPort parses an address and a port such as 0050.
func parseHexAddrPort(addr, port []byte) (netip.AddrPort, error) {
	a, ok := parseHexAddr(addr)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("address %q: %w", addr, errHexAddr)
	}
	p, ok := parseHex(port)
	if !ok || len(port) > 4 {
		return netip.AddrPort{}, fmt.Errorf("%q is not a hexadecimal port", port)
	}
	return netip.AddrPortFrom(a, uint16(p)), nil
}

// parseHexAddr parses 0A000001 or fd00:0000:0000:0000:0000:0000:0000:0001.
func parseHexAddr(text []byte) (netip.Addr, bool) {
	switch len(text) {
	case 8:
		var raw [4]byte
		n, ok := parseHex(text)
		binary.BigEndian.PutUint32(raw[:], n)
		return netip.AddrFrom4(raw), ok
	case 8*5 - 1:
		var raw [16]byte
		for i := range 8 {
			group := text[5*i:]
			n, ok := parseHex(group[:4])
			if !ok || len(group) > 4 && group[4] != ':' {
				return netip.Addr{}, false
			}
			binary.BigEndian.PutUint16(raw[2*i:], uint16(n))
		}
		return netip.AddrFrom16(raw), true
	}
	return netip.Addr{}, false
}

// parseHex parses hexadecimal digits of either case. More than eight overflow.
func parseHex(digits []byte) (n uint32, ok bool) {
	for _, c := range digits {
		switch lower := c | 0x20; {
		case c-'0' <= 9:
			n = n<<4 | uint32(c-'0')
		case lower-'a' <= 5:
			n = n<<4 | uint32(lower-'a'+10)
		default:
			return 0, false
		}
	}
	return n, len(digits) > 0
}
