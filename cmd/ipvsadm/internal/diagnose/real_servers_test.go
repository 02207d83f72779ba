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

// The line must be one that the program takes, and there the director is of the family of the
// service.
func TestDirectorIsOfTheFamilyOfTheService(t *testing.T) {
	report, err := diagnose.Run(diagnosetest.New(t, `
		address 10.0.0.1/32 eth0
		address fd00::fe/64 eth0
		-A -t 10.0.0.1:80
		-a -t 10.0.0.1:80 -r fd00::11 -i
	`), diagnose.Options{})
	if err != nil {
		t.Fatal(err)
	}
	words := report.RealServers[0].Words
	if got := strings.Join(words, " "); got != "ipvsadm --diagnose real-server -t 10.0.0.1:80 -i" {
		t.Errorf("got %q", got)
	}
	parse(t, strings.Join(words[2:], " "))
}
