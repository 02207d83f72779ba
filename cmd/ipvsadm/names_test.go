package main

import (
	"net/netip"
	"testing"
	"time"
)

// A listing of a million connections may have a million addresses.
func TestNamesOfManyConnectionsAreNotAllKept(t *testing.T) {
	n := newNames()
	n.deadline = time.Now() // nothing is asked any more
	a := netip.MustParseAddr("10.0.0.0")
	for range 10 {
		var addrs []netip.Addr
		for range 3 * connectionChunk {
			a = a.Next()
			addrs = append(addrs, a)
		}
		n.bound()
		n.lookUp(addrs)
		if len(n.hosts) > namesKept+len(addrs) {
			t.Fatalf("%d names are kept", len(n.hosts))
		}
	}
}
