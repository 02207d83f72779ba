package ipvs

// parts measures the answer to a dump. The kernel fills one part after the other
// and goes on by counting, services over all network namespaces
// (ip_vs_genl_dump_services and ip_vs_genl_dump_dests in ip_vs_ctl.c): what others
// add or delete between two parts makes it give objects twice, or leave some out.
// Each part by itself is of one moment, since the kernel fills it under a lock.
type parts struct {
	first   int // how many objects the first part holds
	bytes   int // of those
	largest int // bytes of the largest object of all
	room    int // bytes that the first part had room for, at least
	number  int // of the first part's datagram
}

// leastRoom is less than any part has room for: NLMSG_GOODSIZE is a page without
// the kernel's own data behind it.
const leastRoom = 3 << 10

// add counts an object. Only our own socket tells where a part ends; with another
// one all objects count as one part, which must be small to be whole.
func (p *parts) add(bytes int, s *socket) {
	number, room := 0, leastRoom
	if s != nil {
		number, room = s.received, s.offered
	}
	if p.first == 0 {
		p.number, p.room = number, room
	}
	p.largest = max(p.largest, bytes)
	if number == p.number {
		p.first++
		p.bytes += bytes
	}
}

// firstIsWhole tells that the first part had room for another object, so that it
// holds all of one moment.
func (p *parts) firstIsWhole() bool { return p.bytes+p.largest <= p.room }
