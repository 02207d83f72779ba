// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// readServiceList adds the services of this namespace to a listing as reads of
// /proc/net/ip_vs do: in pages, resuming at a service of this namespace by the number of
// those of all namespaces. It calls change between two pages.
func readServiceList(l *procListing, list *[]listed, room func() int, change func()) {
	defer l.end()
	for position, page := 0, 1; ; page++ {
		records, skipped, inPage := 0, 0, 0
		limit := room()
		for _, s := range *list {
			if inPage == 0 {
				if s.ours && skipped == position {
					inPage = 1
				} else if s.ours {
					skipped++
				}
				if inPage == 0 {
					continue
				}
			}
			if s.ours && records == limit {
				break
			}
			position++
			if s.ours {
				records++
				l.add(&procRecord{service: procServiceOf(s.id), page: page, legible: true})
			}
		}
		if records == 0 {
			return
		}
		change()
	}
}

// Whatever this namespace and others do between the chunks of a dump and the pages of the
// file, a dump that the file confirms has all services that stay, each once.
func TestConfirmedDumpIsComplete(t *testing.T) {
	confirmed := 0
	rapid.Check(t, func(t *rapid.T) {
		next := uint32(0)
		service := func(ours, stay bool) listed {
			next++
			return listed{id: ServiceID{FWMark: next}, ours: ours, stay: stay}
		}
		var list []listed
		others := rapid.Bool().Draw(t, "others")
		for range rapid.IntRange(0, 60).Draw(t, "services") {
			ours := !others || rapid.Bool().Draw(t, "ours")
			list = append(list, service(ours, ours))
		}
		left := rapid.IntRange(0, 6).Draw(t, "changes")
		churn := func() {
			for range min(left, rapid.IntRange(0, 3).Draw(t, "now")) {
				left--
				at := rapid.IntRange(0, len(list)).Draw(t, "at")
				switch {
				case rapid.Bool().Draw(t, "add"):
					list = slices.Insert(list, at, service(rapid.Bool().Draw(t, "ours"), false))
				case at < len(list) && !list[at].stay:
					list = slices.Delete(list, at, at+1)
				}
			}
		}
		for range 5 {
			a := dumpServiceList(&list, rapid.IntRange(100, 1500).Draw(t, "room"), churn)
			l := newProcListing(tableOf(a.objects))
			readServiceList(l, &list, func() int { return rapid.IntRange(1, 9).Draw(t, "records") }, churn)
			if !l.confirms(a) {
				continue
			}
			confirmed++
			var want, got []ServiceID
			for _, s := range list {
				if s.stay {
					want = append(want, s.id)
				}
			}
			for _, s := range a.objects {
				if slices.Contains(want, s.ServiceID) {
					got = append(got, s.ServiceID)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
	})
	if confirmed == 0 {
		t.Error("no dump is confirmed")
	}
}

// pagesOf returns the pages that the lines with an s begin in.
func pagesOf(t *testing.T, r io.Reader) (pages []int, err error) {
	t.Helper()
	l := procLines{in: r, buffer: make([]byte, 64)}
	for {
		line, err := l.next()
		if err != nil {
			return pages, err
		}
		if strings.HasPrefix(string(line), "s") {
			pages = append(pages, l.page)
		}
	}
}

// reads returns each text by a read, cut to the size of the buffer.
type reads []string

func (r *reads) Read(b []byte) (n int, err error) {
	if len(*r) == 0 {
		return 0, io.EOF
	}
	n = copy(b, (*r)[0])
	if (*r)[0] = (*r)[0][n:]; (*r)[0] == "" {
		*r = (*r)[1:]
	}
	return n, nil
}

func TestPagesOfProcLines(t *testing.T) {
	long := "  " + strings.Repeat("x", 50) + "\n"
	for name, c := range map[string]struct {
		reads reads
		want  []int
		err   error
	}{
		"nothing":                 {nil, nil, io.EOF},
		"one page":                {reads{"s\n d\ns\n"}, []int{1, 1}, io.EOF},
		"a page each":             {reads{"s\n d\n", "s\n", "s\ns\n"}, []int{1, 2, 3, 3}, io.EOF},
		"a read within a record":  {reads{"s\ns\n ", "d\ns\n"}, []int{1, 1, 2}, io.EOF},
		"a read within a service": {reads{"s\ns", "\n d\ns\n"}, []int{1, 1, 2}, io.EOF},
		"a long record":           {reads{"s\n" + long + long + "s\n", "s\n"}, []int{1, 2, 3}, io.EOF},
		"no line feed":            {reads{"s\ns"}, []int{1}, io.ErrUnexpectedEOF},
		"a long line":             {reads{"s\n" + strings.Repeat("x", 65)}, []int{1}, errLongLine},
		"empty reads":             {reads{"s\n", "", "s\n"}, []int{1, 2}, io.EOF},
	} {
		got, err := pagesOf(t, &c.reads)
		if !slices.Equal(got, c.want) || !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, %v, want %v, %v", name, got, err, c.want, c.err)
		}
	}
	if _, err := pagesOf(t, iotest.ErrReader(io.ErrClosedPipe)); err != io.ErrClosedPipe {
		t.Errorf("got %v", err)
	}
	if _, err := pagesOf(t, &neverReads{}); err != io.ErrNoProgress {
		t.Errorf("got %v", err)
	}
}

type neverReads struct{}

func (neverReads) Read([]byte) (int, error) { return 0, nil }
