package ipvs

// readings is what several readings of a table have found, the last of each.
type readings map[ServiceID]*foundService

type foundService struct {
	Service
	destinations map[DestinationID]Destination
}

func (r readings) add(table Table) {
	for _, entry := range table {
		found := r[entry.Service.ServiceID]
		if found == nil {
			found = &foundService{destinations: make(map[DestinationID]Destination, len(entry.Destinations))}
			r[entry.Service.ServiceID] = found
		}
		found.Service = entry.Service
		for _, d := range entry.Destinations {
			found.destinations[d.DestinationID] = d
		}
	}
}

// lack tells whether there is a row in both listings of /proc that no reading has
// found. Of a firewall mark there are two rows alike if both families have it.
func (r readings) lack(first, now map[procRow]int) bool {
	for row, n := range now {
		ids := row.service.ids()
		found := 0
		for _, id := range ids {
			if r.has(id, row) {
				found++
			}
		}
		if min(n, first[row], len(ids)) > found {
			return true
		}
	}
	return false
}

func (r readings) has(id ServiceID, row procRow) bool {
	found := r[id]
	if found == nil || !row.destination.IsValid() {
		return found != nil
	}
	_, ok := found.destinations[DestinationID{row.destination}]
	return ok
}

func (r readings) sameRows(other readings) bool {
	if len(r) != len(other) {
		return false
	}
	for id, found := range r {
		same := other[id]
		if same == nil || len(same.destinations) != len(found.destinations) {
			return false
		}
		for d := range found.destinations {
			if _, ok := same.destinations[d]; !ok {
				return false
			}
		}
	}
	return true
}

// table has what /proc lists and was found, in that order, and then what else is
// in the last reading. What is in neither is gone.
func (r readings) table(listed []procRow, last Table) Table {
	t := tableBuilder{found: r, at: map[ServiceID]int{}, taken: map[ServiceID]map[DestinationID]bool{}}
	for _, row := range listed {
		for _, id := range row.service.ids() {
			if r.has(id, row) {
				t.take(id, row.destination.IsValid(), DestinationID{row.destination})
			}
		}
	}
	for _, entry := range last {
		id := entry.Service.ServiceID
		t.take(id, false, DestinationID{})
		for _, d := range entry.Destinations {
			t.take(id, true, d.DestinationID)
		}
	}
	return t.table
}

// tableBuilder makes a table of what was found, each once.
type tableBuilder struct {
	found readings
	table Table
	at    map[ServiceID]int // where a service is in the table
	taken map[ServiceID]map[DestinationID]bool
}

// take takes a service, or a destination with its service.
func (t *tableBuilder) take(id ServiceID, isDestination bool, destination DestinationID) {
	i, known := t.at[id]
	if !known {
		i = len(t.table)
		t.at[id] = i
		t.taken[id] = map[DestinationID]bool{}
		t.table = append(t.table, TableEntry{t.found[id].Service, []Destination{}})
	}
	if isDestination && !t.taken[id][destination] {
		t.taken[id][destination] = true
		t.table[i].Destinations = append(t.table[i].Destinations, t.found[id].destinations[destination])
	}
}
