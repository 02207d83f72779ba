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
