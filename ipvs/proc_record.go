// SPDX-License-Identifier: Apache-2.0

package ipvs

// procRecord is a service in /proc/net/ip_vs with its destinations, of which it has the
// identity, forwarding method, weight and numbers of connections.
type procRecord struct {
	service      procService
	page         int // see procLines
	destinations []Destination
	// legible is set if the settings of all destinations are readable, and none is
	// listed twice. A reader in the kernel that stands on a destination which is
	// deleted and added again starts over with the list.
	legible bool
}

// eachProcRecord calls do for each record of /proc/net/ip_vs, in the file's order. The
// record is valid during the call. limit returns how many bytes to read at once, given
// how many were read before; it may be nil.
func (c *Client) eachProcRecord(limit func(before int) int, do func(*procRecord)) error {
	file, err := c.openProcTable()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	var record procRecord
	finish := func() {
		if record.page > 0 {
			record.legible = record.legible && !repeatsDestination(record.destinations)
			do(&record)
		}
	}
	reader := newProcReader(file)
	if limit != nil {
		reader.lines.limit = func() int { return limit(reader.lines.bytes) }
	}
	for reader.next() {
		if !reader.row.destination.IsValid() {
			finish()
			record = procRecord{reader.row.service, reader.lines.page, record.destinations[:0], true}
			continue
		}
		record.destinations = append(record.destinations, Destination{})
		d := &record.destinations[len(record.destinations)-1]
		d.AddrPort = reader.row.destination
		record.legible = parseProcSettings(reader.settings, d) && record.legible
	}
	if reader.err == nil {
		finish()
	}
	return reader.err
}

// repeatsDestination reports whether a destination occurs twice. If they are in ascending
// or descending order, as most are, it looks no further.
func repeatsDestination(destinations []Destination) bool {
	ascending, descending := true, true
	for i := 1; i < len(destinations) && (ascending || descending); i++ {
		order := destinations[i-1].Compare(destinations[i].DestinationID)
		ascending = ascending && order < 0
		descending = descending && order > 0
	}
	if ascending || descending {
		return false
	}
	seen := make(map[DestinationID]struct{}, len(destinations))
	for i := range destinations {
		seen[destinations[i].DestinationID] = struct{}{}
	}
	return len(seen) < len(destinations)
}
