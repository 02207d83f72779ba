// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/firewall"
)

// Firewall returns the rules of nftables and iptables. A kernel without their modules has
// none; otherwise the programs of the firewall tell, which load no module then.
func (m *Machine) Firewall() (rules firewall.Ruleset, err error) {
	native, err := m.hasNFTables()
	if err != nil {
		return rules, err
	}
	legacy, err := m.legacyTables()
	if err != nil {
		return rules, err
	}
	if native {
		if rules, err = m.nftRules(); err != nil {
			return rules, err
		}
	}
	for _, tool := range [...]string{"iptables", "ip6tables"} {
		if err := m.addIPTables(&rules, tool, native, legacy[tool]); err != nil {
			return rules, err
		}
	}
	return rules, nil
}

// hasNFTables tells whether the kernel may have rules of nftables.
func (m *Machine) hasNFTables() (bool, error) {
	loaded, err := m.Modules()
	if errors.Is(err, fs.ErrNotExist) { // a kernel without modules
		err = nil
	}
	if err != nil || slices.Contains(loaded, "nf_tables") {
		return true, err
	}
	release, err := m.Release()
	if err != nil {
		return true, err
	}
	builtIn, err := m.read("lib/modules/" + strings.ReplaceAll(release, "/", "") + "/modules.builtin")
	return err != nil || strings.Contains(builtIn, "/nf_tables.ko"), nil
}

// legacyTables tells for which tools the kernel has tables of iptables as it was before
// nftables.
func (m *Machine) legacyTables() (map[string]bool, error) {
	tables := map[string]bool{}
	for tool, file := range map[string]string{"iptables": "ip_tables_names", "ip6tables": "ip6_tables_names"} {
		names, err := m.read("proc/thread-self/net/" + file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		tables[tool] = strings.TrimSpace(names) != ""
	}
	return tables, nil
}

func (m *Machine) nftRules() (firewall.Ruleset, error) {
	path := m.program("nft")
	if path == "" {
		return firewall.Ruleset{Partial: "nft is not installed, so there may be other rules of the firewall"}, nil
	}
	text, err := output(path, "-j", "list", "ruleset")
	if err != nil {
		return firewall.Ruleset{}, err
	}
	rules, err := firewall.ParseNFT(text)
	if err != nil {
		err = fmt.Errorf("what nft prints is not understood: %w", err)
	}
	return rules, err
}

// addIPTables adds the rules of iptables or ip6tables. Those that iptables has put into
// nftables, iptables tells better than nft.
func (m *Machine) addIPTables(rules *firewall.Ruleset, tool string, native, legacy bool) error {
	inNFTables, err := m.save(tool+"-save", tool == "ip6tables", native || legacy)
	if err != nil {
		return err
	}
	if inNFTables.native {
		rules.Chains = slices.DeleteFunc(rules.Chains, func(c *firewall.Chain) bool {
			return c.Tool == "nft" && c.Family == inNFTables.family && slices.Contains(inNFTables.tables, c.Table)
		})
	}
	rules.Add(inNFTables.rules)
	if !legacy || inNFTables.ran && !inNFTables.native {
		return nil
	}
	old, err := m.save(tool+"-legacy-save", tool == "ip6tables", true)
	if err == nil && !old.ran {
		err = fmt.Errorf("the kernel has tables of %s-legacy, and %s-legacy-save is not installed", tool, tool)
	}
	for _, c := range old.rules.Chains {
		c.Tool = tool + "-legacy"
	}
	rules.Add(old.rules)
	return err
}

// saved is what a program such as iptables-save has told.
type saved struct {
	rules  firewall.Ruleset
	tables []string // their names
	family string
	ran    bool // it is installed, and there is something to tell
	native bool // its rules are in nftables
}

func (m *Machine) save(program string, ipv6, wanted bool) (s saved, err error) {
	path := m.program(program)
	if path == "" || !wanted {
		return s, nil
	}
	text, err := output(path)
	if err != nil {
		return s, err
	}
	s = saved{ran: true, family: "ip", native: strings.Contains(string(text), "(nf_tables)")}
	if ipv6 {
		s.family = "ip6"
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "*"); ok {
			s.tables = append(s.tables, strings.TrimSpace(name))
		}
	}
	if s.rules, err = firewall.ParseIPTables(string(text), ipv6); err != nil {
		err = fmt.Errorf("what %s prints is not understood: %w", program, err)
	}
	return s, err
}
