// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"maps"
	"testing"
)

func TestParseServices(t *testing.T) {
	all := parseServices("http 80/tcp www # web\nother 80/tcp\nhttp 8080/tcp\ndomain\t53/udp\n53/udp x\nfoo 81\nbar 82/\nbig 65536/tcp\nnone\n# c 1/tcp\n")
	if want := map[servicePort]string{{"tcp", 80}: "http", {"tcp", 8080}: "http", {"udp", 53}: "domain"}; !maps.Equal(all.names, want) {
		t.Errorf("names %v, want %v", all.names, want)
	}
	want := map[serviceName]uint16{{"tcp", "http"}: 80, {"tcp", "www"}: 80, {"tcp", "other"}: 80, {"udp", "domain"}: 53}
	if !maps.Equal(all.ports, want) {
		t.Errorf("ports %v, want %v", all.ports, want)
	}
	// The protocol of a firewall mark is 0.
	if name, ok := New(nil).PortName(0, 80); ok {
		t.Errorf("port 80 of no protocol is %s", name)
	}
}
