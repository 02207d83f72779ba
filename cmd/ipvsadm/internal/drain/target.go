// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// target is a server of a service that is taken out.
type target struct {
	service ipvs.Service
	before  ipvs.Destination // as it was, with its weight
	now     ipvs.Destination // as it was last read

	quiesced bool   // its weight was set to 0, or the request to do so was sent
	done     bool   // drained, or removed
	removed  bool   // by this drain, or the request to do so was sent
	cut      uint32 // connections that it had when it was removed
	restored bool   // it was put back
	foreign  bool   // another program has changed it since
	silence  silence

	newest     time.Time // when a new connection was seen last
	lastPacket time.Time // when packets were counted last
	came       bool      // new connections came at weight 0
}

func (t *target) id() ipvs.ServiceID         { return t.service.ServiceID }
func (t *target) server() ipvs.DestinationID { return t.before.DestinationID }
func (t *target) connections() uint32        { return t.now.ActiveConns + t.now.InactiveConns }
func (t *target) persistent() bool           { return t.service.Flags&ipvs.Persistent != 0 }
func (t *target) onePacket() bool            { return t.service.Flags&ipvs.OnePacket != 0 }
func (t *target) String() string             { return fmt.Sprintf("%s of %s", t.server(), t.id()) }
func packets(s *ipvs.Stats) (n uint64)       { return s.InPkts + s.OutPkts }

// tellsHalfClosed tells whether the director sees both sides of the target's connections, and
// so knows those that only the client has closed.
func (t *target) tellsHalfClosed() bool {
	id := t.id()
	return t.now.Forward == ipvs.Masquerade && (id.FWMark != 0 || id.Protocol == ipvs.TCP)
}

// note notes what a reading of the server says. Counters that were set to zero count as
// traffic.
func (t *target) note(now ipvs.Destination, at time.Time) {
	first := t.newest.IsZero()
	if first || now.Stats.Conns != t.now.Stats.Conns {
		t.came = t.came || !first && now.Stats.Conns > t.now.Stats.Conns
		t.newest = at
	}
	if first || packets(&now.Stats) != packets(&t.now.Stats) {
		t.lastPacket = at
	}
	t.now = now
}

// selectTargets returns the servers of a table that the options select.
func (o *Options) selectTargets(table ipvs.Table) (targets []*target, err error) {
	found := make([]bool, len(o.Servers))
	service := o.Service == (ipvs.ServiceID{}) // or is it in the table?
	for _, entry := range table {
		if o.Service != (ipvs.ServiceID{}) && entry.Service.ServiceID != o.Service {
			continue
		}
		service = true
		for _, d := range entry.Destinations {
			selected := false
			for i, f := range o.Servers {
				if Selects(f, d.DestinationID) {
					selected, found[i] = true, true
				}
			}
			if selected {
				targets = append(targets, &target{service: entry.Service, before: d, now: d})
			}
		}
	}
	if i := slices.Index(found, false); i >= 0 {
		return nil, &NoServerError{o.Service, o.Servers[i], !service}
	}
	return targets, nil
}

// Selects tells whether a filter selects a server.
func Selects(f ipvs.EndpointFilter, d ipvs.DestinationID) bool {
	return f.AddrPort.Addr() == d.AddrPort.Addr() && (!f.HasPort || f.AddrPort.Port() == d.AddrPort.Port())
}

// NoServerError means that no service, or not the one that was named, has a server.
type NoServerError struct {
	Service ipvs.ServiceID // zero for any
	Server  ipvs.EndpointFilter
	// NoService is set if not even the service is there.
	NoService bool
}

func (e *NoServerError) Error() string {
	server := e.Server.AddrPort.Addr().String()
	if e.Server.HasPort {
		server = e.Server.AddrPort.String()
	}
	switch {
	case e.NoService:
		return fmt.Sprintf("there is no service %s", e.Service)
	case e.Service == (ipvs.ServiceID{}):
		return "no service has the server " + server
	}
	return fmt.Sprintf("%s has no server %s", e.Service, server)
}

// LastServerError means that services would be left without a usable server.
type LastServerError struct{ Services []ipvs.ServiceID }

func (e *LastServerError) Error() string {
	names := make([]string, len(e.Services))
	for i, id := range e.Services {
		names[i] = id.String()
	}
	return fmt.Sprintf("new clients would get no server of %s; --force drains nevertheless", strings.Join(names, ", "))
}

// checkLast returns a *LastServerError if a service would lose its last usable server.
func checkLast(table ipvs.Table, targets []*target) error {
	type key struct {
		service ipvs.ServiceID
		server  ipvs.DestinationID
	}
	taken := map[key]bool{}
	for _, t := range targets {
		taken[key{t.id(), t.server()}] = true
	}
	var last []ipvs.ServiceID
	for _, entry := range table {
		id := entry.Service.ServiceID
		loses, usable := false, false
		for i := range entry.Destinations {
			d := &entry.Destinations[i]
			isTarget := taken[key{id, d.DestinationID}]
			loses = loses || isTarget && d.Weight > 0
			usable = usable || !isTarget && d.Weight > 0 && !format.IsFull(d)
		}
		if loses && !usable {
			last = append(last, id)
		}
	}
	if len(last) > 0 {
		return &LastServerError{last}
	}
	return nil
}
