// SPDX-License-Identifier: Apache-2.0

package release

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	source   = "../../../../.packaging/changelog.yaml"
	rendered = "../../../../.github/CHANGELOG.md"
)

// entry is a release as nfpm reads it.
type entry struct {
	Semver   string
	Date     time.Time
	Packager string
	Deb      struct {
		Urgency       string
		Distributions []string
	}
	Changes []struct{ Note string }
}

// version returns the version of a release, without what the packages add to it.
func (e entry) version(t *testing.T) string {
	t.Helper()
	match := regexp.MustCompile(`^1\.31\.0\+go([0-9]+\.[0-9]+\.[0-9]+)-1$`).FindStringSubmatch(e.Semver)
	if match == nil {
		t.Fatalf("%s: semver is %q, not 1.31.0+goX.Y.Z-1", source, e.Semver)
	}
	return match[1]
}

func changelog(t *testing.T) []entry {
	t.Helper()
	file, err := os.Open(source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var entries []entry
	if err := decoder.Decode(&entries); err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	if len(entries) == 0 {
		t.Fatalf("%s has no release", source)
	}
	return entries
}

func TestChangelogBeginsWithThisVersion(t *testing.T) {
	newest := changelog(t)[0]
	if version, date := newest.version(t), newest.Date.Format(time.RFC3339); version != Version || date != Date+"T00:00:00Z" {
		t.Errorf("the changelog begins with %s of %s, the source is %s of %s", version, date, Version, Date)
	}
}

func TestChangelogIsInOrder(t *testing.T) {
	entries := changelog(t)
	for i, e := range entries[1:] {
		if !e.Date.Before(entries[i].Date) {
			t.Errorf("%s of %s is below %s of %s", e.version(t), e.Date, entries[i].version(t), entries[i].Date)
		}
	}
}

func TestChangelogEntriesAreComplete(t *testing.T) {
	for _, e := range changelog(t) {
		if e.Packager == "" || e.Deb.Urgency == "" || len(e.Deb.Distributions) != 1 || len(e.Changes) == 0 {
			t.Errorf("%s lacks a packager, an urgency, a distribution or changes", e.version(t))
		}
		for _, change := range e.Changes {
			for line := range strings.SplitSeq(change.Note, "\n") {
				// lintian's limit is 80 columns, and nfpm indents by up to 5.
				if line == "" || len(line) > 75 {
					t.Errorf("%s: the line %q is empty or longer than 75 bytes", e.version(t), line)
				}
			}
		}
	}
}

// CHANGELOG=write writes the file anew: "make changelog".
func TestChangelogIsRendered(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Changelog\n\nMade of .packaging/changelog.yaml by `make changelog`.\n")
	for _, e := range changelog(t) {
		fmt.Fprintf(&b, "\n## %s, %s\n\n", e.version(t), e.Date.Format(time.DateOnly))
		for _, change := range e.Changes {
			b.WriteString("- " + strings.ReplaceAll(change.Note, "\n", "\n  - ") + "\n")
		}
	}
	if os.Getenv("CHANGELOG") == "write" {
		if err := os.WriteFile(rendered, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := os.ReadFile(rendered)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(found, b.Bytes()) {
		t.Error(".github/CHANGELOG.md differs from .packaging/changelog.yaml: make changelog")
	}
}
