// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// listed is a service in the kernel's list, of this network namespace or another.
type listed struct {
	id   ServiceID
	ours bool
	stay bool // exists throughout the test
}

// dumpServiceList answers as ip_vs_genl_dump_services does: in chunks, resuming by index
// over the services of all namespaces. It calls change between two chunks.
func dumpServiceList(list *[]listed, room int, change func()) *answer[Service] {
	const size = 100
	a := &answer[Service]{}
	for start, datagram := 0, 0; ; datagram++ {
		index, bytes := 0, 0
		for _, l := range *list {
			if index++; index <= start || !l.ours {
				continue
			}
			if bytes+size > room {
				index--
				break
			}
			bytes += size
			a.chunks.add(size, datagram, room)
			a.objects = append(a.objects, Service{ServiceID: l.id})
		}
		start = index
		if bytes == 0 {
			return a
		}
		change()
	}
}

// Whatever other namespaces do between the chunks of dumps, a list that is taken for
// complete has all services of this namespace, each once, in the kernel's order.
func TestServiceOrderIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		next := uint32(0)
		service := func(ours bool) listed {
			next++
			return listed{id: ServiceID{FWMark: next}, ours: ours, stay: ours}
		}
		var list []listed
		for range rapid.IntRange(0, 60).Draw(t, "services") {
			list = append(list, service(rapid.Bool().Draw(t, "ours")))
		}
		var want []ServiceID
		for _, l := range list {
			if l.ours {
				want = append(want, l.id)
			}
		}
		churn := func() {
			for range rapid.IntRange(0, 8).Draw(t, "changes") {
				at := rapid.IntRange(0, len(list)).Draw(t, "at")
				switch {
				case rapid.Bool().Draw(t, "add"):
					list = slices.Insert(list, at, service(false))
				case at < len(list) && !list[at].ours:
					list = slices.Delete(list, at, at+1)
				}
			}
		}
		check := func(services []Service) {
			var got []ServiceID
			for _, s := range services {
				got = append(got, s.ServiceID)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
		order := newServiceOrder()
		var last *answer[Service]
		for range 30 {
			a := dumpServiceList(&list, rapid.IntRange(100, 1500).Draw(t, "room"), churn)
			if last != nil && confirmEachOther(last, a) {
				check(a.objects)
			}
			last = a
			if order.add(a) {
				check(order.list())
				return
			}
		}
	})
}

// A resize of the kernel's table orders all services anew, between any two chunks.
func TestServiceOrderAfterResize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []listed
		for n := range uint32(rapid.IntRange(100, 1000).Draw(t, "services")) {
			list = append(list, listed{id: ServiceID{FWMark: n + 1}, ours: true})
		}
		chunks := 0
		resizes := rapid.SliceOfN(rapid.IntRange(0, 30), 1, 3).Draw(t, "resizes")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		resize := func() {
			if slices.Contains(resizes, chunks) {
				random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			}
			chunks++
		}
		order := newServiceOrder()
		var last *answer[Service]
		for n := range 30 {
			a := dumpServiceList(&list, 4000+100*n, resize)
			if last != nil && confirmEachOther(last, a) && len(a.objects) != len(list) {
				t.Fatalf("two dumps that confirm each other have %d services of %d", len(a.objects), len(list))
			}
			last = a
			if order.add(a) {
				if got := order.list(); len(got) != len(list) {
					t.Fatalf("%d services of %d after %d dumps", len(got), len(list), n+1)
				}
				return
			}
		}
		t.Fatal("no 30 dumps are taken for complete")
	})
}

// If nothing changes, two dumps with different chunks are enough.
func TestServiceOrderOfUnchangedTable(t *testing.T) {
	var list []listed
	for n := range uint32(1000) {
		list = append(list, listed{id: ServiceID{FWMark: n + 1}, ours: true})
	}
	order := newServiceOrder()
	one, two := dumpServiceList(&list, 7<<10, func() {}), dumpServiceList(&list, 31<<10, func() {})
	if order.add(one) {
		t.Error("one dump of many chunks is taken for complete")
	}
	if !order.add(two) || len(order.list()) != len(list) {
		t.Error("two dumps are not taken for complete")
	}
	if !confirmEachOther(one, two) || confirmEachOther(one, one) || confirmEachOther(two, two) {
		t.Error("two different dumps must confirm each other, and no dump itself")
	}
	small := newServiceOrder()
	list = list[:3]
	if !small.add(dumpServiceList(&list, 7<<10, func() {})) || len(small.list()) != 3 {
		t.Error("a chunk with room for more is not taken for complete")
	}
	empty := newServiceOrder()
	list = nil
	if !empty.add(dumpServiceList(&list, 7<<10, func() {})) || len(empty.list()) != 0 {
		t.Error("an empty dump is not taken for complete")
	}
}
