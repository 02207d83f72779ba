package ipvs

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// listed is a service in the kernel's list, of this network namespace or of another.
type listed struct {
	id   ServiceID
	ours bool
	stay bool // it is there all the time
}

// dumpServiceList answers as ip_vs_genl_dump_services does: in parts, counting the
// services of all namespaces, and once more after the last. What others do between two
// parts is change.
func dumpServiceList(list *[]listed, room int, change func()) *answer[Service] {
	const size = 100
	s := &socket{room: room}
	a := &answer[Service]{}
	for start := 0; ; {
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
			a.parts.add(size, s)
			a.objects = append(a.objects, Service{ServiceID: l.id})
		}
		start = index
		if bytes == 0 {
			return a
		}
		s.received++
		change()
	}
}

// Whatever other namespaces do between the parts of dumps, what is taken for complete
// has all services of this one, each once, in their order.
func TestServiceOrderMissesNothing(t *testing.T) {
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
		order := newServiceOrder()
		for range 30 {
			if !order.add(dumpServiceList(&list, rapid.IntRange(100, 1500).Draw(t, "room"), churn)) {
				continue
			}
			var got []ServiceID
			for _, s := range order.list() {
				got = append(got, s.ServiceID)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			return
		}
	})
}

// Where nothing changes, two dumps with other parts are enough.
func TestServiceOrderOfAQuietTable(t *testing.T) {
	var list []listed
	for n := range uint32(1000) {
		list = append(list, listed{id: ServiceID{FWMark: n + 1}, ours: true})
	}
	order := newServiceOrder()
	if order.add(dumpServiceList(&list, 7<<10, func() {})) {
		t.Error("one dump of many parts is not enough")
	}
	if !order.add(dumpServiceList(&list, 31<<10, func() {})) || len(order.list()) != len(list) {
		t.Error("two dumps are")
	}
	small := newServiceOrder()
	list = list[:3]
	if !small.add(dumpServiceList(&list, 7<<10, func() {})) || len(small.list()) != 3 {
		t.Error("a part with room for more is all there is")
	}
	empty := newServiceOrder()
	list = nil
	if !empty.add(dumpServiceList(&list, 7<<10, func() {})) || len(empty.list()) != 0 {
		t.Error("nothing is all there is")
	}
}
