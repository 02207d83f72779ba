package ipvs

// Diff returns the changes that make table from into table to, as few as there
// can be. What both have alike is not touched, so it keeps its connections,
// counters and persistence. Read-only fields do not count.
//
// The order is such that traffic goes on meanwhile: a service in both tables
// gets its new destinations before it loses old ones, and a service that is in
// from alone goes last.
func Diff(from, to Table) []Change {
	old := make(map[ServiceID]*TableEntry, len(from))
	for i := range from {
		old[from[i].Service.ServiceID.canonical()] = &from[i]
	}
	kept := make(map[ServiceID]bool, len(to))
	additions := 0
	for i := range to {
		id := to[i].Service.ServiceID.canonical()
		kept[id] = true
		if old[id] == nil {
			additions += 1 + len(to[i].Destinations)
		}
	}
	// A whole table at once: growing by and by would copy it four times.
	changes := make([]Change, 0, additions)
	for i := range to {
		changes = appendEntryDiff(changes, old[to[i].Service.ServiceID.canonical()], &to[i])
	}
	for i := range from {
		if id := from[i].Service.ServiceID; !kept[id.canonical()] {
			changes = append(changes, DelService(id))
		}
	}
	return changes
}

// appendEntryDiff adds what makes one service from into to; from is nil if the
// service is new.
func appendEntryDiff(changes []Change, from, to *TableEntry) []Change {
	id := to.Service.ServiceID
	if from == nil {
		changes = append(changes, NewService(to.Service))
		for _, d := range to.Destinations {
			changes = append(changes, NewDestination(id, d))
		}
		return changes
	}
	if !from.Service.sameSettings(&to.Service) {
		changes = append(changes, SetService(to.Service))
	}
	old := make(map[DestinationID]*Destination, len(from.Destinations))
	for i := range from.Destinations {
		old[from.Destinations[i].DestinationID] = &from.Destinations[i]
	}
	// New ones come first: should an edit take weight from the only old one, its
	// relief is there.
	kept := make(map[DestinationID]bool, len(to.Destinations))
	for _, d := range to.Destinations {
		kept[d.DestinationID] = true
		if old[d.DestinationID] == nil {
			changes = append(changes, NewDestination(id, d))
		}
	}
	for i := range to.Destinations {
		d := &to.Destinations[i]
		if before := old[d.DestinationID]; before != nil && !before.sameSettings(d) {
			changes = append(changes, SetDestination(id, *d))
		}
	}
	for _, d := range from.Destinations {
		if !kept[d.DestinationID] {
			changes = append(changes, DelDestination(id, d.DestinationID))
		}
	}
	return changes
}

// canonical makes the two ways to write an IPv4 firewall mark one.
func (id ServiceID) canonical() ServiceID {
	if id.FWMark != 0 {
		return ServiceID{FWMark: id.FWMark, Family: id.AddressFamily()}
	}
	return id
}

// sameSettings tells whether sending other would change nothing.
func (s *Service) sameSettings(other *Service) bool {
	mask := other.FlagsMask
	if mask == 0 {
		mask = ^ServiceFlags(0)
	}
	return (s.Flags^other.Flags)&mask&^Hashed == 0 && s.Scheduler == other.Scheduler &&
		s.Timeout == other.Timeout && s.Netmask == other.Netmask && s.PersistenceEngine == other.PersistenceEngine
}

func (d *Destination) sameSettings(other *Destination) bool {
	return d.settings() == other.settings()
}
