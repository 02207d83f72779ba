// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"bytes"
	"slices"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	ipvsreconcile "github.com/ipvsadm-go/ipvsadm/ipvs/reconcile"
)

// SaveOptions select what is saved, and where. The zero value saves services and
// destinations, by name, to standard output.
type SaveOptions struct {
	Numeric bool   // print addresses and ports as numbers
	All     bool   // save timeouts and sync daemons too
	Output  string // path of the file; empty for standard output
	// Sysctls saves the settings in /proc/sys that are not the default, too.
	Sysctls bool
	// Without lists daemons that All leaves out if they run with these settings.
	Without []ipvs.Daemon
}

// typicalRule is about how many bytes a rule with numbers takes.
const typicalRule = 48

func countRules(table ipvs.Table) (rules int) {
	for i := range table {
		rules += 1 + len(table[i].Destinations)
	}
	return rules
}

// Save reads the table and returns it as rules. warnings name what rules cannot express.
// Save does not look at o.Output and o.Sysctls.
func Save(client *ipvs.Client, o SaveOptions, hosts *resolve.Resolver) (text []byte, warnings []string, err error) {
	kernel.RelaxGC()
	kernel.NoHugePages()
	table, err := client.Settings()
	if err != nil {
		return nil, nil, err
	}
	table.Sort()
	var names format.Names
	if !o.Numeric {
		found := hosts.NewNames()
		found.LookUp(resolve.TableAddrs(table))
		names = found
	}
	var b bytes.Buffer
	b.Grow(typicalRule * countRules(table))
	if warnings, err = format.Rules(&b, table, names); err != nil {
		return nil, nil, err
	}
	if o.All {
		more, err := saveSettings(&b, client, o.Without)
		if err != nil {
			return nil, nil, err
		}
		warnings = append(warnings, more...)
	}
	return b.Bytes(), warnings, nil
}

// saveSettings appends the rules for timeouts and sync daemons.
func saveSettings(b *bytes.Buffer, client *ipvs.Client, without []ipvs.Daemon) (warnings []string, err error) {
	timeouts, err := client.Timeouts()
	if err != nil {
		return nil, err
	}
	daemons, err := client.Daemons()
	if err != nil {
		return nil, err
	}
	daemons = slices.DeleteFunc(daemons, func(d ipvs.Daemon) bool {
		return slices.ContainsFunc(without, func(w ipvs.Daemon) bool { return ipvsreconcile.SameDaemon(d, w) })
	})
	return format.Settings(b, timeouts, daemons)
}
