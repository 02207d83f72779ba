package main

import (
	"bytes"
	"fmt"
	"testing"
)

// manyRules are those of 1000 services with 10 servers each.
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
		p := &program{stdin: bytes.NewReader(rules)}
		var s script
		bad := p.readRules(s.add)
		n := 0
		for i := range s {
			n += s[i].changes.Len()
		}
		if bad || n != 11000 || len(s) != (n+changesAStep-1)/changesAStep {
			b.Fatalf("bad: %v, %d steps", bad, len(s))
		}
	}
}

func BenchmarkDiffOfRules(b *testing.B) {
	rules := manyRules()
	b.ReportAllocs()
	for b.Loop() {
		p := &program{stdin: bytes.NewReader(rules)}
		d := newDesired()
		if bad := p.readRules(d.add); bad {
			b.Fatal("bad rules")
		}
		n := 0
		for changes := range tableDiff(nil, d) {
			n += len(changes)
		}
		if n != 11000 {
			b.Fatalf("%d changes", n)
		}
	}
}
