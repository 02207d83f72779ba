// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func fwmarkNone(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	s := &entry.Service
	if s.FWMark == 0 {
		return nil, nil
	}
	if err := v.facts.Complete(); err != nil {
		return nil, err
	}
	if s.Stats.InPkts > 0 {
		return nil, nil
	}
	rules, err := v.firewall()
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(rules.MarkRules(), func(m firewall.MarkRule) bool { return m.Sets(s.FWMark) }) {
		return nil, nil
	}
	if _, err := unlessPartial(nil, rules); err != nil {
		return nil, err
	}
	return found("No rule of the firewall sets the mark %d.", s.FWMark), nil
}

// localTable is the routing table that the commands for marks use.
const localTable = "100"

func fwmarkLocal(v *view, entry *ipvs.TableEntry) (*Finding, error) {
	s := &entry.Service
	if s.FWMark == 0 {
		return nil, nil
	}
	rules, err := v.firewall()
	if err != nil {
		return nil, err
	}
	for _, m := range rules.MarkRules() {
		if m.Any || m.Hook != "prerouting" || m.Mask != ^uint32(0) || m.Value != s.FWMark {
			continue
		}
		for _, addr := range m.Destinations {
			f, err := v.markedElsewhere(s, addr)
			if f != nil || err != nil {
				return f, err
			}
		}
	}
	return unlessPartial(nil, rules)
}

// markedElsewhere returns a finding if packets to an address are not for this machine when
// they have the mark of a service.
func (v *view) markedElsewhere(s *ipvs.Service, addr netip.Addr) (*Finding, error) {
	if ipvs.FamilyOf(addr) != s.AddressFamily() {
		return nil, nil
	}
	route, err := v.route(Query{Dst: addr, Mark: s.FWMark})
	if err != nil || route.Kind == LocalPath {
		return nil, err
	}
	ip, all := []string{"ip"}, "0.0.0.0/0"
	if addr.Is6() {
		ip, all = []string{"ip", "-6"}, "::/0"
	}
	f := found("Packets to %s get the mark %d, and with that mark the address is not local.", addr, s.FWMark).
		mend(slices.Concat(ip, []string{"rule", "add", "fwmark", strconv.FormatUint(uint64(s.FWMark), 10), "lookup", localTable})...).
		mend(slices.Concat(ip, []string{"route", "add", "local", all, "dev", "lo", "table", localTable})...)
	return f, v.unlessSelected(f, addr)
}
