// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"iter"
	"slices"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// collect returns what a reader yields before its first error.
func collect[T any](reader iter.Seq2[T, error]) (all []T, err error) {
	for object, err := range reader {
		if err != nil {
			return all, err
		}
		all = append(all, object)
	}
	return all, nil
}

// The entries are those of the table, whatever dumps omit or repeat.
func TestTableEntriesOfIncompleteDumps(t *testing.T) {
	for name, fault := range map[string]ipvstest.Fault{
		"nothing":                 {Command: ipvs.CommandFlush},
		"a service":               {Command: ipvs.CommandGetService, Effect: misses(20, 1)},
		"services come again":     {Command: ipvs.CommandGetService, Effect: repeats(4)},
		"destinations":            {Command: ipvs.CommandGetDestinations, Skip: 1, Effect: misses(10, 3)},
		"destinations of a mark":  {Command: ipvs.CommandGetDestinations, Skip: 40, Effect: misses(10, 3)},
		"destinations come again": {Command: ipvs.CommandGetDestinations, Skip: 1, Effect: repeats(7)},
	} {
		for _, proc := range []bool{true, false} {
			want := bigTable()
			k, c := fakeWith(t, want)
			if !proc {
				c.SetProcTable(nil)
			}
			k.Inject(fault)
			entries, err := collect(c.TableEntries())
			must(t, err)
			got := ipvs.Table(entries)
			want.Sort()
			got.Sort()
			if len(ipvs.Diff(got, want)) != 0 || procText(got) != procText(want) {
				t.Errorf("%s, proc %v: %d services, %v", name, proc, len(got), ipvs.Diff(got, want))
			}
		}
	}
}

// A loop reads the destinations of no more services than it comes to, and leaves nothing
// behind on the connection.
func TestTableEntriesEndEarly(t *testing.T) {
	table := bigTable()[:2]
	k, c := fakeWith(t, table)
	k.Commands()
	for entry, err := range c.TableEntries() {
		must(t, err)
		wantEqual(t, "first entry", entry, table[0])
		break
	}
	if sent := k.Commands(); !slices.Equal(sent, []ipvs.Command{ipvs.CommandGetService, ipvs.CommandGetDestinations}) {
		t.Errorf("sent %v", sent)
	}
	wantTable(t, "afterwards", k, c)
}

// An error ends the loop, after the entries before it.
func TestTableEntriesEndAtError(t *testing.T) {
	k, c := fakeWith(t, bigTable())
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Skip: 2, Effect: ipvstest.Refuse(syscall.ENOMEM)})
	n, errs := 0, 0
	for entry, err := range c.TableEntries() {
		if err == nil {
			n++
			continue
		}
		errs++
		wantErrno(t, "third service", err, syscall.ENOMEM)
		wantOnePrefix(t, "third service", err)
		wantEqual(t, "entry of an error", entry, ipvs.TableEntry{})
	}
	if n != 2 || errs != 1 {
		t.Errorf("%d entries, %d errors", n, errs)
	}
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Effect: ipvstest.Refuse(syscall.EPERM)})
	entries, err := collect(c.TableEntries())
	if len(entries) != 0 {
		t.Errorf("got %v", entries)
	}
	wantErrno(t, "services", err, syscall.EPERM)
}

// A loop may change the table. It leaves out what it deletes, and does not see what it adds.
func TestTableEntries(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.client(t)
		entries, err := collect(c.TableEntries())
		if err != nil || len(entries) != 0 {
			t.Errorf("empty table: got %v, %v", entries, err)
		}
		ids := []ipvs.ServiceID{tcp("10.0.0.1:80"), tcp("[2001:db8::80]:80"), mark(1, ipvs.IPv6), mark(1, ipvs.IPv4)}
		for _, id := range ids {
			must(t, c.NewService(service(id)))
		}
		must(t, errors.Join(
			c.NewDestination(ids[0], destination("10.0.0.2:80")),
			c.NewDestination(ids[0], destination("10.0.0.3:80")),
			c.NewDestination(ids[1], destination("[2001:db8::2]:80")),
		))
		table, err := c.Table()
		must(t, err)
		entries, err = collect(c.TableEntries())
		must(t, err)
		wantEqual(t, "entries", ipvs.Table(entries), table)

		var first ipvs.ServiceID
		n := 0
		for entry, err := range c.TableEntries() {
			must(t, err)
			if n++; n > 1 {
				t.Fatalf("came to %s", entry.Service)
			}
			first = entry.Service.ServiceID
			for _, id := range ids {
				if id != first {
					must(t, c.DelService(id))
				}
			}
			must(t, c.NewService(service(tcp("10.0.0.9:80"))))
		}
		if n != 1 {
			t.Errorf("%d entries, want that of %s", n, first)
		}
	})
}
