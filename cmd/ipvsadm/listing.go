package main

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// listingOptions are those that the original does not have.
type listingOptions struct {
	output   outputFormat
	interval time.Duration // of --watch
	sortBy   column
	filter   ipvs.ConnFilter
	countBy  ipvs.ConnGroup
}

const (
	defaultInterval = 2 * time.Second
	leastInterval   = 100 * time.Millisecond
	longestInterval = 24 * time.Hour
)

func (c *command) setWatch(value string) error {
	interval, err := time.ParseDuration(value + "s")
	if err != nil || strings.Trim(value, "0123456789.") != "" || interval < leastInterval || interval > longestInterval {
		return usagef("invalid interval `%s' specified; it is 0.1 to 86400 seconds", value)
	}
	c.listing.interval = interval
	return nil
}

func (c *command) setSortBy(value string) error {
	i := slices.Index(columnNames[:], value)
	if i < 0 {
		return usagef("invalid column `%s' specified; it is one of %s", value, strings.Join(columnNames[:], ", "))
	}
	c.listing.sortBy = column(i)
	return nil
}

// states are the names of ip_vs_proto_*.c, in old kernels and in new ones.
const states = `NONE ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN SYNACK
	UDP ICMP ASSURED INIT1 INIT COOKIE_SENT COOKIE_REPLIED COOKIE_WAIT COOKIE COOKIE_ECHOED C-SENT C-REPLIED C-WAIT C-ECHOED
	SHUTDOWN_SENT SHUTDOWN_RECEIVED SHUTDOWN_ACK_SENT S-SENT S-RECEIVED S-ACK-SENT REJECTED CLOSED
	INIT_CLI INIT_SER INIT_ACK_CLI INIT_ACK_SER COOKIE_ECHO_CLI COOKIE_ECHO_SER ESTABISHED SHUTDOWN_CLI SHUTDOWN_SER
	SHUTDOWN_ACK_CLI SHUTDOWN_ACK_SER BUG! ERR! ?`

// commonStates are those that a message names; of SCTP there are too many.
const commonStates = "ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, SYNACK and NONE of TCP, " +
	"UDP, ICMP, or one of SCTP as -c shows it"

func (c *command) setState(value string) error {
	if !slices.ContainsFunc(strings.Fields(states), func(s string) bool { return strings.EqualFold(s, value) }) {
		return usagef("invalid state `%s' specified; it is one of %s", value, commonStates)
	}
	c.listing.filter.State = value
	return nil
}

func (c *command) setClient(value string) error {
	network, err := parseNetwork(value)
	c.listing.filter.Client = network
	if err != nil {
		return usagef("invalid client `%s' specified; it is ADDR or ADDR/LENGTH, such as 10.0.0.0/8", value)
	}
	return nil
}

// parseNetwork reads an address with or without the length of its prefix.
func parseNetwork(text string) (netip.Prefix, error) {
	host, length, hasLength := strings.Cut(text, "/")
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if err != nil || a.Zone() != "" {
		// inet_aton(3) takes 10 and 10.0.1 for addresses, but here they look like networks.
		if _, short := inetAton(host); short {
			return netip.Prefix{}, errNoAddress
		}
		if a, err = parseHost(host, false); err != nil {
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

func (c *command) setVirtual(value string) (err error) {
	if c.listing.filter.Virtual, err = parseEndFilter(value); err != nil {
		return invalidEnd("virtual address", value)
	}
	return nil
}

func (c *command) setDestination(value string) (err error) {
	if c.listing.filter.Destination, err = parseEndFilter(value); err != nil {
		return invalidEnd("destination", value)
	}
	return nil
}

func invalidEnd(what, value string) error {
	return usagef("invalid %s `%s' specified; it is ADDR or ADDR:PORT, such as 10.0.0.1:80 or [fd00::1]:80", what, value)
}

// parseEndFilter reads an end of which the protocol is not known: the name of a
// port is that of the first protocol that has it.
func parseEndFilter(text string) (ipvs.EndFilter, error) {
	end, err := parseEndpoint(text, 0)
	for _, p := range []ipvs.Protocol{ipvs.TCP, ipvs.UDP, ipvs.SCTP} {
		if err == nil && end.portName != "" {
			if named, nameErr := end.withPort(end.portName, p); nameErr == nil {
				end = named
			}
		}
	}
	if err == nil && end.portName != "" {
		err = errNoPort
	}
	return ipvs.EndFilter{AddrPort: netip.AddrPortFrom(end.addr.Unmap(), end.port), HasPort: end.hasPort}, err
}

func (c *command) setCountBy(value string) error {
	for g := ipvs.ByState; g <= ipvs.ByDestination; g++ {
		if g.String() == value {
			c.listing.countBy = g
			return nil
		}
	}
	return usagef("invalid group `%s' specified; it is one of state, client, virtual, destination", value)
}
