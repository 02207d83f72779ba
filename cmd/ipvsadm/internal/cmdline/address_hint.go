// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"fmt"
	"math"
	"net/netip"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// illegalAddress adds the hint of addressHint to an error.
func illegalAddress(err error, text string, p ipvs.Protocol, hosts *resolve.Resolver) error {
	return &hintedError{err, func() string { return addressHint(text, p, hosts) }}
}

// addressHint says which part of an endpoint is wrong. parseEndpoint must have refused
// text with the same protocol and hosts, which then knows all names that are looked up.
func addressHint(text string, p ipvs.Protocol, hosts *resolve.Resolver) string {
	inner, brackets := strings.CutPrefix(text, "[")
	switch {
	case text == "":
		return "the address is empty"
	case strings.Contains(text, "://"):
		return "give HOST:PORT, not a URL"
	case strings.Contains(text, "%"):
		return "give the address without an interface or zone (%)"
	case brackets:
		return bracketsHint(inner, p, hosts)
	case strings.Count(text, ":") > 1:
		return colonsHint(text)
	}
	host, port, hasPort := strings.Cut(text, ":")
	if !hasPort && isNumber(host) {
		return fmt.Sprintf("%s is a number; give HOST:PORT, such as 192.0.2.1:%s", host, host)
	}
	if hint := hostHint(host, hosts); hint != "" {
		return hint
	}
	return portHint(port, p)
}

// bracketsHint explains an endpoint that begins with a bracket; inner is the rest.
func bracketsHint(inner string, p ipvs.Protocol, hosts *resolve.Resolver) string {
	host, rest, closed := strings.Cut(inner, "]")
	port, hasPort := strings.CutPrefix(rest, ":")
	switch {
	case !closed:
		return "the bracket [ is not closed; give [ADDRESS]:PORT"
	case rest == "":
		return fmt.Sprintf("the port is missing after [%s]; without a port the address has no brackets", host)
	case !hasPort:
		return "give [ADDRESS]:PORT, with a colon after the bracket"
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		return portHint(port, p)
	}
	if strings.Contains(host, ":") {
		return notIPv6(host)
	}
	if hint := hostHint(host, hosts); hint != "" {
		return hint
	}
	return portHint(port, p)
}

// colonsHint explains an endpoint without brackets that has several colons and is not an
// IPv6 address.
func colonsHint(text string) string {
	i := strings.LastIndex(text, ":")
	if a, err := netip.ParseAddr(text[:i]); err == nil && a.Is6() {
		return fmt.Sprintf("an IPv6 address with a port needs brackets: '[%s]:%s'", a, text[i+1:])
	}
	return notIPv6(text)
}

func notIPv6(text string) string {
	return fmt.Sprintf("%q is not an IPv6 address; with a port it is '[ADDRESS]:PORT'", text)
}

// hostHint explains a host without colons, or returns "" if it is valid.
func hostHint(host string, hosts *resolve.Resolver) string {
	if _, err := parseHost(host, false, hosts); err == nil {
		return ""
	}
	switch {
	case host == "":
		return "the host before the colon is missing"
	case strings.Trim(host, "0123456789.") == "":
		return ipv4Hint(host)
	case strings.Contains(host, "/"):
		return fmt.Sprintf("%q is a network; give one address", host)
	}
	return fmt.Sprintf("the name %q has no address in /etc/hosts or the DNS", host)
}

// ipv4Hint explains a host of digits and dots that is not an IPv4 address.
func ipv4Hint(host string) string {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return fmt.Sprintf("%s is not an IPv4 address: it has more than four parts", host)
	}
	for _, part := range parts {
		switch {
		case part == "":
			return fmt.Sprintf("%s is not an IPv4 address: a part is empty", host)
		case part[0] == '0' && strings.ContainsAny(part, "89"):
			return fmt.Sprintf("%s is not an IPv4 address: %s is octal, because it begins with 0", host, part)
		}
	}
	return fmt.Sprintf("%s is not an IPv4 address: a part is too large", host)
}

// portHint explains the port of an endpoint whose host is valid.
func portHint(port string, p ipvs.Protocol) string {
	switch _, number := parseNumber(port, math.MinInt64, math.MaxInt64); {
	case port == "":
		return "the port after the colon is missing"
	case number || isNumber(port):
		return fmt.Sprintf("the port %s is not in the range 0 to %d", port, math.MaxUint16)
	case p == 0:
		return fmt.Sprintf("the port %q is a name; only -t, -u, --sctp-service or -f tells its protocol", port)
	}
	return fmt.Sprintf("the port %q is neither a number nor a %s service in /etc/services", port, p)
}

// noPortHint explains a service without a port.
func noPortHint(addr netip.Addr) string {
	if addr.Is6() {
		return fmt.Sprintf("%s is the whole address; give '[ADDRESS]:PORT', or -p for all ports", addr)
	}
	return fmt.Sprintf("add the port, such as %s:80, or give -p for all ports", addr)
}

// familyHint explains a service and a server of another family. A firewall mark has no
// address: -6 alone tells its family.
func familyHint(id ipvs.ServiceID, server ipvs.Family) string {
	switch {
	case id.FWMark != 0 && server == ipvs.IPv6:
		return fmt.Sprintf("give -6 after -f %d for an IPv6 service, or -i for an IPv4 one", id.FWMark)
	case id.FWMark != 0:
		return "leave out -6 for an IPv4 service, or give -i for an IPv6 one"
	}
	return fmt.Sprintf("the service is %s and the server %s; give -i, or addresses of one family", id.AddressFamily(), server)
}
