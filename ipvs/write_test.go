// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"slices"
	"testing"
)

func TestBatchSkipsUnencodable(t *testing.T) {
	bad := NewService(Service{})
	b := newBatch([]Change{Flush(), bad, Flush()})
	for i, ch := range b.changes {
		if err := b.add(i); (err != nil) != (ch == bad) {
			t.Errorf("%s: %v", ch, err)
		}
	}
	if !slices.Equal(b.index, []int{0, 2}) || string(b.message(0)) != string(b.message(1)) {
		t.Errorf("the batch has the changes %v: %x", b.index, b.data.B)
	}
}
