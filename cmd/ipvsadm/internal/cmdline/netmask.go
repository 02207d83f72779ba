// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// netmask is the value of -M, parsed both as an IPv4 mask and as an IPv6 prefix length,
// because the family of the service may not be known yet.
type netmask struct {
	mask      ipvs.Netmask // IPv4; valid if hasMask is set
	hasMask   bool
	prefix    ipvs.Netmask // IPv6; valid if hasPrefix is set
	hasPrefix bool
}

func parseNetmask(text string, hosts *resolve.Resolver) netmask {
	var m netmask
	if a, err := parseHost(text, false, hosts); err == nil && a.Is4() {
		b := a.As4()
		m.mask, m.hasMask = ipvs.IPv4Mask(b[0], b[1], b[2], b[3]), true
	}
	if n := atoi(text); n > 0 && format.PrefixRange.Contains(uint32(n)) {
		m.prefix, m.hasPrefix = ipvs.IPv6Prefix(int(n)), true
	}
	return m
}

func (m netmask) check(family ipvs.Family) error {
	switch {
	case family == ipvs.IPv6 && !m.hasPrefix:
		return WithHint(Usagef("illegal ipv6 netmask specified"), "-M of an IPv6 service is a prefix length from 1 to 128")
	case family != ipvs.IPv6 && !m.hasMask:
		return WithHint(Usagef("illegal virtual server persistent mask specified"), "-M of an IPv4 service is a mask, such as 255.255.255.0")
	}
	return nil
}

func (m netmask) value(family ipvs.Family) ipvs.Netmask {
	if family == ipvs.IPv6 {
		return m.prefix
	}
	return m.mask
}
