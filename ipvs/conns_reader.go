// SPDX-License-Identifier: Apache-2.0

package ipvs

import "iter"

// Select returns the entries that the filter selects, and the error that ends them, if
// any. The entries are those of Client.ConnEntries or of the function ConnEntries.
func (f *ConnFilter) Select(entries iter.Seq2[ConnEntry, error]) iter.Seq2[ConnEntry, error] {
	return func(yield func(ConnEntry, error) bool) {
		for e, err := range entries {
			if (err != nil || f.Match(&e)) && !yield(e, err) {
				return
			}
		}
	}
}

// Count returns the number of entries that the filter selects. An error of the entries
// makes it 0.
func (f *ConnFilter) Count(entries iter.Seq2[ConnEntry, error]) (uint64, error) {
	n := uint64(0)
	for _, err := range f.Select(entries) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// Count counts entries by the group. The result is nil if the entries end with an error.
func (g ConnGroup) Count(entries iter.Seq2[ConnEntry, error]) (ConnCounts, error) {
	counts := ConnCounts{}
	for e, err := range entries {
		if err != nil {
			return nil, err
		}
		counts[g.Key(&e)]++
	}
	return counts, nil
}
