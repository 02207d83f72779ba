// SPDX-License-Identifier: Apache-2.0

package diagnose_test

import (
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose/diagnosetest"
)

// The kernel may send packets to a server from a virtual address, which does not tell the server
// who its director is.
func TestDirectorIsNoVirtualAddressIfItHasAnother(t *testing.T) {
	for _, test := range []struct{ when, addresses, want string }{
		{"its own address comes first", "address fd00::fe/64 eth0\naddress fd00::1/128 eth0", " --director fd00::fe"},
		{"the virtual address comes first", "address fd00::1/128 eth0\naddress fd00::fe/64 eth0", " --director fd00::fe"},
		{"it has no other", "address fd00::1/64 eth0", " --director fd00::1"},
	} {
		t.Run(test.when, func(t *testing.T) {
			report, err := diagnose.Run(diagnosetest.New(t, test.addresses+`
				-A -t [fd00::1]:80
				-a -t [fd00::1]:80 -r fd00::11 -g
			`), diagnose.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(report.RealServers[0].Words, " ")
			if want := "ipvsadm --diagnose real-server -t [fd00::1]:80 -g" + test.want; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
