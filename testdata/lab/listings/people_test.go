// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A chunk is a cell of a table for people, or a title: what two blanks or more separate.
type chunk struct {
	start, end int
	text       string
}

var chunkText = regexp.MustCompile(`\S+( \S+)*`)

func chunksOf(line string) (chunks []chunk) {
	for _, at := range chunkText.FindAllStringIndex(line, -1) {
		chunks = append(chunks, chunk{at[0], at[1], line[at[0]:at[1]]})
	}
	return chunks
}

// cellsOf finds the title of each cell, which begins or ends where the cell does.
func cellsOf(t *testing.T, titles []chunk, line string) map[string]string {
	t.Helper()
	cells := map[string]string{}
	for _, c := range chunksOf(line) {
		i := slices.IndexFunc(titles, func(title chunk) bool { return c.start == title.start || c.end == title.end })
		if c.start == 2 && i < 0 {
			i = 0 // a server, below its service
		}
		if i < 0 {
			t.Fatalf("%q is below no title in %q", c.text, line)
		}
		cells[titles[i].text] = c.text
	}
	return cells
}

var seconds = regexp.MustCompile(`\b(\d+) s\)?$`)

// withPort is a server of a mark with its port, which is not shown if it is 0.
func withPort(server string) string {
	if a, err := netip.ParseAddr(server); err == nil {
		return netip.AddrPortFrom(a, 0).String()
	}
	if !strings.Contains(server, ":") {
		return server + ":0"
	}
	return server
}

// readTable reads a table for people.
func readTable(t *testing.T, m mode, output string) *reading {
	t.Helper()
	r := newReading()
	lines := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
	if version := tableVersion.FindStringSubmatch(lines[0]); version != nil {
		r.say("", "", "version", version[1], "connection_table_size", version[2])
		lines = lines[slices.Index(lines, "")+1:]
	}
	if strings.HasPrefix(lines[0], "no ") {
		return r
	}
	titles, service := chunksOf(lines[0]), ""
	for _, line := range lines[1:] {
		switch m.subject {
		case connections:
			r.sayConnectionLine(t, line)
			continue
		case timeouts:
			cells := cellsOf(t, titles, line)
			name := strings.ReplaceAll(strings.ToLower(cells["CONNECTIONS"]), " ", "_")
			r.say("", "", "timeouts."+name, seconds.FindStringSubmatch(cells["TIMEOUT"])[1])
			continue
		case daemons:
			cells := cellsOf(t, titles, line)
			r.begin(cells["STATE"], "")
			for title, text := range cells {
				r.say(cells["STATE"], "", strings.ToLower(title), text)
			}
			continue
		}
		cells := cellsOf(t, titles, line)
		name := cells["SERVICE, SERVER"]
		if strings.HasPrefix(line, " ") {
			if strings.HasPrefix(service, "FWM") {
				name = withPort(name)
			}
			r.begin(service, name)
			r.sayServerCells(m, service, name, cells)
			continue
		}
		service = name
		r.begin(service, "")
		r.sayServiceCells(m, service, cells)
	}
	return r
}

var tableVersion = regexp.MustCompile(`^IP Virtual Server (\S+), connection table size (\d+)(?: now, grows to \d+)?$`)

var factsOfTitles = map[string]string{
	"WEIGHT": "weight", "ACTIVE": "active_connections", "INACTIVE": "inactive_connections", "PERSISTENT": "persistent_connections",
	"UPPER": "upper_threshold", "LOWER": "lower_threshold",
}

var statsOfTitles = map[string]string{
	"CONNS": "connections", "PKTS IN": "incoming_packets", "PKTS OUT": "outgoing_packets", "BYTES IN": "incoming_bytes",
	"BYTES OUT": "outgoing_bytes",
}

func (r *reading) sayStatsCells(m mode, service, server string, cells map[string]string) {
	kind := strings.TrimLeft(m.words, "-")
	if kind == "rate" {
		kind = "rates"
	}
	for title, fact := range statsOfTitles {
		r.say(service, server, kind+"."+fact, strings.Replace(cells[title], "-", "0", 1))
	}
}

func (r *reading) sayServerCells(m mode, service, server string, cells map[string]string) {
	r.sayStatsCells(m, service, server, cells)
	r.say(service, server, "forward", cells["METHOD"], "marks", cells["STATE"])
	for title, fact := range factsOfTitles {
		r.say(service, server, fact, strings.Replace(cells[title], "-", "0", 1))
	}
	if kind, flags, _ := strings.Cut(cells["TUNNEL"], ", "); kind != "" {
		kind, port, _ := strings.Cut(kind, " port ")
		r.say(service, server, "tunnel.type", kind, "tunnel.port", port, "tunnel.flags", flags)
	}
}

// sayServiceCells leaves out the sums of the servers' connections.
func (r *reading) sayServiceCells(m mode, service string, cells map[string]string) {
	r.sayStatsCells(m, service, "", cells)
	r.say(service, "", "scheduler", cells["METHOD"], "marks", cells["STATE"])
	var flags []string
	for _, option := range strings.Split(cells["OPTIONS"], ", ") {
		word, value, _ := strings.Cut(option, " ")
		switch word {
		case "persistent":
			r.say(service, "", "persistence_timeout", strings.TrimSuffix(value, " s"))
		case "mask":
			r.say(service, "", "netmask", value)
		case "pe":
			r.say(service, "", "persistence_engine", value)
		case "ops", "":
		default:
			flags = append(flags, word)
		}
	}
	r.say(service, "", "scheduler_flags", strings.Join(flags, ","))
}

// showsTable: the same as the original, and marks and the scheduler in every mode.
func showsTable(m mode, a about, text string) bool {
	if m.subject != services {
		return showsClassic(m, a, text)
	}
	switch a.name {
	case "marks", "forward", "scheduler", "scheduler_flags", "persistence_timeout", "persistence_engine", "version":
		return true
	}
	return showsClassic(m, a, text) && !(a.destination == "" && strings.HasPrefix(a.name, "persistence_"))
}

var quantity = regexp.MustCompile(`^(\d+(?:\.\d)?) ?([kMGTPE]?)B?(?:/s)?$`)

// roundly tells whether a number with a unit lies, as far as it can tell, between two of the kernel.
func roundly(name, shown, before, after string) bool {
	if exactly(name, shown, before, after) {
		return true
	}
	parts := quantity.FindStringSubmatch(shown)
	low, errLow := strconv.ParseFloat(before, 64)
	high, errHigh := strconv.ParseFloat(after, 64)
	if parts == nil || errLow != nil || errHigh != nil {
		return false
	}
	unit := math.Pow(1000, float64(strings.Index("kMGTPE", parts[2])+1))
	if parts[2] == "" {
		unit = 1
	}
	var n float64
	_, _ = fmt.Sscan(parts[1], &n)
	slack := unit / 20
	if unit == 1 {
		slack = 0
	}
	return n*unit+slack >= min(low, high) && n*unit-slack <= max(low, high)
}
