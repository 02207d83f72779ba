// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// A form is one of the output formats.
type form struct {
	name string // as --output takes it
	// read reads back what a listing says.
	read func(t *testing.T, m mode, output string) *reading
	// shows tells what a listing must have in a mode.
	shows func(m mode, a about, text string) bool
	// same tells whether the form shows a value that lies between two.
	same func(name, shown, before, after string) bool
	// ordered is set if the order of services and destinations is part of it.
	ordered bool
	// alike is set if a table is the same in all modes.
	alike bool
	known map[string]*reading // what was read, by what was printed
}

var forms = []*form{
	{name: "classic", read: readClassic, shows: showsClassic, same: exactly, ordered: true},
	{name: "json", read: readJSON, shows: showsJSON, same: exactly, ordered: true, alike: true},
	{name: "table", read: readTable, shows: showsTable, same: roundly, ordered: true},
	{name: "prometheus", read: readPrometheus, shows: showsPrometheus, same: exactly, alike: true},
}

// A mode is what a listing shows.
type mode struct {
	words string
	subject
}

var modes = []mode{
	{"", services}, {"--stats", services}, {"--rate", services}, {"--thresholds", services}, {"--persistent-conn", services},
	{"--tun-info", services},
	{"--timeout", timeouts}, {"--daemon", daemons}, {"-c", connections},
}

// showsJSON: all but what only people or metrics get.
func showsJSON(_ mode, a about, _ string) bool { return a.name != "marks" && a.name != "entries" }

// TestListings holds every form in every mode against the kernel, which is still, and what is said of the kernel against
// what others see in it.
func TestListings(t *testing.T) {
	for _, table := range testTables {
		t.Run(table.name, func(t *testing.T) {
			h := newTable(t, table)
			for _, m := range modes {
				t.Run("original"+m.words, func(t *testing.T) { h.compareWithOriginal(t, m) })
			}
			t.Run("proc", h.compareWithProc)
			t.Run("totals", h.totalsHold)
			for _, f := range forms {
				for _, m := range modes {
					t.Run(f.name+m.words, func(t *testing.T) { h.holdsAll(t, table, f, m) })
				}
			}
		})
	}
}

func (h *host) holdsAll(t *testing.T, table testTable, f *form, m mode) {
	h.holds(t, f, m, ipvs.ServiceID{}, still)
	if m.subject != services {
		return
	}
	if table.words != "" {
		h.holds(t, f, m, table.one, still, strings.Fields(table.words)...)
	}
	if m.words == "" || table.name != "large" {
		h.holds(t, f, m, ipvs.ServiceID{}, still, "--nosort")
	}
}

// holds lists and compares with the kernel.
func (h *host) holds(t *testing.T, f *form, m mode, one ipvs.ServiceID, p pace, words ...string) {
	t.Helper()
	words = append(append(strings.Fields(m.words), "--output", f.name), words...)
	if f.name == "classic" && m.subject == services {
		words = append(words, "--exact")
	}
	sorted := !slices.Contains(words, "--nosort")
	kernel := func() *reading { return h.kernel(t, m.subject, one, sorted) }
	span, output := around(t, p, kernel, func() string { return h.list(t, ours, words...) })
	if !span.check(t, f.readOnce(t, m, output), f, m, p) {
		t.Logf("ipvsadm -L -n %s:\n%.4000s", strings.Join(words, " "), output)
	}
}

// readOnce reads back what a listing says, a large one not for every mode anew.
func (f *form) readOnce(t *testing.T, m mode, output string) *reading {
	t.Helper()
	if r, ok := f.known[output]; ok && f.alike && m.subject == services {
		return r
	}
	r := f.read(t, m, output)
	if f.alike && m.subject == services {
		if len(f.known) == 0 || len(f.known) > 3 {
			f.known = map[string]*reading{}
		}
		f.known[output] = r
	}
	return r
}
