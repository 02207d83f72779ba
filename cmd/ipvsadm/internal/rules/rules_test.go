// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestReadLimitsOutputLines(t *testing.T) {
	target, messages := newTarget(t, ipvstest.New())
	rules, n := strings.Repeat("-L\n", MaxOutputLines)+"-A -f 1\n-L\n", 0
	bad := Read(strings.NewReader(rules), resolve.New(nil), target.Report, func(Line) { n++ })
	if want := "line 1000002: more than 1000000 lines list or save the table\n"; !bad || messages.String() != want {
		t.Errorf("bad: %v, got %q, want %q", bad, messages, want)
	}
	if n != MaxOutputLines+1 {
		t.Errorf("%d lines are taken", n)
	}
}
