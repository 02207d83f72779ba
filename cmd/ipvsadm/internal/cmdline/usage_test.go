// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"maps"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestUsageExplainsEveryOption(t *testing.T) {
	type explained struct {
		short    string
		argument bool
	}
	got := map[string]explained{}
	for _, m := range usageLine().FindAllStringSubmatch(Usage, -1) {
		if _, twice := got[m[1]]; twice {
			t.Errorf("--%s is explained twice", m[1])
		}
		got[m[1]] = explained{m[3], m[2] != ""}
	}
	// These commands take no value themselves; the usage shows an option that they need.
	with := map[string]bool{
		"add-service": true, "edit-service": true, "delete-service": true, "add-server": true, "edit-server": true,
		"delete-server": true, "list": true, "ramp": true, "zero": true, "set": true, "sysctl": true,
	}
	want := map[string]explained{}
	Options().VisitAll(func(f *pflag.Flag) {
		if !strings.HasPrefix(f.Name, "=") {
			want[f.Name] = explained{f.Shorthand, f.NoOptDefVal != NoValue || with[f.Name]}
		}
	})
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("--%s: the usage has %+v, want %+v", name, got[name], want[name])
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the usage explains what is no option: %v, want %v", got, want)
	}
}

func TestUsageWidth(t *testing.T) {
	for _, text := range []string{Usage, SaveUsage, RestoreUsage, BootUsage} {
		for line := range strings.Lines(text) {
			if len(line) > 81 {
				t.Errorf("%d columns: %s", len(line)-1, line)
			}
		}
	}
}

func TestUsageNamesManualPages(t *testing.T) {
	for _, tool := range []string{"ipvsadm", "ipvsadm-save", "ipvsadm-restore", "ipvsadm-boot"} {
		if !strings.Contains(Usage, tool+"(8)") {
			t.Errorf("the usage does not name %s(8)", tool)
		}
	}
}
