// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// check is an entry of the table of checks. To add one, add an entry and a row of the test
// of its file. The texts are also those of the manual page.
type check struct {
	id       string
	role     Role
	severity Severity
	reads    Source
	// holds says when the check finds something, without the names of a machine.
	holds string
	// symptom says what users see then, and advice what to do.
	symptom, advice string

	// One of these looks for findings: once, or for each of the objects, whose name is
	// then that of the finding. A nil finding is none. An error says why the check could
	// not be made, and need not say of what: the name of the check goes with it.
	machine func(*view) ([]Finding, error)
	service func(*view, *ipvs.TableEntry) (*Finding, error)
	server  func(*view, *ipvs.Service, *ipvs.Destination) (*Finding, error)
	virtual func(*view, virtual) (*Finding, error)
	backend func(*view, backend) (*Finding, error)
}

// virtual is an address of services, whatever their protocols and ports.
type virtual struct {
	addr     netip.Addr
	services []ipvs.ServiceID
}

// backend is a real server's address together with how packets get there, in whichever
// services.
type backend struct {
	addr     netip.Addr
	forward  ipvs.ForwardingMethod
	services []ipvs.ServiceID
	ids      []ipvs.DestinationID // in the services
	weight   uint32               // the largest in the services
	overhead int                  // the largest of its tunnels
}

// errNotApplicable says that there is nothing to check.
var errNotApplicable = errors.New("not applicable")

// find makes the check for each object. If it cannot be made for one, it is made for the
// others nevertheless.
func (c *check) find(v *view) (findings []Finding, err error) {
	add := func(object string, f *Finding, failed error) {
		if err == nil || errors.Is(err, errNotApplicable) {
			err = failed
		}
		if f != nil {
			f.Object = cmp.Or(f.Object, object)
			findings = append(findings, *f)
		}
	}
	switch {
	case c.machine != nil:
		findings, err = c.machine(v)
	case c.virtual != nil:
		for _, a := range v.virtuals() {
			f, err := c.virtual(v, a)
			add(a.String(), f, err)
		}
	case c.backend != nil:
		for _, b := range v.backends() {
			f, err := c.backend(v, b)
			add(b.String(), f, err)
		}
	default:
		c.eachEntry(v, add)
	}
	for i := range findings {
		c.complete(&findings[i])
	}
	return findings, err
}

// eachEntry makes a check of services or of servers.
func (c *check) eachEntry(v *view, add func(string, *Finding, error)) {
	table, err := v.table()
	if err != nil {
		add("", nil, err)
		return
	}
	for i := range table {
		entry := &table[i]
		id := entry.Service.ServiceID
		if c.service != nil {
			f, err := c.service(v, entry)
			add(id.String(), f, err)
			continue
		}
		for j := range entry.Destinations {
			d := &entry.Destinations[j]
			f, err := c.server(v, &entry.Service, d)
			add(serverName(id, d.DestinationID), f, err)
		}
	}
}

// complete sets what a finding has of its check.
func (c *check) complete(f *Finding) {
	f.ID = c.id
	f.Severity = cmp.Or(f.Severity, c.severity)
	f.Symptom, f.Advice = cmp.Or(f.Symptom, c.symptom), cmp.Or(f.Advice, c.advice)
}

// found returns a finding with facts.
func found(format string, args ...any) *Finding { return &Finding{Facts: fmt.Sprintf(format, args...)} }

// mend adds a command that mends it.
func (f *Finding) mend(words ...string) *Finding {
	f.Commands = append(f.Commands, words)
	return f
}

// String returns the name of the service, if there is only one.
func (a virtual) String() string {
	if len(a.services) == 1 {
		return a.services[0].String()
	}
	return fmt.Sprintf("%s (%s%s)", a.addr, a.services[0], andOthers(len(a.services)-1))
}

// String names one server, and how many others have its address.
func (b backend) String() string {
	name := serverName(b.services[0], b.ids[0])
	if n := len(b.services) - 1; n > 0 {
		name += " (" + andOthers(n)[1:] + ")"
	}
	return name
}

// andOthers returns the end of a list of services.
func andOthers(n int) string {
	if n == 1 {
		return " and 1 other service"
	}
	return fmt.Sprintf(" and %d other services", n)
}

func serverName(id ipvs.ServiceID, server ipvs.DestinationID) string {
	return id.String() + " -> " + server.String()
}
