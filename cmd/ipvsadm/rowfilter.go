package main

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// rowFilter is a text that the services and servers on a screen must have in their
// addresses, numbers or names. None lets all through.
type rowFilter struct {
	text   string
	typing bool // whether it is being typed
}

// longestFilter is more than an address has.
const longestFilter = 64

// take takes a key while the text is typed, and tells whether it was for that.
func (f *rowFilter) take(key string) bool {
	if !f.typing {
		return false
	}
	switch {
	case key == "\r", key == "\n":
		f.typing = false
	case key == "\x1b":
		*f = rowFilter{}
	case key == "\x7f", key == "\b":
		f.text = f.text[:max(0, len(f.text)-1)]
	case len(key) == 1 && key[0] >= ' ' && key[0] <= '~':
		if len(f.text) < longestFilter {
			f.text += key
		}
	default:
		return false
	}
	return true
}

// lets tells whether one of these texts has that of the filter.
func (f *rowFilter) lets(texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(f.text))
	})
}

// choose finds the rows that the filter lets through: services with all of their
// servers, else those of their servers.
func (v *view) choose() {
	v.chosen = v.reading
	if v.reading.table == nil || v.filter.text == "" {
		return
	}
	s := *v.reading.table
	s.Table = nil
	for _, entry := range v.reading.table.Table {
		service := &entry.Service
		if !v.filter.lets(service.String(), v.name(service.Protocol, service.AddrPort)) {
			entry.Destinations = v.chooseServers(&entry)
			if len(entry.Destinations) == 0 {
				continue
			}
		}
		s.Table = append(s.Table, entry)
	}
	v.chosen.table = &s
}

func (v *view) chooseServers(entry *ipvs.TableEntry) (servers []ipvs.Destination) {
	for _, d := range entry.Destinations {
		if v.filter.lets(d.AddrPort.String(), v.name(entry.Service.Protocol, d.AddrPort)) {
			servers = append(servers, d)
		}
	}
	return servers
}

// name is host:port by their names, where they have some.
func (v *view) name(p ipvs.Protocol, end netip.AddrPort) string {
	if v.names == nil || !end.IsValid() {
		return ""
	}
	host, _ := v.names.Host(end.Addr())
	port, named := v.names.Port(p, end.Port())
	if !named {
		port = strconv.Itoa(int(end.Port()))
	}
	return host + ":" + port
}
