package format

import (
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestSettingsSayWhatNoRuleCan(t *testing.T) {
	var b strings.Builder
	warnings, err := Settings(&b, ipvs.Config{TCP: 900, TCPFin: 120, UDP: 300}, []ipvs.Daemon{
		{State: ipvs.Master, Interface: "eth0", SyncID: 1},
		{State: ipvs.Backup, Interface: "br#1"},
	})
	const warning = `backup sync daemon: interface "br#1" cannot be saved`
	const want = `--set 900 120 300
--start-daemon master --mcast-interface eth0 --syncid 1
# ` + warning + `
# --start-daemon backup --mcast-interface br#1 --syncid 0
`
	if err != nil || b.String() != want || !slices.Equal(warnings, []string{warning}) {
		t.Errorf("%v, %q\n%s", err, warnings, b.String())
	}
}

// A comment stays one, whatever is in a name, and controls no terminal.
func TestCommentsOfRulesHoldNoEscapes(t *testing.T) {
	var b strings.Builder
	_, err := Settings(&b, ipvs.Config{}, []ipvs.Daemon{{State: ipvs.Backup, Interface: "x\n-C \x1b[31m"}})
	const want = "--set 0 0 0\n" + `# backup sync daemon: interface "x\n-C \x1b[31m" cannot be saved
# --start-daemon backup --mcast-interface x\x0a-C \x1b[31m --syncid 0
`
	if err != nil || b.String() != want {
		t.Errorf("%v, %q", err, b.String())
	}
	b.Reset()
	warnings, err := Rules(&b, ipvs.Table{{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1}, Scheduler: "\x1b\u009b\n-C"}}}, nil)
	for _, line := range append(warnings, strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")...) {
		if !plain(line) {
			t.Errorf("%q", line)
		}
	}
	if err != nil || strings.Count(b.String(), "\n") != 2 || strings.Count(b.String(), "# ") != 2 {
		t.Errorf("%v, %q", err, b.String())
	}
}
