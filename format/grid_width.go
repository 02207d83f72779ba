// SPDX-License-Identifier: Apache-2.0

package format

import (
	"iter"
	"slices"
)

// natural returns the width that each column needs to show its cells in one line.
func (g *grid) natural(rows iter.Seq[[]cell]) []int {
	width := make([]int, len(g.columns))
	for i, c := range g.columns {
		width[i] = c.initialWidth
	}
	for row := range rows {
		for i, c := range row {
			width[i] = max(width[i], c.width())
		}
	}
	return width
}

// fit chooses the visible columns and their widths. natural has the widths that show rows
// and titles in one line each.
func (g *grid) fit(natural []int, rows iter.Seq[[]cell]) {
	g.width = slices.Clone(natural)
	g.visible = make([]int, len(g.columns))
	for i := range g.columns {
		g.visible[i] = i
	}
	if g.maxWidth == 0 {
		return
	}
	for at := len(g.visible) - 1; at >= 0; at-- {
		if g.columns[g.visible[at]].comment {
			g.fitComment(at)
		}
	}
	g.spareAddresses(rows)
	for len(g.visible) > 1 && g.total(g.narrowest) > g.maxWidth {
		g.leaveOut(g.leastImportant())
	}
	for excess := g.total(g.current) - g.maxWidth; excess > 0; excess-- {
		g.width[g.widest()]--
	}
	g.grow(natural)
}

// fitComment gives a comment column the room that the other columns leave, or leaves
// it out if that is too little.
func (g *grid) fitComment(at int) {
	i := g.visible[at]
	room := g.width[i] + g.maxWidth - g.total(g.current)
	if room < g.narrowest(i) {
		g.leaveOut(at)
		return
	}
	g.width[i] = min(g.width[i], room)
}

func (g *grid) current(i int) int { return g.width[i] }

func (g *grid) narrowest(i int) int {
	if n := g.columns[i].minWidth; n > 0 {
		return min(n, g.width[i])
	}
	return g.width[i]
}

// total is the width of a line, with columns as wide as width tells.
func (g *grid) total(width func(i int) int) int {
	sum := len(columnGap) * (len(g.visible) - 1)
	for _, i := range g.visible {
		sum += width(i)
	}
	return sum
}

// essential is the highest dropOrder of a column that stays when addresses have to wrap.
const essential = 5

// spareAddresses leaves out columns that are not essential as long as cells would have to
// wrap, except for those cells that have no room even beside the essential columns.
func (g *grid) spareAddresses(rows iter.Seq[[]cell]) {
	g.narrowHopeless(rows)
	for g.total(g.current) > g.maxWidth {
		at := g.leastImportant()
		if g.columns[g.visible[at]].dropOrder <= essential {
			return
		}
		g.leaveOut(at)
	}
}

// narrowHopeless narrows a column that wraps, if it is the only one, to the widest of its
// cells that has room beside the essential columns.
func (g *grid) narrowHopeless(rows iter.Seq[[]cell]) {
	room, wraps := g.maxWidth, -1
	for _, i := range g.visible {
		switch {
		case g.columns[i].minWidth > 0 && wraps >= 0:
			return
		case g.columns[i].minWidth > 0:
			wraps = i
		case g.columns[i].dropOrder <= essential:
			room -= len(columnGap) + g.width[i]
		}
	}
	if wraps < 0 || g.width[wraps] <= room {
		return
	}
	width := max(g.narrowest(wraps), len(g.columns[wraps].title))
	for row := range rows {
		if n := row[wraps].width(); n <= room {
			width = max(width, n)
		}
	}
	g.width[wraps] = width
}

// leastImportant returns which of the visible columns has the highest dropOrder.
func (g *grid) leastImportant() int {
	last := 0
	for at, i := range g.visible {
		if g.columns[i].dropOrder > g.columns[g.visible[last]].dropOrder {
			last = at
		}
	}
	return last
}

func (g *grid) leaveOut(at int) { g.visible = slices.Delete(g.visible, at, at+1) }

// widest is the widest column that can get narrower. A column that is alone always can.
func (g *grid) widest() int {
	found := g.visible[0]
	for _, i := range g.visible[1:] {
		can, best := g.width[i] > g.narrowest(i), g.width[found] > g.narrowest(found)
		if can && (!best || g.width[i] > g.width[found]) {
			found = i
		}
	}
	return found
}

// grow widens columns as far as there is room.
func (g *grid) grow(natural []int) {
	room := g.maxWidth - g.total(g.current)
	for _, i := range g.visible {
		more := max(0, natural[i]-g.width[i])
		if g.maxWidth > 0 {
			more = min(more, room)
		}
		g.width[i] += more
		room -= more
	}
}
