package ipvs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// procTablePath lists the services of the network namespace of the thread, each
// with its destinations. The kernel writes a service as one record, under one RCU
// lock (ip_vs_info_seq_show in ip_vs_ctl.c): unlike a dump it lists none of its
// destinations twice and leaves none out, whatever is added or deleted meanwhile.
//
// Services may be missing: when a new page begins, ip_vs_info_seq_start skips as
// many services of the namespace as ip_vs_info_seq_next has counted of all namespaces.
const procTablePath = "/proc/thread-self/net/ip_vs"

// procRow is a service, or a destination of one.
type procRow struct {
	service procService
	// destination is zero in the row of the service itself.
	destination netip.AddrPort
}

// procService identifies a service, but for the family of a firewall mark, which
// the kernel does not write there.
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

// procTitles is how many lines come before the first service.
const procTitles = 3

// procReader reads the rows of /proc/net/ip_vs. The first error, which names the
// line, stays in err and ends it.
type procReader struct {
	lines *bufio.Scanner
	line  int
	row   procRow
	err   error
}

func newProcReader(r io.Reader) *procReader {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 32<<10), maxProcLine)
	return &procReader{lines: lines}
}

// maxProcLine is far beyond what the kernel writes.
const maxProcLine = 64 << 10

// next goes on to the next row, if there is one.
func (r *procReader) next() bool {
	for r.err == nil && r.lines.Scan() {
		if r.line++; r.line <= procTitles {
			continue
		}
		var err error
		if r.row, err = parseProcRow(r.lines.Bytes(), r.row.service); err != nil {
			r.err = fmt.Errorf("line %d: %w", r.line, err)
		}
		return r.err == nil
	}
	if r.err == nil {
		r.err = r.lines.Err()
	}
	if r.err == nil && r.line < procTitles {
		r.err = io.ErrUnexpectedEOF
	}
	return false
}

// parseProcRow reads a line such as one of these; a destination is one of the
// service before it.
//
//	TCP  0A000001:0050 wlc persistent 300 FFFFFFFF
//	FWM  00000007 rr
//	  -> [fd00:0000:0000:0000:0000:0000:0000:0001]:0050      Masq    1      0          0
func parseProcRow(line []byte, service procService) (row procRow, err error) {
	kind, rest := nextField(line)
	identity, _ := nextField(rest)
	switch string(kind) {
	case "->":
		if service == (procService{}) {
			return row, errors.New("a destination without a service")
		}
		row.service = service
		row.destination, err = parseProcAddrPort(identity)
		return row, err
	case "FWM":
		mark, ok := parseHex(identity)
		if !ok || len(identity) != 8 || mark == 0 {
			return row, fmt.Errorf("%q is not a firewall mark", identity)
		}
		row.service.fwmark = mark
		return row, nil
	case "TCP":
		row.service.protocol = TCP
	case "UDP":
		row.service.protocol = UDP
	case "SCTP":
		row.service.protocol = SCTP
	default:
		return row, fmt.Errorf("%q is not a protocol", kind)
	}
	row.service.addrPort, err = parseProcAddrPort(identity)
	return row, err
}

// parseProcAddrPort reads 0A000001:0050 or [fd00:...:0001]:0050.
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

// openProcTable opens the listing of the socket's network namespace, which is read
// with the system calls that the socket uses.
func openProcTable(socket syscall.RawConn, call systemCall) (io.ReadCloser, error) {
	var file *os.File
	err := inNamespaceOf(socket, func() (err error) {
		file, err = os.Open(procTablePath)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &procFile{file, call}, nil
}

// procFile is a file of /proc, of which a read never waits.
type procFile struct {
	*os.File
	call systemCall
}

func (f *procFile) Read(b []byte) (int, error) {
	n, _, errno := f.call(unix.SYS_READ, f.Fd(), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	runtime.KeepAlive(b)
	switch {
	case errno != 0:
		return 0, os.NewSyscallError("read", errno)
	case n == 0:
		return 0, io.EOF
	}
	return int(n), nil
}
