// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// A subject is what a listing is about.
type subject int

const (
	services subject = iota
	timeouts
	daemons
	connections
)

// kernel reads all that the kernel says of a subject; of one service, if there is one. Sorted, the order of a table is
// that of its ids.
func (h *host) kernel(t *testing.T, s subject, one ipvs.ServiceID, sorted bool) *reading {
	t.Helper()
	switch s {
	case timeouts:
		config, err := h.client.Timeouts()
		must(t, err)
		r := newReading()
		r.say("", "", "timeouts.tcp", config.TCP, "timeouts.tcp_fin", config.TCPFin, "timeouts.udp", config.UDP)
		return r
	case daemons:
		list, err := h.client.Daemons()
		must(t, err)
		return kernelDaemons(list)
	case connections:
		return kernelConnections(t, h.proc(t, "ip_vs_conn"))
	}
	var table ipvs.Table
	var err error
	if one == (ipvs.ServiceID{}) {
		table, err = h.client.Table()
	} else {
		table = make(ipvs.Table, 1)
		table[0], err = h.client.TableEntry(one)
	}
	must(t, err)
	if sorted {
		table.Sort()
	}
	if len(table) == 0 {
		h.table = nil
	}
	if h.read == nil || !reflect.DeepEqual(table, h.table) {
		h.table, h.read = table, kernelTable(table)
		if one == (ipvs.ServiceID{}) {
			info, err := h.client.Info()
			must(t, err)
			h.read.say("", "", "version", info.VersionString(), "connection_table_size", info.ConnTabSize)
		}
	}
	return h.read
}

func kernelDaemons(list []ipvs.Daemon) *reading {
	r := newReading()
	for _, d := range list {
		state := d.State.String()
		r.begin(state, "")
		r.say(state, "", "state", state, "interface", d.Interface, "syncid", d.SyncID, "maxlen", d.MaxLen, "group", d.Group,
			"port", d.Port, "ttl", d.TTL)
	}
	return r
}

// kernelConnections reads /proc/net/ip_vs_conn.
func kernelConnections(t *testing.T, text string) *reading {
	t.Helper()
	r := newReading()
	counts := map[string]int{}
	for entry, err := range ipvs.ConnEntries(strings.NewReader(text)) {
		must(t, err)
		id := fmt.Sprintf("%s %s %s %s", entry.Protocol, entry.Client, entry.Virtual, entry.Destination)
		r.begin(id, "")
		r.say(id, "", "protocol", entry.Protocol, "state", entry.State, "expires", uint64(entry.Expires/time.Second),
			"client.address", entry.Client.Addr(), "client.port", entry.Client.Port(),
			"virtual.address", entry.Virtual.Addr(), "virtual.port", entry.Virtual.Port(),
			"destination.address", entry.Destination.Addr(), "destination.port", entry.Destination.Port(),
			"client.family", ipvs.FamilyOf(entry.Client.Addr()), "virtual.family", ipvs.FamilyOf(entry.Virtual.Addr()),
			"destination.family", ipvs.FamilyOf(entry.Destination.Addr()),
			"persistence_engine", entry.PEName, "persistence_data", entry.PEData)
		counts[entry.Protocol+" "+entry.State]++
	}
	for state, n := range counts {
		r.say(state, "", "entries", n)
	}
	return r
}
