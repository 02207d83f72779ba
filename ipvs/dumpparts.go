package ipvs

// dumpPart is one datagram of the answer to a dump. The kernel fills one after the
// other and resumes by counting, services over all network namespaces
// (ip_vs_genl_dump_services and ip_vs_genl_dump_dests in ip_vs_ctl.c): what others
// add or delete between two parts makes it list objects twice, or skip some. Within
// a part nothing is missing, since the kernel fills it under a lock.
type dumpPart struct {
	datagram int
	first    int // of its objects in the answer
	bytes    int
	room     int // bytes that there was room for, at least
}

// dumpParts are those of one answer.
type dumpParts struct {
	list    []dumpPart
	one     [1]dumpPart // most answers have no more
	objects int
	largest int // bytes of the largest object
}

// leastRoom is less than any part has room for: NLMSG_GOODSIZE is a page without
// the kernel's own data behind it.
const leastRoom = 3 << 10

// add counts an object. Only our own socket tells where a part ends; with another
// one all objects count as one part, and only a small one is sure to be whole.
func (p *dumpParts) add(bytes int, s *socket) {
	datagram, room := 0, leastRoom
	if s != nil {
		datagram, room = s.received, s.room
	}
	if p.list == nil {
		p.list = p.one[:0]
	}
	if n := len(p.list); n == 0 || p.list[n-1].datagram != datagram {
		p.list = append(p.list, dumpPart{datagram: datagram, first: p.objects, room: room})
	}
	p.list[len(p.list)-1].bytes += bytes
	p.objects++
	p.largest = max(p.largest, bytes)
}

// end is where the objects of a part end.
func (p *dumpParts) end(i int) int {
	if i+1 < len(p.list) {
		return p.list[i+1].first
	}
	return p.objects
}

// hadRoom tells whether a part had room for another object, so that the kernel
// had come to the end of its list.
func (p *dumpParts) hadRoom(i int) bool { return p.list[i].bytes+p.largest <= p.list[i].room }

// whole tells that the first part holds all objects.
func (p *dumpParts) whole() bool { return len(p.list) == 0 || len(p.list) == 1 && p.hadRoom(0) }
