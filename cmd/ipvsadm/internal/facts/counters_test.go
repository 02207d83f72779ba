// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"errors"
	"io/fs"
	"testing"
)

func TestCounter(t *testing.T) {
	m := withFiles(t, map[string]string{
		"proc/thread-self/net/snmp": "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors\nIp: 1 64 100 0 7\nTcp: RtoMin\nTcp: -1\n",
		"proc/thread-self/net/netstat": "TcpExt: SyncookiesSent IPReversePathFilter ArpFilter\nTcpExt: 1 18446744073709551615 x\n" +
			"IpExt: InNoRoutes InTruncatedPkts\nIpExt: 3\n",
	})
	for name, want := range map[string]uint64{"InAddrErrors": 7, "IPReversePathFilter": 18446744073709551615, "InNoRoutes": 3} {
		if got, err := m.Counter(name); got != want || err != nil {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{
		"RtoMin":          `/proc/net/snmp: RtoMin is "-1", which is no number`,
		"ArpFilter":       `/proc/net/netstat: ArpFilter is "x", which is no number`,
		"InTruncatedPkts": "the kernel has no counter InTruncatedPkts",
		"TcpExt:":         "the kernel has no counter TcpExt:",
	} {
		if got, err := m.Counter(name); err == nil || err.Error() != want {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	if _, err := (&Machine{Root: t.TempDir()}).Counter("InAddrErrors"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
