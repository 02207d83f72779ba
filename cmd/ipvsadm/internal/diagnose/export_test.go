// SPDX-License-Identifier: Apache-2.0

package diagnose

// Make makes one check.
func Make(id string, facts Facts, o Options) ([]Finding, error) {
	for c := range checks() {
		if c.id == id {
			return c.find(newView(facts, o))
		}
	}
	panic("no check has the name " + id)
}

// SourcesOf returns what a check says that it reads, and the role that it is for.
func SourcesOf(id string) (Source, Role) {
	for c := range checks() {
		if c.id == id {
			return c.reads, c.role
		}
	}
	panic("no check has the name " + id)
}
