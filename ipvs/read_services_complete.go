// SPDX-License-Identifier: Apache-2.0

package ipvs

import "slices"

// serviceOrder merges the services of several dumps in the kernel's order, and tells
// whether any can be missing. Neighbours within a chunk have no service between them.
// So once a chain of neighbours leads from the start of the list to its end, all
// services are known.
type serviceOrder struct {
	services map[ServiceID]Service
	// next maps each service to its successor. The zero ServiceID stands for the start
	// and the end of the list.
	next map[ServiceID]ServiceID
	last *answer[Service] // the dump that was added last
}

func newServiceOrder() *serviceOrder {
	return &serviceOrder{services: map[ServiceID]Service{}, next: map[ServiceID]ServiceID{}}
}

// add adds a dump, and reports whether all services are known. A dump of several
// chunks needs another one that does not contradict it.
func (o *serviceOrder) add(a *answer[Service]) (complete bool) {
	if o.last != nil && contradicts(a, o.last) {
		*o = *newServiceOrder()
	}
	confirmed := o.last != nil || a.chunks.isComplete()
	o.last = a
	lastNew := 0 // the last chunk with a service that the dump has not listed before
	seen := make(map[ServiceID]bool, len(a.objects))
	for i := range a.chunks.list {
		for _, s := range a.objects[a.chunks.list[i].first:a.chunks.end(i)] {
			if !seen[s.ServiceID] {
				seen[s.ServiceID] = true
				lastNew = i
			}
		}
	}
	if len(a.objects) == 0 {
		o.next[ServiceID{}] = ServiceID{}
	}
	for i := range a.chunks.list {
		services := a.objects[a.chunks.list[i].first:a.chunks.end(i)]
		if i == 0 {
			o.next[ServiceID{}] = services[0].ServiceID
		}
		o.addChunk(services)
		if i >= lastNew && a.chunks.hadRoom(i) {
			o.next[services[len(services)-1].ServiceID] = ServiceID{}
		}
	}
	return confirmed && o.complete() && o.chainHas(a.objects)
}

// contradicts reports whether a dump lists two services of an earlier chunk the other
// way round. Kernels from 7.1 on order all services anew when they resize their table
// (svc_resize_work_handler in ip_vs_ctl.c). Then the neighbours of before say nothing.
func contradicts(a, earlier *answer[Service]) bool {
	place := make(map[ServiceID]int, len(a.objects))
	for i, s := range a.objects {
		if _, known := place[s.ServiceID]; !known {
			place[s.ServiceID] = i
		}
	}
	for i := range earlier.chunks.list {
		last := -1
		for _, s := range earlier.objects[earlier.chunks.list[i].first:earlier.chunks.end(i)] {
			at, known := place[s.ServiceID]
			if known && at < last {
				return true
			}
			if known {
				last = at
			}
		}
	}
	return false
}

// addChunk adds services that are neighbours.
func (o *serviceOrder) addChunk(services []Service) {
	for i, s := range services {
		o.services[s.ServiceID] = s
		if i > 0 {
			o.next[services[i-1].ServiceID] = s.ServiceID
		}
	}
}

// addAll adds a complete list of services. A service that occurs twice keeps its
// first place.
func (o *serviceOrder) addAll(services []Service) {
	last := ServiceID{}
	for _, s := range services {
		if _, known := o.services[s.ServiceID]; !known {
			o.next[last] = s.ServiceID
			last = s.ServiceID
		}
		o.services[s.ServiceID] = s
	}
	o.next[last] = ServiceID{}
}

// complete reports whether a chain leads from the start to the end.
func (o *serviceOrder) complete() bool {
	id, known := o.next[ServiceID{}]
	for range len(o.services) {
		if !known || id == (ServiceID{}) {
			break
		}
		id, known = o.next[id]
	}
	return known && id == (ServiceID{})
}

// chainHas reports whether the chain has all of some services.
func (o *serviceOrder) chainHas(services []Service) bool {
	chain := make(map[ServiceID]bool, len(o.services))
	for id := o.next[ServiceID{}]; id != (ServiceID{}); id = o.next[id] {
		chain[id] = true
	}
	return !slices.ContainsFunc(services, func(s Service) bool { return !chain[s.ServiceID] })
}

// list returns the services of the chain from the start to the end.
func (o *serviceOrder) list() []Service {
	list := make([]Service, 0, len(o.services))
	for id := o.next[ServiceID{}]; id != (ServiceID{}); id = o.next[id] {
		list = append(list, o.services[id])
	}
	return list
}

// confirmEachOther reports whether two dumps prove each other complete: both list the
// same services in the same order, each once; no chunk of one ends where a chunk of
// the other does; and one of them reached the end of the list. A serviceOrder would
// find the same, but needs more time.
func confirmEachOther(a, b *answer[Service]) bool {
	if len(a.objects) != len(b.objects) || !a.chunks.reachedEnd() && !b.chunks.reachedEnd() {
		return false
	}
	seen := make(map[ServiceID]struct{}, len(a.objects))
	for i := range a.objects {
		if a.objects[i].ServiceID != b.objects[i].ServiceID {
			return false
		}
		seen[a.objects[i].ServiceID] = struct{}{}
	}
	return len(seen) == len(a.objects) && !a.chunks.sharesBoundary(&b.chunks)
}
