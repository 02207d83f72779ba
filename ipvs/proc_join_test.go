// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
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

// seqFile reads records as seq_read_iter does: it fills a page with whole records until
// the page or the read is full, and keeps what does not fit in the read.
type seqFile struct {
	records []string
	next    int
	left    string
	starts  []int // the records that pages begin with
}

func (s *seqFile) Read(b []byte) (n int, err error) {
	n = copy(b, s.left)
	s.left = s.left[n:]
	if s.left != "" || s.next == len(s.records) {
		if n == 0 {
			err = io.EOF
		}
		return n, err
	}
	s.starts = append(s.starts, s.next)
	var page strings.Builder
	for s.next < len(s.records) && page.Len() < len(b)-n && (page.Len() == 0 || page.Len()+len(s.records[s.next]) <= minPage) {
		page.WriteString(s.records[s.next])
		s.next++
	}
	m := copy(b[n:], page.String())
	s.left = page.String()[m:]
	return n + m, nil
}

func (s *seqFile) Close() error { return nil }

// tableInFile returns a table of services without destinations, and a file that lists some
// destinations for each of them, by turns as many as sizes says.
func tableInFile(services int, sizes ...int) (Table, *seqFile) {
	table := make(Table, services)
	file := &seqFile{records: []string{"IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n" +
		"  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"}}
	var destinations strings.Builder
	for i := range slices.Max(sizes) {
		fmt.Fprintf(&destinations, "  -> AC10%04X:0050      Route   1      0          0         \n", i)
	}
	line := destinations.Len() / max(slices.Max(sizes), 1)
	for i := range table {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		table[i].Service.ServiceID = ServiceID{Protocol: TCP, AddrPort: netip.AddrPortFrom(addr, 80)}
		file.records = append(file.records, fmt.Sprintf("TCP  0A00%04X:0050 rr  \n", i)+destinations.String()[:sizes[i%len(sizes)]*line])
	}
	return table, file
}

func (s *seqFile) client() *Client {
	return &Client{conn: &connection{openProcTable: func() (io.ReadCloser, error) { return s, nil }}}
}

// The pages of a listing begin where those of the kernel do, whatever the reads avoid.
func TestPagesOfJoinedTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SampledFrom([][]int{{1}, {0}, {10}, {0, 3}, {0, 50, 2, 90}, {1, 1500, 1, 1, 1}}).Draw(t, "destinations")
		table, file := tableInFile(rapid.IntRange(1, 150/len(sizes)).Draw(t, "services")*len(sizes), sizes...)
		avoid := rapid.SliceOfDistinct(rapid.IntRange(1, len(table)), rapid.ID).Draw(t, "avoid")
		slices.Sort(avoid)
		l := file.client().joinProc(table, avoid)
		if !l.ordered || len(l.unknown()) > 0 {
			t.Fatal("the file does not tell everything")
		}
		var starts []int
		for _, record := range file.starts {
			if record > 1 { // record 0 has the titles
				starts = append(starts, record-1)
			}
		}
		if !slices.Equal(l.pages, starts) {
			t.Fatalf("pages begin at %v, want %v", l.pages, starts)
		}
	})
}

// No page begins where a chunk of a dump does, if all records have about the same size.
func TestJoinedTablesAvoidBoundaries(t *testing.T) {
	for _, destinations := range []int{0, 1, 10} {
		for step := 110; step < 125; step++ {
			table, file := tableInFile(2000, destinations)
			var avoid []int
			for at := 27; at < len(table); at += step {
				avoid = append(avoid, at)
			}
			for _, page := range file.client().joinProc(table, avoid).pages {
				if slices.Contains(avoid, page) {
					t.Errorf("%d destinations, chunks of %d: a page begins at %d", destinations, step, page)
				}
			}
		}
	}
}
