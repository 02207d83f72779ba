// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"slices"
	"sort"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
)

// fit returns up to room lines of the listing. It scrolls up if there would be empty
// lines at the end. If there is a line for one row only, that is never a service that is
// repeated above its servers.
func (v *view) fit(room int) [][]byte {
	last := v.lastPage(room)
	v.above = max(0, min(v.above, last))
	page := v.page(room, room)
	space := max(1, room-len(page.Head)-len(page.Foot))
	if space == 1 && v.repeatsService(v.above) {
		service := len(v.page(1, room).Rows)
		page = v.page(room+1, room)
		page.Rows = page.Rows[min(service, len(page.Rows)-1):]
	}
	v.more = v.chosen.Rows() > 0 && (len(page.Rows) > space || v.above < last)
	return slices.Concat(page.Head, firstLines(page.Rows, space), page.Foot)
}

// lastPage returns the number of rows above the last page. It finds that by trial, since
// a row may take several lines.
func (v *view) lastPage(room int) int {
	last := *v
	for last.above = max(0, v.chosen.Rows()-room); last.above < v.chosen.Rows()-1; last.above++ {
		if v.above <= last.above {
			return last.above // it is there or further down
		}
		page := last.page(room+1, room) // with the row of a service that is repeated
		if height(page) <= room {
			return last.above
		}
	}
	return last.above
}

// pageEnd returns the number of rows above the page that follows the one below above
// rows. It finds that by trial, as lastPage does.
func (v *view) pageEnd(above, room int) int {
	page := *v
	page.above = above
	rows := sort.Search(room, func(n int) bool { return height(page.page(n+1, room)) > room })
	if v.repeatsService(above) {
		rows--
	}
	return above + max(1, rows)
}

// repeatsService tells whether the page below above rows begins with the row of a service
// that is among them.
func (v *view) repeatsService(above int) bool {
	left := v.chosen.Rows() - above
	return v.chosen.Slice(above, left+1).Rows() > left
}

// pageStart returns the number of rows above the page that ends with the row before the
// one below above rows.
func (v *view) pageStart(above, room int) int {
	first := max(0, above-room)
	return first + sort.Search(above-first, func(n int) bool { return v.pageEnd(first+n, room) >= above })
}

// page returns a page of at most rows rows for a room of some lines. Its foot has at most
// an eighth of the lines. Titles that would leave no line for a row are left out.
func (v *view) page(rows, room int) format.Page {
	if v.filter.text != "" && v.chosen.Rows() == 0 {
		return format.Page{Rows: [][]byte{[]byte(shorten("no services or servers match", v.Style().Width))}}
	}
	v.Listing.Style = v.Style()
	v.Listing.Style.Colour = v.Listing.Style.Colour && v.failure == nil
	slice := v.chosen.Slice(v.above, rows)
	if r, ok := slice.(listing.TableResult); ok {
		r.Servers = v.servers
	}
	page := slice.Page(v.Listing.Pager())
	page.Foot = shortList(page.Foot, room/8, v.Style().Width)
	if len(page.Head) >= room {
		page.Head = nil
	}
	return page
}

// height returns the number of lines of a page.
func height(page format.Page) int { return len(page.Head) + len(page.Rows) + len(page.Foot) }

// shortList returns up to n lines of a list. If there are more, it ends in dots.
func shortList(lines [][]byte, n, width int) [][]byte {
	if len(lines) <= n || n == 0 {
		return firstLines(lines, n)
	}
	const dots = " ..."
	last := lines[n-1]
	for width > 0 && len(last)+len(dots) > width && bytes.ContainsRune(last, ' ') {
		last = last[:bytes.LastIndexByte(last, ' ')]
	}
	return append(slices.Clone(lines[:n-1]), []byte(shorten(string(last)+dots, width)))
}

func firstLines(lines [][]byte, n int) [][]byte { return lines[:min(max(n, 0), len(lines))] }
