package ipvs

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"strconv"
	"time"
)

// ConnEntriesPath is the file that lists the connections of the network
// namespace of the process.
const ConnEntriesPath = "/proc/net/ip_vs_conn"

// ConnEntry is a connection, or a template that keeps a client at its server.
type ConnEntry struct {
	// Protocol as the kernel writes it: TCP, UDP, SCTP, or IP for the template of
	// a firewall mark.
	Protocol string
	// Client, Virtual and Destination are the three ends. In a template the
	// client is its network with port 0.
	Client, Virtual, Destination netip.AddrPort
	// State is the kernel's name, such as ESTABLISHED.
	State string
	// Expires is when the entry goes, in whole seconds.
	Expires time.Duration
	// PEName and PEData are set if a persistence engine keeps the entry, as sip
	// and a Call-ID. The data are whatever bytes the client sent.
	PEName, PEData string
}

// maxConnLine is far beyond what the kernel writes: at most 255 bytes of data of
// a persistence engine after about 150.
const maxConnLine = 64 << 10

// ErrNoConnEntries is a file without even the line of titles.
var ErrNoConnEntries = errors.New("ipvs: connection table: empty")

// ConnEntries reads entries in the form of /proc/net/ip_vs_conn (ip_vs_conn_seq_show
// in ip_vs_conn.c), one at a time, so that memory does not grow with their number.
// The first line holds titles. It ends at the first error, which names the line.
func ConnEntries(r io.Reader) iter.Seq2[ConnEntry, error] {
	return func(yield func(ConnEntry, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 32<<10), maxConnLine)
		if !lines.Scan() && lines.Err() == nil {
			yield(ConnEntry{}, ErrNoConnEntries)
			return
		}
		for n := 2; lines.Scan(); n++ {
			line := lines.Bytes()
			e, err := parseConnEntry(line)
			if err != nil {
				yield(ConnEntry{}, fmt.Errorf("ipvs: connection table, line %d: %w", n, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(ConnEntry{}, fmt.Errorf("ipvs: connection table: %w", err))
		}
	}
}

// parseConnEntry reads a line such as
//
//	TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED     900 sip abc@host
func parseConnEntry(line []byte) (ConnEntry, error) {
	var e ConnEntry
	var err error
	protocol, rest := nextField(line)
	e.Protocol = string(protocol)
	for _, end := range []*netip.AddrPort{&e.Client, &e.Virtual, &e.Destination} {
		var addr, port []byte
		addr, rest = nextField(rest)
		port, rest = nextField(rest)
		if *end, err = parseHexAddrPort(addr, port); err != nil {
			return ConnEntry{}, err
		}
	}
	state, rest := nextField(rest)
	e.State = string(state)
	expires, rest := nextField(rest)
	seconds, err := strconv.ParseUint(string(expires), 10, 32)
	if err != nil {
		return ConnEntry{}, fmt.Errorf("%q is not a number of seconds", expires)
	}
	e.Expires = time.Duration(seconds) * time.Second
	name, rest := nextField(rest)
	e.PEName = string(name)
	if len(rest) > 0 {
		e.PEData = string(rest[1:])
	}
	return e, nil
}

// nextField cuts off the first word; rest begins with the blank after it.
func nextField(line []byte) (field, rest []byte) {
	line = bytes.TrimLeft(line, " ")
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		return line[:i], line[i:]
	}
	return line, nil
}

var errHexAddr = errors.New("neither 8 hexadecimal digits nor an IPv6 address")

// parseHexAddrPort reads 0A000001 or fd00:0000:...:0001 and a port as 0050.
func parseHexAddrPort(addr, port []byte) (netip.AddrPort, error) {
	var a netip.Addr
	var raw [4]byte
	if len(addr) == 8 {
		if _, err := hex.Decode(raw[:], addr); err != nil {
			return netip.AddrPort{}, fmt.Errorf("address %q: %w", addr, errHexAddr)
		}
		a = netip.AddrFrom4(raw)
	} else {
		var err error
		a, err = netip.ParseAddr(string(addr))
		if err != nil || !a.Is6() || a.Zone() != "" {
			return netip.AddrPort{}, fmt.Errorf("address %q: %w", addr, errHexAddr)
		}
	}
	p, err := strconv.ParseUint(string(port), 16, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%q is not a hexadecimal port", port)
	}
	return netip.AddrPortFrom(a, uint16(p)), nil
}
