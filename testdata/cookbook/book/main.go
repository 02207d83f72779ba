// SPDX-License-Identifier: Apache-2.0

// Book compares the section of a page that a scenario has just made with what the page says, or writes it there.
//
//	book [-write] PAGE SECTION
//
// PAGE is Markdown, in which a section goes from a heading "## ..." to the next one. The file SECTION begins with such a
// heading. Before each of its lines stands a mark, which says what of the line is the same whenever the scenario runs:
//
//	=  all of it
//	-  all but the last two columns of a listed server, its connections
//	+  all but the counters of a listed service or server, its last five columns, that are not 0
//	:  all but the time that a listed connection has left, and its client's port
//	#  all but the bar and the number in a line of a chart
//	~  all but numbers, network ports and the numbers of interfaces
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	write := flag.Bool("write", false, "put the section into the page")
	flag.Parse()
	if err := run(*write, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "book:", err)
		os.Exit(1)
	}
}

func run(write bool, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: book [-write] PAGE SECTION")
	}
	page, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	made, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	section, err := parseSection(string(made))
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	if write {
		return os.WriteFile(args[0], []byte(section.replaceIn(string(page))), 0o644)
	}
	if err := section.compare(string(page)); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return nil
}

type line struct {
	mark byte
	text string
}

// A section's first line is its heading.
type section []line

func parseSection(made string) (section, error) {
	var s section
	for text := range strings.Lines(strings.TrimRight(made, "=\n") + "\n") {
		text = strings.TrimSuffix(text, "\n")
		if text == "" || !strings.Contains("=-+:#~", text[:1]) {
			return nil, fmt.Errorf("line %d: no mark", len(s)+1)
		}
		s = append(s, line{text[0], strings.TrimRight(text[1:], " ")})
	}
	if !strings.HasPrefix(s[0].text, "## ") {
		return nil, errors.New("no heading")
	}
	return s, nil
}

// bounds are the lines of the section with the same heading; both are the number of lines if the page has none.
func (s section) bounds(page []string) (from, to int) {
	from = slices.Index(page, s[0].text)
	if from < 0 {
		return len(page), len(page)
	}
	to = from + 1
	for to < len(page) && !strings.HasPrefix(page[to], "## ") {
		to++
	}
	return from, to
}

func (s section) replaceIn(page string) string {
	lines := strings.Split(strings.TrimRight(page, "\n"), "\n")
	from, to := s.bounds(lines)
	var written []string
	if from == len(lines) {
		written = append(written, "")
	}
	for _, line := range s {
		written = append(written, line.text)
	}
	if to < len(lines) {
		written = append(written, "")
	}
	return strings.Join(slices.Replace(lines, from, to, written...), "\n") + "\n"
}

func (s section) compare(page string) error {
	lines := strings.Split(strings.TrimRight(page, "\n"), "\n")
	from, to := s.bounds(lines)
	if from == len(lines) {
		return fmt.Errorf("no section %q", s[0].text)
	}
	written := lines[from:to]
	for len(written) > 0 && written[len(written)-1] == "" {
		written = written[:len(written)-1]
	}
	for i, line := range s {
		if i == len(written) {
			return fmt.Errorf("line %d: the scenario goes on with %q", from+i+1, line.text)
		}
		if line.same(written[i]) != line.same(line.text) {
			return fmt.Errorf("line %d is %q, the scenario prints %q", from+i+1, written[i], line.text)
		}
	}
	if len(written) > len(s) {
		return fmt.Errorf("line %d: the scenario does not print %q, it is at its end", from+len(s)+1, written[len(s)])
	}
	return nil
}

// What of a text may differ, by the line's mark; the groups stay. A column may be wider or narrower.
var differs = map[byte]*regexp.Regexp{
	'-': regexp.MustCompile(`^( *-> .*?) +\d+ +\d+$`),
	'+': regexp.MustCompile(`( )[1-9]\d*[KMGT]?`),
	':': regexp.MustCompile(`^( *[A-Z]+) +\d+:\d\d +(\S+ +\S+:)(0 )?(?:[1-9]\d* +)?`),
	'#': regexp.MustCompile(`^( *\S+)[ #]* \d+(  .*)?$`),
	'~': regexp.MustCompile(`((?:^|[ :])|@if)\d+(?:\.\d+)?[KMGT]?( |:|'|$)`),
}

// counters are the columns that mark + is about.
var counters = regexp.MustCompile(`(?: +\d+[KMGT]?){5}$`)

var spaces = regexp.MustCompile(`[ \t]+`)

// same is what of a text must be the same.
func (l line) same(text string) string {
	pattern := differs[l.mark]
	if pattern == nil {
		return text
	}
	constant := ""
	switch l.mark {
	case '+':
		at := counters.FindStringIndex(text)
		if at == nil {
			return text
		}
		constant, text = text[:at[0]], spaces.ReplaceAllString(text[at[0]:], " ")
	case '~':
		// What comes after one number may come before the next.
		text = strings.ReplaceAll(spaces.ReplaceAllString(text, " "), " ", "  ")
	}
	return constant + pattern.ReplaceAllString(text, "$1*$2$3")
}
