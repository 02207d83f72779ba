// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package ipvs_test

import (
	"errors"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestDialIsNotSupported(t *testing.T) {
	for what, options := range map[string][]ipvs.Option{
		"here": nil, "raw": {ipvs.RawSyscalls()}, "path": {ipvs.InNetNS("/run/netns/x")}, "name": {ipvs.InNetNSNamed("x")},
		"process": {ipvs.InNetNSOfPID(1)}, "descriptor": {ipvs.InNetNSOfFD(0)},
	} {
		c, err := ipvs.Dial(options...)
		if c != nil || err != ipvs.ErrNotSupported {
			t.Errorf("%s: got %v, %v", what, c, err)
		}
		wantMeaning(t, what, err, ipvs.ErrNotSupported, errors.ErrUnsupported)
		wantOnePrefix(t, what, err)
	}
}
