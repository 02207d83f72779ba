// SPDX-License-Identifier: Apache-2.0

package firewall

import (
	"net/netip"
	"strconv"
)

// field returns a field of an object, or nil.
func field(object any, name string) any {
	m, _ := object.(map[string]any)
	return m[name]
}

// elements returns what a set or a list has, or the value alone.
func elements(value any) []any {
	if set := field(value, "set"); set != nil {
		value = set
	}
	all, ok := value.([]any)
	if !ok {
		return []any{value}
	}
	return all
}

// unwrap returns the value of an element with a timeout or a counter.
func unwrap(value any) any {
	if elem := field(value, "elem"); elem != nil {
		return field(elem, "val")
	}
	return value
}

func namesOf(value any) (names []string, ok bool) {
	for _, e := range elements(value) {
		switch e := unwrap(e).(type) {
		case string:
			names = append(names, e)
		case float64:
			names = append(names, strconv.FormatFloat(e, 'f', -1, 64))
		default:
			return nil, false
		}
	}
	return names, true
}

func addrsOf(value any) (addrs []addrRange, ok bool) {
	for _, e := range elements(value) {
		e = unwrap(e)
		a, ok := addrOf(e)
		if !ok {
			return nil, false
		}
		addrs = append(addrs, a)
	}
	return addrs, true
}

func addrOf(value any) (addrRange, bool) {
	if text, ok := value.(string); ok {
		return parsePrefix(text)
	}
	if prefix := field(value, "prefix"); prefix != nil {
		text, _ := field(prefix, "addr").(string)
		length, isNumber := field(prefix, "len").(float64)
		addr, err := netip.ParseAddr(text)
		if err != nil || !isNumber {
			return addrRange{}, false
		}
		p, err := addr.Prefix(int(length))
		return prefixRangeIf(p, err)
	}
	if ends, ok := field(value, "range").([]any); ok && len(ends) == 2 {
		first, _ := ends[0].(string)
		last, _ := ends[1].(string)
		from, err := netip.ParseAddr(first)
		to, errTo := netip.ParseAddr(last)
		return addrRange{from, to}, err == nil && errTo == nil
	}
	return addrRange{}, false
}

func prefixRangeIf(p netip.Prefix, err error) (addrRange, bool) {
	if err != nil {
		return addrRange{}, false
	}
	return prefixRange(p), true
}

func portsOf(value any) (ports []portRange, ok bool) {
	for _, e := range elements(value) {
		e = unwrap(e)
		if ends, ok := field(e, "range").([]any); ok && len(ends) == 2 {
			from, ok := portOf(ends[0])
			to, okTo := portOf(ends[1])
			if !ok || !okTo {
				return nil, false
			}
			ports = append(ports, portRange{from, to})
			continue
		}
		port, ok := portOf(e)
		if !ok {
			return nil, false
		}
		ports = append(ports, portRange{port, port})
	}
	return ports, true
}

func portOf(value any) (uint16, bool) {
	n, ok := value.(float64)
	return uint16(n), ok && n >= 0 && n <= 0xffff && n == float64(uint16(n))
}

// nftMark returns the mark of "meta mark set".
func nftMark(value any) (m Mark, ok bool) {
	if field(field(field(value, "key"), "meta"), "key") != "mark" {
		return Mark{}, false
	}
	set := field(value, "value")
	if n, ok := set.(float64); ok && n >= 0 && n <= 0xffffffff {
		return Mark{Value: uint32(n), Mask: 0xffffffff}, true
	}
	if both, ok := field(set, "|").([]any); ok && len(both) == 2 { // meta mark or 0x10
		if n, ok := both[1].(float64); ok && n >= 0 && n <= 0xffffffff && field(field(both[0], "meta"), "key") == "mark" {
			return Mark{Value: uint32(n), Mask: uint32(n)}, true
		}
	}
	return Mark{Any: true}, true
}
