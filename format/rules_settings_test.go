// SPDX-License-Identifier: Apache-2.0

package format

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestSettingsWarnings(t *testing.T) {
	var b strings.Builder
	warnings, err := Settings(&b, ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300}, []ipvs.Daemon{
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

// A restore refuses a file as a whole if one rule in it cannot be read.
func TestSettingsOutOfRange(t *testing.T) {
	var b strings.Builder
	warnings, err := Settings(&b, ipvs.Timeouts{TCP: uint32(TimeoutRange.Max) + 1, TCPFin: uint32(TimeoutRange.Max), UDP: 300}, []ipvs.Daemon{
		{State: ipvs.Master, Interface: "eth0", SyncID: 255, MaxLen: 65507, Group: netip.MustParseAddr("ff02::51"), Port: 65535, TTL: 255},
		{State: 77, Interface: "eth0", SyncID: 256, MaxLen: 65508, Group: netip.MustParseAddr("10.0.0.1")},
	})
	const want = `# timeouts: 2678401 seconds of TCP cannot be saved
--set 0 2678400 300
--start-daemon master --mcast-interface eth0 --syncid 255 --sync-maxlen 65507 --mcast-group ff02::51 --mcast-port 65535 --mcast-ttl 255
# 77 sync daemon: state 77 cannot be saved
# 77 sync daemon: syncid 256 cannot be saved
# 77 sync daemon: sync-maxlen 65508 cannot be saved
# 77 sync daemon: mcast-group 10.0.0.1 cannot be saved
# --start-daemon 77 --mcast-interface eth0 --syncid 256 --sync-maxlen 65508 --mcast-group 10.0.0.1
`
	if err != nil || b.String() != want || len(warnings) != 5 {
		t.Errorf("%v, %q\n%s", err, warnings, b.String())
	}
}

// No name ends a comment or controls a terminal.
func TestRuleCommentsAreSanitized(t *testing.T) {
	var b strings.Builder
	_, err := Settings(&b, ipvs.Timeouts{}, []ipvs.Daemon{{State: ipvs.Backup, Interface: "x\n-C \x1b[31m"}})
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
