// SPDX-License-Identifier: Apache-2.0

// Package diagnose looks for what is wrong with the set-up around IPVS. A check is an entry
// of a table: what it reads, when it holds, and what it says. Checks read Facts, and do not
// know where those come from. Nothing here changes the machine, and only with Options.Probe
// packets are sent.
package diagnose

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Role is what a machine does.
type Role int

// The roles.
const (
	Director Role = iota
	RealServer
)

var roleNames = []string{"director", "real-server"}

func (r Role) String() string { return roleNames[r] }

// Roles returns the names of the roles.
func Roles() []string { return slices.Clone(roleNames) }

// ParseRole returns the role with a name.
func ParseRole(name string) (r Role, ok bool) {
	i := slices.Index(roleNames, name)
	return Role(max(i, 0)), i >= 0
}

// Severity is how bad a finding is.
type Severity int

// The severities, the worst first.
const (
	Fault   Severity = iota + 1 // packets are certainly lost or misdirected
	Warning                     // packets are lost under conditions that are named
	Note                        // worth knowing
)

func (s Severity) String() string { return [...]string{"", "fault", "warning", "note"}[s] }

// Options say what to diagnose.
type Options struct {
	Role Role
	// Service is the only service to diagnose. On a director the zero value means all; on
	// a real server it must be set, to a service with an address.
	Service ipvs.ServiceID
	// Forward is how packets get to this real server.
	Forward ipvs.ForwardingMethod
	// Server is the address and port of this real server, Director that of its director.
	// They are zero if not known.
	Server   netip.AddrPort
	Director netip.Addr
	// Client is a client to check the routes for, or the zero Addr.
	Client netip.Addr
	// Probe asks other machines for the virtual addresses.
	Probe bool
	// Skip has the IDs of the checks to leave out.
	Skip    []string
	Verbose bool // reports notes, too, and every finding of a check
}

// Finding is something that is wrong.
type Finding struct {
	ID       string
	Severity Severity // that of the check, unless the check has set another one
	Object   string   // such as TCP 10.0.0.1:80 -> 10.0.0.2:80, or empty for the machine
	Facts    string   // what was read
	Symptom  string   // what users see
	Advice   string   // what to do, without the commands
	Commands [][]string
}

// NotChecked are checks that could not be made.
type NotChecked struct {
	IDs    []string
	Reason string
}

// Report is the result of a diagnosis.
type Report struct {
	Role              Role
	Services, Servers int    // of the director's table
	Kernel            string // the release; empty if it is not known
	Findings          []Finding
	NotChecked        []NotChecked
	Passed            int // checks without a finding
	// RealServers are the command lines for the real servers of a director.
	RealServers []RealServerCommand
}

// Count returns how many findings have a severity.
func (r *Report) Count(s Severity) (n int) {
	for i := range r.Findings {
		if r.Findings[i].Severity == s {
			n++
		}
	}
	return n
}

// Run makes all checks of a role. Checks whose facts cannot be read are listed as not
// checked. The error is that of reading the services of a director, or ipvs.ErrNoService for
// a service that does not exist.
func Run(facts Facts, o Options) (*Report, error) {
	v := newView(facts, o)
	r := &Report{Role: o.Role}
	r.Kernel, _ = facts.Release()
	if o.Role == Director {
		table, err := r.count(v)
		if err != nil {
			return nil, err
		}
		r.RealServers = v.realServerCommands(table)
	}
	r.runChecks(v, ^Source(0))
	r.NotChecked = append(r.NotChecked, beyond(&o)...)
	return r, nil
}

// beyond is what no check looks at.
func beyond(o *Options) []NotChecked {
	if o.Role == RealServer || o.Probe {
		return nil
	}
	return []NotChecked{{Reason: "who answers ARP requests for the addresses (--probe)"}}
}

// Rules are what a rules file sets up.
type Rules struct {
	Table   ipvs.Table
	Daemons []ipvs.Daemon
	// Lacks tells whether the kernel certainly has no module of a name.
	Lacks func(module string) bool
	// OtherPorts has the ports that were written for servers that get that of their service.
	OtherPorts map[Server]uint16
}

// Server is a server of a service.
type Server struct {
	Service ipvs.ServiceID
	ID      ipvs.DestinationID
}

// RunRules makes the checks that need nothing but rules and the list of installed modules.
func RunRules(rules Rules, o Options) (*Report, error) {
	v := newView(nil, o)
	v.read.table = answer[ipvs.Table]{value: selected(rules.Table, o.Service), known: true}
	v.read.daemons = answer[[]ipvs.Daemon]{value: rules.Daemons, known: true}
	v.otherPorts = rules.OtherPorts
	v.lacks = func(module string) (bool, error) { return rules.Lacks(module), nil }
	r := &Report{Role: Director}
	if _, err := r.count(v); err != nil {
		return nil, err
	}
	r.runChecks(v, TheTable|TheDaemons|TheInstalled)
	return r, nil
}

// count counts the services and servers that are diagnosed.
func (r *Report) count(v *view) (ipvs.Table, error) {
	table, err := v.table()
	if err != nil {
		return nil, err
	}
	if len(table) == 0 && v.options.Service != (ipvs.ServiceID{}) {
		return nil, ipvs.ErrNoService
	}
	r.Services = len(table)
	for i := range table {
		r.Servers += len(table[i].Destinations)
	}
	return table, nil
}

// runChecks makes the checks that read nothing but sources, and sorts what they find.
func (r *Report) runChecks(v *view, sources Source) {
	for c := range checks() {
		if c.role == v.options.Role && c.reads&^sources == 0 && !slices.Contains(v.options.Skip, c.id) {
			r.runCheck(c, v)
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return int(a.Severity - b.Severity) })
}

func (r *Report) runCheck(c *check, v *view) {
	findings, err := c.find(v)
	r.Findings = append(r.Findings, findings...)
	switch {
	case errors.Is(err, errNotApplicable):
	case err != nil:
		r.notChecked(c.id, err.Error())
	case len(findings) == 0:
		r.Passed++
	}
}

func (r *Report) notChecked(id, reason string) {
	i := slices.IndexFunc(r.NotChecked, func(n NotChecked) bool { return n.Reason == reason })
	if i < 0 {
		i = len(r.NotChecked)
		r.NotChecked = append(r.NotChecked, NotChecked{Reason: reason})
	}
	r.NotChecked[i].IDs = append(r.NotChecked[i].IDs, id)
}
