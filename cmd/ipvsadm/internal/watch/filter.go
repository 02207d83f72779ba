// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// rowFilter selects the services and destinations on a screen whose address or name
// contains text. An empty text selects all.
type rowFilter struct {
	text   string
	typing bool // whether the user is typing the text
}

// maxFilterLen is longer than any address.
const maxFilterLen = 64

// handle edits the text while the user is typing it. It tells whether it used the key.
func (f *rowFilter) handle(key string) bool {
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
	case key == "\x15": // ^U
		f.text = ""
	case len(key) == 1 && key[0] >= ' ' && key[0] <= '~':
		if len(f.text) < maxFilterLen {
			f.text += key
		}
	default:
		return false
	}
	return true
}

// prompt returns the text as the user is typing it. Of a long text it returns the end.
func (f *rowFilter) prompt(width int) string {
	prompt := "/" + f.text + "_"
	return prompt[max(0, len(prompt)-width):]
}

// matches tells whether any of texts contains the text of the filter, in any case.
func (f *rowFilter) matches(texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(f.text))
	})
}

// applyFilter sets chosen to the rows that the filter selects: a service that matches,
// with all its destinations, or the destinations that match, with their service.
func (v *view) applyFilter() {
	v.chosen = v.result
	r, ok := v.result.(listing.TableResult)
	if !ok || v.filter.text == "" {
		return
	}
	s := *r.Snapshot
	s.Table = nil
	for _, entry := range r.Table {
		service := &entry.Service
		if !v.filter.matches(service.ServiceID.String(), v.endpointName(service.Protocol, service.AddrPort)) {
			entry.Destinations = v.matchingServers(&entry)
			if len(entry.Destinations) == 0 {
				continue
			}
		}
		s.Table = append(s.Table, entry)
	}
	v.chosen = listing.TableResult{Snapshot: &s}
}

func (v *view) matchingServers(entry *ipvs.TableEntry) (servers []ipvs.Destination) {
	for _, d := range entry.Destinations {
		if v.filter.matches(d.AddrPort.String(), v.endpointName(entry.Service.Protocol, d.AddrPort)) {
			servers = append(servers, d)
		}
	}
	return servers
}

// endpointName returns host:port with the names that were looked up, or "".
func (v *view) endpointName(p ipvs.Protocol, end netip.AddrPort) string {
	if v.Listing.Names == nil || !end.IsValid() {
		return ""
	}
	host, _ := v.Listing.Names.Host(end.Addr())
	port, named := v.Listing.Names.Port(p, end.Port())
	if !named {
		port = strconv.Itoa(int(end.Port()))
	}
	return host + ":" + port
}
