// SPDX-License-Identifier: Apache-2.0

package ipvs

import "github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"

// dumpChunk is one datagram of the answer to a dump. The kernel dumps objects in
// chunks and resumes by index (ip_vs_genl_dump_services and ip_vs_genl_dump_dests in
// ip_vs_ctl.c). The index of services counts those of all network namespaces. So an
// add or delete between two chunks can make the kernel repeat or skip an object.
// Within a chunk none is missing, because the kernel fills it under a lock.
type dumpChunk struct {
	datagram int
	first    int // index of its first object in the answer
	bytes    int // size of its objects
	room     int // minimum capacity in bytes
}

// dumpChunks are the chunks of one answer.
type dumpChunks struct {
	list    []dumpChunk
	inline  [1]dumpChunk // storage for list: most answers have one chunk
	objects int
	largest int // size of the largest object in bytes
}

// addFrom counts an object in the last datagram of a socket. Only a socket of the kernel
// knows where a chunk ends. With a fake all objects count as one chunk, which is known
// to be complete only if it is small.
func (d *dumpChunks) addFrom(s *nlsock.Socket, bytes int) {
	if s == nil {
		d.add(bytes, 0, nlsock.MinChunkRoom)
		return
	}
	datagram, room := s.Datagram()
	d.add(bytes, datagram, room)
	if len(d.list) > 1 {
		s.GrowBuffer() // for the chunks after the next one
	}
}

// add counts an object in a datagram.
func (d *dumpChunks) add(bytes, datagram, room int) {
	if d.list == nil {
		d.list = d.inline[:0]
	}
	if n := len(d.list); n == 0 || d.list[n-1].datagram != datagram {
		d.list = append(d.list, dumpChunk{datagram: datagram, first: d.objects, room: room})
	}
	d.list[len(d.list)-1].bytes += bytes
	d.objects++
	d.largest = max(d.largest, bytes)
}

// end returns the index after the last object of a chunk.
func (d *dumpChunks) end(i int) int {
	if i+1 < len(d.list) {
		return d.list[i+1].first
	}
	return d.objects
}

// hadRoom reports whether a chunk had room for another object, so that the kernel
// had reached the end of its list.
func (d *dumpChunks) hadRoom(i int) bool { return d.list[i].bytes+d.largest <= d.list[i].room }

// reachedEnd reports whether the last chunk reached the end of the kernel's list.
func (d *dumpChunks) reachedEnd() bool { return len(d.list) > 0 && d.hadRoom(len(d.list)-1) }

// sharesBoundary reports whether a chunk other than the last ends at the same object
// index as a chunk of another answer.
func (d *dumpChunks) sharesBoundary(other *dumpChunks) bool {
	i, j := 1, 1
	for i < len(d.list) && j < len(other.list) {
		switch first, otherFirst := d.list[i].first, other.list[j].first; {
		case first == otherFirst:
			return true
		case first < otherFirst:
			i++
		default:
			j++
		}
	}
	return false
}

// boundaries returns the indices of the objects at which a chunk other than the first
// one begins.
func (d *dumpChunks) boundaries() []int {
	boundaries := make([]int, 0, len(d.list))
	for i := 1; i < len(d.list); i++ {
		boundaries = append(boundaries, d.list[i].first)
	}
	return boundaries
}

// isComplete reports whether the first chunk holds all objects.
func (d *dumpChunks) isComplete() bool { return len(d.list) == 0 || len(d.list) == 1 && d.hadRoom(0) }
