// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Status is what the kernel tells of its tables of connections and of services, and of the
// threads that compute statistics.
type Status struct {
	Conns      HashTable
	Services   HashTable
	Estimation Estimation
}

// HashTable is a hash table of a network namespace. From Linux 7.1 on it grows and shrinks with the
// number of its entries.
type HashTable struct {
	// Entries is the number of connections, with templates, or of services.
	Entries uint64
	// Buckets is the number of buckets now, which is 1 << Bits, or 0 before there is a table.
	Buckets, Bits uint32
	// LoadFactor is that of the table: it grows when it has more than Buckets << LoadFactor
	// nodes, or Buckets >> -LoadFactor if that is negative. A service or a connection is a
	// node, and a connection with masquerading two.
	LoadFactor int32
	// Chains tells how well the nodes are spread: Chains[n] buckets have n nodes, and the
	// last one counts those with more, too. All are 0 if the table has no entry, or if it
	// was resized again and again while the kernel counted.
	Chains [8]uint64
}

// Counted reports whether the kernel has counted Chains.
func (t *HashTable) Counted() bool { return t.Chains != [len(t.Chains)]uint64{} }

// Estimation describes the threads that sum up counters and compute rates.
type Estimation struct {
	Threads, MaxThreads uint64
	// MaxChain is how many objects a thread handles in one go. The kernel measures it.
	MaxChain uint64
	// ThreadObjects is how many services and destinations one thread can handle.
	ThreadObjects uint64
}

var errNoStatus = errors.New("ipvs: status: no line is known")

// ReadStatus parses the form of /proc/net/ip_vs_status (ip_vs_status_show in ip_vs_ctl.c),
// which Linux has from 7.1 on. Lines are names and values:
//
//	Conns:	9401
//	Conn buckets:	524288 (19 bits, lfactor -5)
//	Conn buckets empty:	505633 (96%)
//	Conn buckets len-1:	18322 (98%)
//	Services:	12
//	Stats thread slots:	1 (max 16)
//
// A line with an unknown name is skipped, and a missing one leaves its field 0, so that later
// kernels may have others. A known name with another value than a number is an error, and so
// is a file without a known name.
//
// That file shows the network namespace of the process, that is of its main thread.
// Client.Status reads the status in the namespace of the client.
func ReadStatus(r io.Reader) (Status, error) {
	var s Status
	known := false
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		name, value, found := strings.Cut(lines.Text(), ":")
		if !found {
			continue
		}
		ok, err := s.set(strings.TrimSpace(name), statusWords(value))
		if err != nil {
			return Status{}, fmt.Errorf("ipvs: status, line %d: %w", n, err)
		}
		known = known || ok
	}
	if err := lines.Err(); err != nil {
		return Status{}, fmt.Errorf("ipvs: status: %w", err)
	}
	if !known {
		return Status{}, errNoStatus
	}
	return s, nil
}

// statusWords splits a value such as "524288 (19 bits, lfactor -5)" into words.
func statusWords(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t(),", r) })
}

// set sets the fields of one line. It reports whether the name is known.
func (s *Status) set(name string, words []string) (known bool, err error) {
	switch name {
	case "Conns":
		return true, setWord(&s.Conns.Entries, words, 0)
	case "Services":
		return true, setWord(&s.Services.Entries, words, 0)
	case "Stats thread slots":
		return true, errors.Join(setWord(&s.Estimation.Threads, words, 0), setWord(&s.Estimation.MaxThreads, words, 2))
	case "Stats chain max len":
		return true, setWord(&s.Estimation.MaxChain, words, 0)
	case "Stats thread ests":
		return true, setWord(&s.Estimation.ThreadObjects, words, 0)
	}
	if rest, ok := strings.CutPrefix(name, "Conn buckets"); ok {
		return s.Conns.set(rest, words)
	}
	if rest, ok := strings.CutPrefix(name, "Service buckets"); ok {
		return s.Services.set(rest, words)
	}
	return false, nil
}

// set sets the fields of a line about buckets.
func (t *HashTable) set(name string, words []string) (known bool, err error) {
	switch name {
	case "":
		return true, errors.Join(setWord(&t.Buckets, words, 0), setWord(&t.Bits, words, 1), setWord(&t.LoadFactor, words, 4))
	case " empty":
		return true, setWord(&t.Chains[0], words, 0)
	}
	digits, ok := strings.CutPrefix(name, " len-")
	length, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil || length == 0 {
		return false, nil
	}
	var buckets uint64
	err = setWord(&buckets, words, 0)
	t.Chains[min(length, uint64(len(t.Chains)-1))] += buckets
	return true, err
}

// setWord sets a value to the word with an index. If there are fewer words, but at least one,
// the value stays.
func setWord[T uint32 | uint64 | int32](value *T, words []string, index int) error {
	switch {
	case len(words) == 0:
		return errors.New("there is no number")
	case index >= len(words):
		return nil
	}
	n, err := strconv.ParseInt(words[index], 10, 64)
	if err != nil || int64(T(n)) != n || T(n) < 0 != (n < 0) {
		return fmt.Errorf("word %d, %q, is not a number in range", index+1, words[index])
	}
	*value = T(n)
	return nil
}
