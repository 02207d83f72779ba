// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestReplayOfSeveralSegments(t *testing.T) {
	k := ipvstest.New()
	target, messages := newTarget(t, k)
	var rules strings.Builder
	for i := range 2*segmentChanges + 1 {
		fmt.Fprintf(&rules, "-A -f %d\n", min(i+1, 2*segmentChanges))
	}
	var r Replay
	bad := Read(strings.NewReader(rules.String()), resolve.New(nil), target.Report, r.Add)
	if err := r.Run(target); bad || !errors.Is(err, ErrRejected) {
		t.Errorf("bad: %v, %v", bad, err)
	}
	if want := fmt.Sprintf("line %d: Service already exists\n", 2*segmentChanges+1); messages.String() != want {
		t.Errorf("got %q, want %q", messages, want)
	}
	if n := len(k.Table()); n != 2*segmentChanges {
		t.Errorf("%d services", n)
	}
}
