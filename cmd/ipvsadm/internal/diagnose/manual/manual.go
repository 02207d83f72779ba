// SPDX-License-Identifier: Apache-2.0

// Package manual writes the manual page of the checks from their table. "go generate" writes
// the file; a test compares it.
package manual

import (
	_ "embed"
	"regexp"
	"strings"
	"text/template"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
)

//go:generate go run ./generate ../../../ipvsadm-diagnose.7

// File is the name of the page.
const File = "ipvsadm-diagnose.7"

//go:embed ipvsadm-diagnose.7.tmpl
var page string

// Render returns the page.
func Render() (string, error) {
	t, err := template.New(File).Funcs(template.FuncMap{"text": text, "join": join, "of": of}).Parse(page)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, diagnose.Describe())
	return b.String(), err
}

// of returns the checks of a role.
func of(role string, all []diagnose.Description) (some []diagnose.Description) {
	for _, d := range all {
		if d.Role == role {
			some = append(some, d)
		}
	}
	return some
}

// sentenceEnd is where a line of the source ends, as man-pages(7) wants it.
var sentenceEnd = regexp.MustCompile(`([.:;]) `)

// text writes plain text in the language of man pages, a sentence a line.
func text(plain string) string {
	plain = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`).Replace(plain)
	return sentenceEnd.ReplaceAllString(plain, "$1\n")
}

// join lists what a check reads.
func join(items []string) string { return strings.Join(items, ", ") }
