// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func connsOf(c *ipvs.Client) (entries []ipvs.ConnEntry, err error) {
	for e, err := range c.ConnEntries() {
		if err != nil {
			return entries, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func TestConnEntriesAndTotalsOfClient(t *testing.T) {
	k, c := faulty(t)
	entries, err := connsOf(c)
	if err != nil || len(entries) != 0 {
		t.Errorf("at first: got %v, %v", entries, err)
	}
	want := []ipvs.ConnEntry{
		{
			Protocol: "TCP", Client: netip.MustParseAddrPort("192.168.0.1:50000"), Virtual: netip.MustParseAddrPort("10.0.0.1:80"),
			Destination: netip.MustParseAddrPort("10.0.0.2:80"), State: "ESTABLISHED", Expires: 900 * time.Second,
		}, {
			Protocol: "UDP", Client: netip.MustParseAddrPort("[fd00::1]:5060"), Virtual: netip.MustParseAddrPort("[fd00::2]:5060"),
			Destination: netip.MustParseAddrPort("10.0.0.2:5060"), State: "UDP", Expires: time.Second, PEName: "sip", PEData: "a b",
		},
	}
	totals := ipvs.Stats{1 << 60, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	k.SetConnEntries(want...)
	k.SetTotals(totals)
	entries, err = connsOf(c)
	must(t, err)
	wantEqual(t, "connections", entries, want)
	got, err := c.Totals()
	must(t, err)
	wantEqual(t, "totals", got, totals)
	for range c.ConnEntries() {
		break
	}

	k.SetLoaded(false)
	_, connsErr := connsOf(c)
	_, totalsErr := c.Totals()
	for _, err := range []error{connsErr, totalsErr} {
		if !errors.Is(err, ipvs.ErrNoIPVS) {
			t.Errorf("without the module: got %v", err)
		}
	}
	k.SetLoaded(true)
	if entries, err = connsOf(c); err != nil || len(entries) != 0 {
		t.Errorf("loaded again: got %v, %v", entries, err)
	}
	if got, err = c.Totals(); err != nil || got != (ipvs.Stats{}) {
		t.Errorf("loaded again: got %v, %v", got, err)
	}
}

// A kernel before 7.1 has no status, and without the module no kernel has.
func TestStatusOfClient(t *testing.T) {
	k, c := faulty(t)
	if _, err := c.Status(); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ipvs.ErrNoIPVS) {
		t.Errorf("an old kernel: got %v", err)
	}
	want := ipvs.Status{
		Conns:      ipvs.HashTable{Entries: 3, Buckets: 256, Bits: 8, LoadFactor: -4, Chains: [8]uint64{253, 2, 0, 1}},
		Services:   ipvs.HashTable{Buckets: 16, Bits: 4, LoadFactor: -3},
		Estimation: ipvs.Estimation{1, 16, 32, 76800},
	}
	k.SetStatus(want)
	got, err := c.Status()
	must(t, err)
	wantEqual(t, "status", got, want)

	k.SetLoaded(false)
	if _, err := c.Status(); !errors.Is(err, ipvs.ErrNoIPVS) {
		t.Errorf("without the module: got %v", err)
	}
	k.SetLoaded(true)
	if got, err = c.Status(); err != nil || got != (ipvs.Status{}) {
		t.Errorf("loaded again: got %v, %v", got, err)
	}
}

// A loop over connections ends at the next one, though the file has been read.
func TestConnEntriesEnd(t *testing.T) {
	entry := ipvs.ConnEntry{
		Protocol: "TCP", Client: netip.MustParseAddrPort("192.168.0.1:50000"), Virtual: netip.MustParseAddrPort("10.0.0.1:80"),
		Destination: netip.MustParseAddrPort("10.0.0.2:80"), State: "ESTABLISHED",
	}
	k, c := faulty(t)
	k.SetConnEntries(entry, entry, entry)
	ctx, cancel := context.WithCancel(t.Context())
	for _, tc := range []struct {
		client *ipvs.Client
		end    func()
		want   error
	}{
		{c.WithContext(ctx), cancel, context.Canceled},
		{c, func() { must(t, c.Close()) }, os.ErrClosed},
	} {
		entries, last := 0, error(nil)
		for e, err := range tc.client.ConnEntries() {
			if last = err; err != nil {
				wantEqual(t, "entry beside the error", e, ipvs.ConnEntry{})
				wantOnePrefix(t, "end", err)
				continue
			}
			entries++
			tc.end()
		}
		if entries != 1 || !errors.Is(last, tc.want) {
			t.Errorf("%d entries, then %v", entries, last)
		}
	}
}
