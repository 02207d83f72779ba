// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func server(n uint32) ipvs.Destination {
	addr := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 10<<24+n)))
	return ipvs.Destination{DestinationID: ipvs.DestinationID{AddrPort: netip.AddrPortFrom(addr, 80)}, Weight: n}
}

// Destinations of one service are added, edited and deleted in a time that grows with their
// number, not with its square: ten times as many would take a hundred times as long.
func TestManyDestinationsOfOneService(t *testing.T) {
	few, many := timeDestinations(t, 10_000), timeDestinations(t, 100_000)
	if many > 40*few {
		t.Errorf("100,000 destinations took %s, 10,000 took %s", many, few)
	}
}

// timeDestinations adds, edits and deletes so many destinations of one service.
func timeDestinations(t *testing.T, many uint32) time.Duration {
	t.Helper()
	k := New()
	client, err := k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	id := ipvs.ServiceID{FWMark: 1}
	add := []ipvs.Change{ipvs.NewService(ipvs.Service{ServiceID: id, Scheduler: "rr"})}
	var edit, remove []ipvs.Change
	for n := range many {
		d := server(n + 1)
		add = append(add, ipvs.NewDestination(id, d))
		d.Weight = 0
		edit = append(edit, ipvs.SetDestination(id, d))
		remove = append(remove, ipvs.DelDestination(id, d.DestinationID))
	}
	start := time.Now()
	for _, changes := range [][]ipvs.Change{add, edit, remove} {
		if err := errors.Join(client.Apply(changes)...); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(start)
	if table := k.Table(); len(table) != 1 || len(table[0].Destinations) != 0 {
		t.Errorf("%d services", len(table))
	}
	return took
}

// The newest destination is first. Duplicates, which SetTable can make, are found one
// after the other.
func TestDestinationList(t *testing.T) {
	a, b, c := server(1), server(2), server(3)
	another := b
	another.Weight = 9
	l := newDestinationList([]ipvs.Destination{b, a, another})
	l.add(c)
	want := []ipvs.Destination{c, b, a, another}
	for {
		if got := l.clone(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		d := l.find(b.DestinationID)
		if d == nil {
			break
		}
		i := slices.IndexFunc(want, func(w ipvs.Destination) bool { return w == *d })
		want = slices.Delete(want, i, i+1)
		l.remove(b.DestinationID)
	}
	if !slices.Equal(want, []ipvs.Destination{c, a}) {
		t.Errorf("left: %v", want)
	}
}

// A table that is read is deeply equal to the one that was set.
func TestEmptyDestinationsStay(t *testing.T) {
	table := ipvs.Table{
		{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1}}, Destinations: []ipvs.Destination{}},
		{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 2}}},
		{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 3}}, Destinations: []ipvs.Destination{server(1)}},
	}
	k := New()
	k.SetTable(table)
	if got := k.Table(); !reflect.DeepEqual(got, table) {
		t.Errorf("got %#v, want %#v", got, table)
	}
}

// A destination can get another identity in place.
func TestUpdateIdentityOfDestination(t *testing.T) {
	k, id := New(), ipvs.ServiceID{FWMark: 1}
	k.SetTable(ipvs.Table{{Service: ipvs.Service{ServiceID: id}, Destinations: []ipvs.Destination{server(1), server(2)}}})
	rename := func(d *ipvs.Destination) { d.DestinationID = server(3).DestinationID }
	if !k.UpdateDestination(id, server(2).DestinationID, rename) || k.UpdateDestination(id, server(2).DestinationID, rename) {
		t.Error("the old identity is left")
	}
	if !k.UpdateDestination(id, server(3).DestinationID, func(*ipvs.Destination) {}) {
		t.Error("the new identity is not found")
	}
}
