// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Listeners returns the sockets that wait for clients. One that takes IPv4 as well as IPv6
// has the address ::.
func (m *Machine) Listeners(p ipvs.Protocol) (all []netip.AddrPort, err error) {
	var file, state string
	switch p {
	case ipvs.TCP:
		file, state = "tcp", "0A" // TCP_LISTEN
	case ipvs.UDP:
		file, state = "udp", "07" // not connected
	default:
		return nil, fmt.Errorf("listening sockets of %s are not read", p)
	}
	for _, suffix := range []string{"", "6"} {
		text, err := m.read("proc/thread-self/net/" + file + suffix)
		if suffix == "6" && errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			// sl local_address rem_address st ...
			fields := strings.Fields(line)
			if len(fields) < 4 || fields[3] != state {
				continue
			}
			if socket, ok := parseSocket(fields[1]); ok {
				all = append(all, socket)
			}
		}
	}
	return all, nil
}

// parseSocket parses the address of a socket as /proc has it: 32-bit words in the byte order
// of the machine, and a port.
func parseSocket(text string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(host)
	n, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	addr, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), ok
}
