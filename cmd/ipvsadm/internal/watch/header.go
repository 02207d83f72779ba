// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/mattn/go-runewidth"
)

// headerRoom returns how many lines the header may take on a screen of a height.
func headerRoom(height int) int { return max(1, height/5) }

// header returns the lines above the listing: first the time with the totals, or with the
// error, then a line with the position and the keys. On a low screen the totals stay, and
// what else fits is in the same lines.
func (v *view) header(width, height int) [][]byte {
	room := headerRoom(height)
	status := v.status(width, room-1)
	text := append(status, v.lastLine(width, len(status) == 0))
	if v.isDense(width, room) {
		text = v.dense(width, room)
	}
	lines := make([][]byte, len(text))
	for i, line := range text {
		lines[i] = []byte(line)
		if v.failure != nil && v.Style().Colour && i < max(1, len(status)) {
			lines[i] = fmt.Appendf(nil, "\x1b[31m%s\x1b[0m", line)
		}
	}
	return lines
}

// isDense tells whether a header of room lines has no line for the position and the keys.
func (v *view) isDense(width, room int) bool {
	switch {
	case v.failure != nil, v.filter.typing:
		return false
	case room == 1:
		return true
	}
	return room == 2 && len(v.restrictions(width)) == 0 && len(arrange(v.timeAndTotals(), width, room)) == room
}

// dense returns up to room lines with all that a header can have, the most important
// first. Where that leaves no room for the position, this comes before the rates, or even
// before the time.
func (v *view) dense(width, room int) []string {
	totals := v.timeAndTotals()
	rates := min(4, len(totals)) // after the time, which is the first
	restrictions, place, others := items(v.restrictions(width)...), items(v.place()...), totals[rates:]
	if v.Listing.Options.SortBy != listing.ByName { // as the user chose
		others = slices.Concat(others, items(v.order()...))
	}
	help, quit := items(keys[:1]...), items(slices.Concat(keys[1:], v.interval())...)
	return arrangeWith(v.place(), width, room,
		slices.Concat(totals[:1], restrictions, totals[1:rates], place, others, help, quit),
		slices.Concat(totals[:1], restrictions, place, help, totals[1:rates], others, quit),
		slices.Concat(place, restrictions, help, totals[:rates], others, quit))
}

func (v *view) timeAndTotals() []format.Total {
	return append(items(v.timestamp()), v.result.Totals(v.Listing.Options.Exact)...)
}

// headerHeight returns the number of lines of the header.
func (v *view) headerHeight(width, height int) int {
	return len(v.status(width, headerRoom(height)-1)) + 1
}

// status returns up to room lines with the time and the totals, or with the error. There
// are none for a listing without totals, unless there is an error.
func (v *view) status(width, room int) []string {
	totals := v.timeAndTotals()
	switch {
	case room < 1:
		return nil
	case v.failure != nil:
		lines := format.Wrap(v.timestamp(), width, 0)
		return lines[:min(room, len(lines))]
	case len(totals) == 1:
		return nil
	}
	return arrange(totals, width, room)
}

// lastLine returns the position, preceded by the time if this line is the only one, or
// the filter while the user is typing it.
func (v *view) lastLine(width int, only bool) string {
	var line []format.Total
	switch {
	case v.filter.typing:
		line = items(v.filter.prompt(width), "Enter keeps it", "Esc shows all")
	case only:
		line = items(append([]string{v.timestamp()}, v.position(width)...)...)
	default:
		line = items(v.position(width)...)
		placeFirst := items(slices.Concat(v.place(), v.restrictions(width))...)
		return arrangeWith(v.place(), width, 1, line, placeFirst)[0]
	}
	return arrange(line, width, 1)[0]
}

// timestamp returns the time of the last successful reading and, if a later one failed,
// the reason.
func (v *view) timestamp() string {
	at := v.at.Format("15:04:05")
	if v.failure == nil {
		return at
	}
	return "old (" + at + "): " + format.Sanitize(strings.TrimSpace(v.Describe(v.failure)))
}

// keys are the most important ones.
var keys = []string{"h help", "q quit"}

// position returns which rows are shown, their order, and the most important keys.
func (v *view) position(width int) []string {
	return slices.Concat(v.restrictions(width), v.place(), v.order(), keys, v.interval())
}

// restrictions returns why the screen does not show all rows as they are now. A long
// filter is cut off, so that there is room for more.
func (v *view) restrictions(width int) (words []string) {
	if v.filter.text != "" {
		words = append(words, shorten("only with "+v.filter.text, max(width/2, len("only with 10.0.0.1"))))
	}
	if v.paused {
		words = append(words, "paused")
	}
	if v.filter.text != "" {
		words = append(words, "Esc shows all")
	}
	return words
}

// place returns which rows are shown, unless all are.
func (v *view) place() []string {
	rows, all := v.chosen.Rows(), uint64(0)
	if r, ok := v.result.(listing.ConnResult); ok {
		all = r.All
	}
	switch scrolls := v.more || v.above > 0; {
	case all > uint64(rows) && scrolls:
		return []string{fmt.Sprintf("row %d of the first %d of %d", v.above+1, rows, all)}
	case all > uint64(rows):
		return []string{fmt.Sprintf("first %d of %d", rows, all)}
	case scrolls:
		return []string{fmt.Sprintf("row %d of %d", v.above+1, rows)}
	}
	return nil
}

func (v *view) order() []string {
	if _, ok := v.result.(listing.TableResult); !ok || v.Listing.Options.Unsorted {
		return nil
	}
	return []string{"sorted by " + v.Listing.Options.SortBy.String()}
}

func (v *view) interval() []string {
	if v.paused {
		return nil
	}
	return []string{"every " + strconv.FormatFloat(v.Interval.Seconds(), 'g', -1, 64) + " s"}
}

// items returns texts as they are arranged with totals.
func items(texts ...string) []format.Total {
	all := make([]format.Total, len(texts))
	for i, text := range texts {
		all[i] = format.Total{Text: text, Width: runewidth.StringWidth(text)}
	}
	return all
}

// arrange puts items into at most room lines of a width, in their order. Items that do not
// fit are left out; the first one is cut off.
func arrange(all []format.Total, width, room int) []string {
	lines, used := []string{runewidth.Truncate(all[0].Text, width, "")}, all[0].Width
	for _, item := range all[1:] {
		switch {
		case used+len(gap)+item.Width <= width:
			lines[len(lines)-1] += gap + item.Text
			used += len(gap) + item.Width
		case len(lines) < room && item.Width <= width:
			lines = append(lines, item.Text)
			used = item.Width
		}
	}
	return lines
}

// arrangeWith arranges the first of several orders that shows all of wanted, or the last.
func arrangeWith(wanted []string, width, room int, orders ...[]format.Total) (lines []string) {
	for _, order := range orders {
		lines = arrange(order, width, room)
		shown := strings.Join(lines, gap)
		if !slices.ContainsFunc(wanted, func(text string) bool { return !strings.Contains(shown, text) }) {
			break
		}
	}
	return lines
}

// gap separates two items.
const gap = "  "

// shorten cuts off a text of ASCII that is wider than the screen. A width of 0 is no limit.
func shorten(text string, width int) string {
	if width <= 0 {
		return text
	}
	return text[:min(len(text), width)]
}
