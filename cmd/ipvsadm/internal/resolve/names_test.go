// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// A listing of a million connections may have a million addresses.
func TestNamesEvict(t *testing.T) {
	n := New(nil).NewNames()
	n.deadline = time.Now() // ask no name server
	a := netip.MustParseAddr("10.0.0.0")
	for range 10 {
		var addrs []netip.Addr
		for range 3 * 1024 {
			a = a.Next()
			addrs = append(addrs, a)
		}
		n.Evict()
		n.LookUp(addrs)
		if len(n.hosts) > maxNames+len(addrs) {
			t.Fatalf("%d names are kept", len(n.hosts))
		}
	}
}

// A name server that never answers delays a listing only by the time limit, however many
// addresses there are. The clock is that of synctest, so that a busy machine does not
// matter.
func TestX16LookUpHasOneTimeLimit(t *testing.T) {
	r := silentDNS()
	addrs := make([]netip.Addr, 600)
	for i := range addrs {
		addrs[i] = netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
	}
	addrs = append(addrs, addrs...)
	addrs = append(addrs, netip.MustParseAddr("127.0.0.1"))
	synctest.Test(t, func(t *testing.T) {
		n := r.NewNames()
		start := time.Now()
		n.LookUp(addrs)
		if took := time.Since(start); took != timeLimit {
			t.Errorf("took %v, not %v", took, timeLimit)
		}
		if name, _ := n.Host(netip.MustParseAddr("127.0.0.1")); name != "localhost" {
			t.Errorf("127.0.0.1 is %q", name)
		}
		if name, ok := n.Host(addrs[0]); ok {
			t.Errorf("%s is %q", addrs[0], name)
		}
	})
}

// silentDNS returns a resolver whose name server never answers. It can be used in a
// synctest bubble, because it has no socket, and because its first lookup has already set
// the global state of package net.
func silentDNS() *Resolver {
	r := New(func(context.Context, string, string) (net.Conn, error) {
		_, client := net.Pipe()
		return client, nil
	})
	ctx, cancel := context.WithDeadline(context.Background(), time.Now())
	defer cancel()
	_, _ = r.dns.LookupAddr(ctx, "192.0.2.1")
	return r
}

// A panic in a lookup reaches Rescue.
func TestNamesRescuePanic(t *testing.T) {
	var cause any
	n := New(func(context.Context, string, string) (net.Conn, error) { panic("wrong") }).NewNames()
	n.Rescue = func() { cause = recover() }
	n.lookUpAddr(t.Context(), netip.MustParseAddr("192.0.2.1"))
	if cause != "wrong" {
		t.Errorf("got %v", cause)
	}
}
