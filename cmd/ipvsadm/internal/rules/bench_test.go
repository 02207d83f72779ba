// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	ipvsreconcile "github.com/ipvsadm-go/ipvsadm/ipvs/reconcile"
)

// manyRules returns rules for 1000 services with 10 destinations each.
func manyRules() []byte {
	var b bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&b, "-A -t 10.0.%d.%d:80 -s rr\n", i>>8, i&255)
		for j := range 10 {
			fmt.Fprintf(&b, "-a -t 10.0.%d.%d:80 -r 172.16.0.%d:80 -g -w 1\n", i>>8, i&255, j)
		}
	}
	return b.Bytes()
}

func BenchmarkReadRules(b *testing.B) {
	rules := manyRules()
	b.ReportAllocs()
	for b.Loop() {
		var s Replay
		bad := Read(bytes.NewReader(rules), resolve.New(nil), nil, s.Add)
		n := 0
		for i := range s.segments {
			n += len(s.segments[i].changes)
		}
		if bad || n != 11000 || len(s.segments) != (n+segmentChanges-1)/segmentChanges {
			b.Fatalf("bad: %v, %d segments", bad, len(s.segments))
		}
	}
}

func BenchmarkDiffOfRules(b *testing.B) {
	rules := manyRules()
	client, err := ipvstest.New().Dial()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		d := NewDesired()
		if d.Read(bytes.NewReader(rules), resolve.New(nil), nil); d.Bad {
			b.Fatal("bad rules")
		}
		plan, err := ipvsreconcile.NewPlan(client, d.state())
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for range plan.Changes() {
			n++
		}
		if n != 11000 {
			b.Fatalf("%d changes", n)
		}
	}
}

// BenchmarkRestore restores rules into an empty table of the fake, which takes its share of
// the time.
func BenchmarkRestore(b *testing.B) {
	rules := manyRules()
	for name, restore := range map[string]func(*Target) error{
		"reconcile": func(t *Target) error {
			d := NewDesired()
			d.Read(bytes.NewReader(rules), resolve.New(nil), nil)
			return t.Reconcile(d)
		},
		"replay": func(t *Target) error {
			var r Replay
			Read(bytes.NewReader(rules), resolve.New(nil), nil, r.Add)
			return r.Run(t)
		},
	} {
		b.Run(name, func(b *testing.B) {
			k := ipvstest.New()
			target, messages := newTarget(b, k)
			b.ReportAllocs()
			for b.Loop() {
				if err := restore(target); err != nil {
					b.Fatal(err, messages)
				}
				k.SetTable(nil)
			}
		})
	}
}
