// SPDX-License-Identifier: Apache-2.0

package format

import (
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestSchedulerFlagWords(t *testing.T) {
	for _, f := range SchedulerFlags {
		if got := schedFlagWords(f.Scheduler, f.Flag); got != f.Word {
			t.Errorf("%s: got %q, want %q", f.Scheduler, got, f.Word)
		}
	}
	for scheduler, want := range map[string]string{
		"rr": "flag-1,flag-2,flag-3", "": "flag-1,flag-2,flag-3", "sh": "sh-fallback,sh-port,flag-3", "mh": "mh-fallback,mh-port,flag-3",
	} {
		if got := schedFlagWords(scheduler, ipvs.SchedulerFlag1|ipvs.SchedulerFlag2|ipvs.SchedulerFlag3); got != want {
			t.Errorf("%s: got %q, want %q", scheduler, got, want)
		}
	}
}

func TestTunnelChecksumOptions(t *testing.T) {
	const both = ipvs.TunnelChecksum | ipvs.TunnelRemoteChecksum
	for _, c := range []struct {
		tunnel ipvs.TunnelType
		flags  ipvs.TunnelFlags
		want   string
	}{
		{ipvs.IPIP, 0, ""}, {ipvs.IPIP, both, ""}, {99, both, ""},
		{ipvs.GUE, 0, "tun-nocsum"}, {ipvs.GUE, ipvs.TunnelChecksum, "tun-csum"}, {ipvs.GUE, ipvs.TunnelRemoteChecksum, "tun-remcsum"},
		{ipvs.GUE, both, "tun-csum"}, {ipvs.GUE, 4, "tun-nocsum"},
		{ipvs.GRE, 0, "tun-nocsum"}, {ipvs.GRE, both, "tun-csum"}, {ipvs.GRE, ipvs.TunnelRemoteChecksum, "tun-nocsum"},
	} {
		options, _ := TunnelOptionsOf(c.tunnel)
		if got, _ := options.checksum(c.flags); got.Option != c.want {
			t.Errorf("%s with flags %#x: got %q, want %q", c.tunnel, uint16(c.flags), got.Option, c.want)
		}
	}
}

func TestRangeBounds(t *testing.T) {
	for n, want := range map[uint32]bool{0: false, 1: true, 31 * 86400: true, 31*86400 + 1: false, 1<<32 - 1: false} {
		if got := PersistenceRange.Contains(n); got != want {
			t.Errorf("%d: %t", n, got)
		}
	}
}
