// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// procTable lists the services of a network namespace, each with its destinations. The kernel writes a service as one record, under one RCU lock
// (ip_vs_info_seq_show in ip_vs_ctl.c). Unlike a dump, the file neither repeats nor
// omits a destination of a service that it lists, whatever is added or deleted
// during the read.
//
// The file may omit services: at the start of a page ip_vs_info_seq_start skips as
// many services of the namespace as ip_vs_info_seq_next has counted in all namespaces.
const procTable = "ip_vs"

// procRow is a service, or a destination of one.
type procRow struct {
	service procService
	// destination is zero in the row of the service itself.
	destination netip.AddrPort
}

// procService identifies a service except for the family of a firewall mark, which
// the file does not show.
type procService struct {
	protocol Protocol
	addrPort netip.AddrPort
	fwmark   uint32
}

func procServiceOf(id ServiceID) procService {
	if id.FWMark != 0 {
		return procService{fwmark: id.FWMark}
	}
	return procService{protocol: id.Protocol, addrPort: id.AddrPort}
}

// procTitles is the number of lines before the first service.
const procTitles = 3

// procReader iterates over the rows of /proc/net/ip_vs. The first error, which names
// the line, stays in err and ends the iteration.
type procReader struct {
	lines *procLines
	title string // the first line
	row   procRow
	// settings is the rest of the line of the row, for parseProcSettings if that is a
	// destination. It is valid until the next row.
	settings []byte
	err      error
}

func newProcReader(r io.Reader) *procReader {
	return &procReader{lines: &procLines{in: r, buffer: make([]byte, procBuffer)}}
}

// next advances to the next row. It returns false at the end and on error.
func (r *procReader) next() bool {
	for r.err == nil {
		line, err := r.lines.next()
		switch {
		case err == io.EOF && r.lines.count >= procTitles:
			return false
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		case err != nil:
		case r.lines.count == 1:
			r.title = string(line)
		case r.lines.count > procTitles:
			if r.row, r.settings, err = parseProcRow(line, r.row.service); err == nil {
				return true
			}
		}
		if err != nil {
			r.fail(err)
		}
	}
	return false
}

// fail ends the iteration with an error of the line that was read last.
func (r *procReader) fail(err error) { r.err = fmt.Errorf("line %d: %w", max(r.lines.count, 1), err) }

// parseProcRow parses a line such as one of these. A destination belongs to the
// service of the row before.
//
//	TCP  0A000001:0050 wlc persistent 300 FFFFFFFF
//	FWM  00000007 rr
//	  -> [fd00:0000:0000:0000:0000:0000:0000:0001]:0050      Masq    1      0          0
func parseProcRow(line []byte, service procService) (row procRow, settings []byte, err error) {
	kind, rest := nextField(line)
	identity, settings := nextField(rest)
	switch string(kind) {
	case "->":
		if service == (procService{}) {
			return row, nil, errors.New("a destination without a service")
		}
		row.service = service
		row.destination, err = parseProcAddrPort(identity)
		return row, settings, err
	case "FWM":
		mark, ok := parseHex(identity)
		if !ok || len(identity) != 8 || mark == 0 {
			return row, nil, fmt.Errorf("%q is not a firewall mark", identity)
		}
		row.service.fwmark = mark
		return row, settings, nil
	case "TCP":
		row.service.protocol = TCP
	case "UDP":
		row.service.protocol = UDP
	case "SCTP":
		row.service.protocol = SCTP
	default:
		return row, nil, fmt.Errorf("%q is not a protocol", kind)
	}
	row.service.addrPort, err = parseProcAddrPort(identity)
	return row, settings, err
}

// parseProcSettings parses the end of the line of a destination: the forwarding method,
// the weight, and the numbers of active and inactive connections. They are as in a dump,
// except that the file shows every method without a word of its own as Masq, as
// ip_vs_fwd_name in include/net/ip_vs.h does.
func parseProcSettings(text []byte, d *Destination) (ok bool) {
	method, rest := nextField(text)
	switch string(method) {
	case "Masq":
		d.Forward = Masquerade
	case "Local":
		d.Forward = Local
	case "Tunnel":
		d.Forward = Tunnel
	case "Route":
		d.Forward = DirectRoute
	default:
		return false
	}
	for _, number := range [...]*uint32{&d.Weight, &d.ActiveConns, &d.InactiveConns} {
		if *number, rest, ok = nextProcInt(rest); !ok {
			return false
		}
	}
	end, _ := nextField(rest)
	return len(end) == 0
}

// nextProcInt parses the first word of a line, a C int, which netlink sends as 32 bits
// without a sign.
func nextProcInt(line []byte) (n uint32, rest []byte, ok bool) {
	digits, rest := nextField(line)
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > len("2147483648") {
		return 0, rest, false
	}
	sum := uint64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, rest, false
		}
		sum = 10*sum + uint64(c-'0')
	}
	if negative {
		return -uint32(sum), rest, sum <= 1<<31
	}
	return uint32(sum), rest, sum < 1<<31
}

// parseProcAddrPort parses 0A000001:0050 or [fd00:...:0001]:0050.
func parseProcAddrPort(text []byte) (netip.AddrPort, error) {
	colon := bytes.LastIndexByte(text, ':')
	if colon < 0 {
		return netip.AddrPort{}, fmt.Errorf("%q is not an address and a port", text)
	}
	addr := text[:colon]
	if len(addr) > 1 && addr[0] == '[' && addr[len(addr)-1] == ']' {
		addr = addr[1 : len(addr)-1]
	}
	return parseHexAddrPort(addr, text[colon+1:])
}

// openProcTable is openTable, bounded by the client's context.
func (c *Client) openProcTable() (io.ReadCloser, error) {
	file, err := c.conn.openTable()
	if err != nil {
		return nil, err
	}
	return c.bounded(file), nil
}
