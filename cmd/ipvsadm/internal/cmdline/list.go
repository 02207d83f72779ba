// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

const (
	defaultInterval = 2 * time.Second // of --watch
	minInterval     = 100 * time.Millisecond
	maxInterval     = 24 * time.Hour
)

func (b *builder) setOutput(value string) error {
	form, ok := format.ParseForm(value)
	if !ok {
		return Usagef("invalid output format `%s' specified; it must be one of %s", value, strings.Join(format.FormNames(), ", "))
	}
	b.list.Options.Form = form
	return nil
}

func (b *builder) setJSON(string) error {
	b.list.Options.Form = format.JSONForm
	return nil
}

// setInterval sets the time from one reading to the next, of --watch and --monitor.
func (b *builder) setInterval(value string) error {
	interval, err := time.ParseDuration(value + "s")
	if err != nil || strings.Trim(value, "0123456789.") != "" || interval < minInterval || interval > maxInterval {
		return Usagef("invalid interval `%s' specified; it must be 0.1 to 86400 seconds", value)
	}
	b.list.Interval = interval
	return nil
}

func (b *builder) setSortBy(value string) error {
	key, ok := listing.ParseSortKey(value)
	if !ok {
		return Usagef("invalid column `%s' specified; it must be one of %s", value, strings.Join(listing.SortKeys(), ", "))
	}
	b.list.Options.SortBy = key
	return nil
}

// states has the state names of ip_vs_proto_*.c in all kernels.
const states = `NONE ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN SYNACK
	UDP ICMP ASSURED INIT1 INIT COOKIE_SENT COOKIE_REPLIED COOKIE_WAIT COOKIE COOKIE_ECHOED C-SENT C-REPLIED C-WAIT C-ECHOED
	SHUTDOWN_SENT SHUTDOWN_RECEIVED SHUTDOWN_ACK_SENT S-SENT S-RECEIVED S-ACK-SENT REJECTED CLOSED
	INIT_CLI INIT_SER INIT_ACK_CLI INIT_ACK_SER COOKIE_ECHO_CLI COOKIE_ECHO_SER ESTABISHED SHUTDOWN_CLI SHUTDOWN_SER
	SHUTDOWN_ACK_CLI SHUTDOWN_ACK_SER BUG! ERR! ?`

// States returns the names of all states of connections.
func States() []string { return strings.Fields(states) }

// commonStates lists states for error messages. SCTP has too many to list.
const commonStates = "ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, SYNACK and NONE of TCP, " +
	"UDP, ICMP, or one of SCTP as -c shows it"

func (b *builder) setState(value string) error {
	if !slices.ContainsFunc(States(), func(s string) bool { return strings.EqualFold(s, value) }) {
		return Usagef("invalid state `%s' specified; it must be one of %s", value, commonStates)
	}
	b.list.Options.Filter.State = value
	return nil
}

func (b *builder) setClient(value string) error {
	network, err := parseNetwork(value, b.hosts)
	b.list.Options.Filter.Client = network
	if err != nil {
		return Usagef("invalid client `%s' specified; it must be ADDR or ADDR/LENGTH, such as 10.0.0.0/8", value)
	}
	return nil
}

// parseNetwork parses an address, with or without a prefix length.
func parseNetwork(text string, hosts *resolve.Resolver) (netip.Prefix, error) {
	host, length, hasLength := strings.Cut(text, "/")
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if err != nil || a.Zone() != "" {
		// 10 and 10.0.1 are addresses to inet_aton(3), but users would mean networks.
		if _, short := inetAton(host); short {
			return netip.Prefix{}, errNoAddress
		}
		if a, err = parseHost(host, false, hosts); err != nil {
			return netip.Prefix{}, err
		}
	}
	a = a.Unmap()
	n := int64(a.BitLen())
	if hasLength {
		var ok bool
		if n, ok = parseNumber(length, 0, n); !ok || !isNumber(length) {
			return netip.Prefix{}, errNoAddress
		}
	}
	return a.Prefix(int(n))
}

func (b *builder) setVirtual(value string) (err error) {
	if b.list.Options.Filter.Virtual, err = parseEndpointFilter(value, b.hosts); err != nil {
		return invalidEndpoint("virtual address", value)
	}
	return nil
}

func (b *builder) setDestination(value string) (err error) {
	if b.list.Options.Filter.Destination, err = parseEndpointFilter(value, b.hosts); err != nil {
		return invalidEndpoint("destination", value)
	}
	return nil
}

func invalidEndpoint(what, value string) error {
	return Usagef("invalid %s `%s' specified; it must be ADDR or ADDR:PORT, such as 10.0.0.1:80 or [fd00::1]:80", what, value)
}

// parseEndpointFilter parses an endpoint of unknown protocol. A port name is looked up
// for TCP, UDP and SCTP, in that order.
func parseEndpointFilter(text string, hosts *resolve.Resolver) (ipvs.EndpointFilter, error) {
	end, err := parseEndpoint(text, 0, hosts)
	for _, p := range []ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP} {
		if err == nil && end.portName != "" {
			if named, nameErr := end.withPort(end.portName, p, hosts); nameErr == nil {
				end = named
			}
		}
	}
	if err == nil && end.portName != "" {
		err = errNoPort
	}
	return ipvs.EndpointFilter{AddrPort: netip.AddrPortFrom(end.addr.Unmap(), end.port), HasPort: end.hasPort}, err
}

func (b *builder) setCountBy(value string) error {
	for g := ipvs.ByState; g <= ipvs.ByDestination; g++ {
		if g.String() == value {
			b.list.Options.CountBy = g
			return nil
		}
	}
	return Usagef("invalid group `%s' specified; it must be one of state, client, virtual, destination", value)
}
