// SPDX-License-Identifier: Apache-2.0

package completion

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
)

func TestTableIsReadAsRules(t *testing.T) {
	const table = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A000001:0050 wlc persistent 300 FFFFFFFF
  -> FFFEFD0A:FFFF      Masq    1      0          0         
  -> 0A010002:0050      Masq    1      0          0         
TCP  [fd00:0000:0000:0000:0000:0000:0000:0001]:01BB rr 
UDP  00000000:0000 rr ops 
  -> 0A010003:0035      Masq    1      0          0         
SCTP  C0000264:0B59 rr 
FWM  FFFFFFFF rr 
  -> [fd00:0000:0000:0000:0000:0000:0000:0009]:0000      Route   1      0          0         
`
	const want = `-A -t 10.0.0.1:80
-a -t 10.0.0.1:80 -r 255.254.253.10:65535
-a -t 10.0.0.1:80 -r 10.1.0.2:80
-A -t [fd00::1]:443
-A -u 0.0.0.0:0
-a -u 0.0.0.0:0 -r 10.1.0.3:53
-A --sctp-service 192.0.2.100:2905
-A -f 4294967295
-a -f 4294967295 -r [fd00::9]:0
`
	if got := readAsRules(t, table); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// The shells compare addresses as text, so they have to be in the form of netip.
func TestTableHasAddressesInShortForm(t *testing.T) {
	var table, want strings.Builder
	for zeros := range 1 << 8 { // which of the eight groups are zero
		var bytes [16]byte
		for group := range 8 {
			if zeros>>group&1 == 0 {
				bytes[2*group], bytes[2*group+1] = byte(group), 0xa0
			}
		}
		addr := netip.AddrFrom16(bytes)
		fmt.Fprintf(&table, "TCP  [%s]:0050 rr \n", addr.StringExpanded())
		fmt.Fprintf(&want, "-A -t [%s]:80\n", addr)
	}
	if got := readAsRules(t, table.String()); got != want.String() {
		t.Errorf("got\n%swant\n%s", got, want.String())
	}
}

func readAsRules(t *testing.T, procTable string) string {
	t.Helper()
	awk := exec.Command("awk", table)
	awk.Stdin = strings.NewReader(procTable)
	out, err := awk.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
