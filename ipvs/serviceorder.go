package ipvs

// serviceOrder puts the services of several dumps in the kernel's order, and tells
// whether any can be missing. Two services that follow one another within a part
// have none between them; so once there is such a step from each service to the next,
// from the beginning to the end, all of them are known.
type serviceOrder struct {
	services map[ServiceID]Service
	// next is the service that follows one. The zero ServiceID stands for the
	// beginning and for the end.
	next map[ServiceID]ServiceID
}

func newServiceOrder() *serviceOrder {
	return &serviceOrder{services: map[ServiceID]Service{}, next: map[ServiceID]ServiceID{}}
}

// add adds a dump, and tells whether no service can be missing now.
func (o *serviceOrder) add(a *answer[Service]) (complete bool) {
	inner := 0 // the first part after which the dump has nothing new
	seen := make(map[ServiceID]bool, len(a.objects))
	for i := range a.parts.list {
		for _, s := range a.objects[a.parts.list[i].first:a.parts.end(i)] {
			if !seen[s.ServiceID] {
				seen[s.ServiceID] = true
				inner = i
			}
		}
	}
	if len(a.objects) == 0 {
		o.next[ServiceID{}] = ServiceID{}
	}
	for i := range a.parts.list {
		services := a.objects[a.parts.list[i].first:a.parts.end(i)]
		if i == 0 {
			o.next[ServiceID{}] = services[0].ServiceID
		}
		o.steps(services)
		if i >= inner && a.parts.hadRoom(i) {
			o.next[services[len(services)-1].ServiceID] = ServiceID{}
		}
	}
	return o.complete()
}

// steps notes services that follow one another.
func (o *serviceOrder) steps(services []Service) {
	for i, s := range services {
		o.services[s.ServiceID] = s
		if i > 0 {
			o.next[services[i-1].ServiceID] = s.ServiceID
		}
	}
}

// note takes services as they are, as if none could be missing. One that comes
// again counts where it was first.
func (o *serviceOrder) note(services []Service) {
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

// complete tells whether there is a way from the beginning to the end.
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

// list is the way from the beginning to the end.
func (o *serviceOrder) list() []Service {
	list := make([]Service, 0, len(o.services))
	for id := o.next[ServiceID{}]; id != (ServiceID{}); id = o.next[id] {
		list = append(list, o.services[id])
	}
	return list
}
