// SPDX-License-Identifier: Apache-2.0

package durability

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestRestoresAtTheSameTime runs two restores of different rules at once. The table is then what one of them wants, never
// something of both, nor less.
func TestRestoresAtTheSameTime(t *testing.T) {
	const rounds = 10
	h := newHostWithUplink(t)
	dir := t.TempDir()
	must(t, os.Symlink(ours, filepath.Join(dir, "ipvsadm-restore")))
	rules := []string{manyServices(300, 0), manyServices(300, 1)}
	var states []string
	for i, text := range rules {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte(text), 0o600))
		h.run(t, ourRestore, text)
		states = append(states, h.state(t))
	}
	won := make([]int, len(states))
	for round := range rounds {
		h.run(t, tool{"/bin/sh", "sh"}, "", "-ec", fmt.Sprintf(
			`cd %s; ./ipvsadm-restore <%d & first=$!; ./ipvsadm-restore <%d; wait $first`, dir, round%2, 1-round%2))
		switch state := h.state(t); state {
		case states[0]:
			won[0]++
		case states[1]:
			won[1]++
		default:
			t.Fatalf("round %d: the table is neither one nor the other:\n%s", round, state)
		}
	}
	fmt.Printf("%d rounds of two restores at once: %d ended with the table of one, %d with that of the other\n", rounds, won[0], won[1])
}
