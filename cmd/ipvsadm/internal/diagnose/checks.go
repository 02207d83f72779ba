// SPDX-License-Identifier: Apache-2.0

package diagnose

import "iter"

// checks returns all checks: those on a director, then those on a real server. A slice of
// them needs no code at the start of the program.
func checks() iter.Seq[*check] {
	return func(yield func(*check) bool) {
		for _, group := range [...][]check{tableChecks, virtualChecks, backendChecks, natChecks, settingsChecks, syncChecks, stateChecks, firewallChecks, serverChecks, serverPathChecks} {
			for i := range group {
				if !yield(&group[i]) {
					return
				}
			}
		}
	}
}

// IDs returns the IDs of all checks.
func IDs() (ids []string) {
	for c := range checks() {
		ids = append(ids, c.id)
	}
	return ids
}

// Exists tells whether a check has an ID.
func Exists(id string) bool {
	for c := range checks() {
		if c.id == id {
			return true
		}
	}
	return false
}

// Description is what the manual says of a check.
type Description struct {
	ID, Role, Severity     string
	Holds, Symptom, Advice string
	Reads                  []string
}

// Describe describes all checks.
func Describe() (all []Description) {
	for c := range checks() {
		all = append(all, Description{c.id, c.role.String(), c.severity.String(), c.holds, c.symptom, c.advice, c.reads.Names()})
	}
	return all
}
