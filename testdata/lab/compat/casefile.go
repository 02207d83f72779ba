// SPDX-License-Identifier: Apache-2.0

// Package compat compares ipvsadm with the original one on a real ip_vs: every command line runs with both programs,
// each in a network namespace of its own, and what they print, return and leave in the kernel must be the same.
//
// # Case files
//
// The cases are in testdata/compat/*.txt. A file is a list of cases; a case is a heading and the lines to run, in order,
// in fresh namespaces (lo and eth0 are up; routes lead to everywhere, by eth0, to nobody). This file defines the format:
//
//	# A comment.
//	== two services, in order
//	ipvsadm -A -t 10.0.0.1:80 -s rr
//	ipvsadm -Ln
//	[X3] ipvsadm -Ln
//	  > what OURS prints on stdout, one > for each line
//	  2> what OURS prints on stderr
//	  = 0
//	ipvsadm -R
//	  < -A -t 10.0.0.2:80
//	  < -a -t 10.0.0.2:80 -r 10.0.0.3
//	ip link add dummy0 type dummy
//
// A line that begins with the word ipvsadm, ipvsadm-save or ipvsadm-restore is a command line. Words are separated by
// blanks. A word, or a part of it, may be quoted as in Go and repeated: -s"" "a b"*3 "\xff"*100000.
//
// In brackets before a command line, separated by blanks, stand:
//
//	X3            a row of the table of purposeful differences: the output must differ from the original's, and ours
//	              must be exactly what is written below the line (nothing written: nothing printed, status 0)
//	state         the kernel's state must differ afterwards, too; states are then not compared until they agree again
//	same          both programs run in the same namespace, one after the other: for what no two namespaces have in
//	              common, as the kernel's own order of services, and counters and timers
//	nobody        without any privilege
//	stdout=full   stdout is /dev/full, or with stdout=closed nothing at all
//	as=NAME       argv[0] is NAME
//
// Lines that are indented belong to the line above:
//
//	< text      a line of its stdin          <"quoted"*3  bytes of its stdin, no line feed added
//	<$ command  its stdin is what this shell command prints
//	> 2> =      what ours must print and return, on a line marked with a row; >"…" and 2>"…" as above
//	>~ REGEXP   or what stdout must match, where it changes with every release
//
// In what ours must print, (size=SIZE) is the size of the connection table that the kernel tells.
//
// Everything else is set-up. Four words are our own:
//
//	conn                      from here on /proc/net/ip_vs_conn is what the indented < lines say
//	conn absent               there is none
//	send udp ADDR COUNT SIZE  sends datagrams; send tcp ADDR COUNT begins connections
//	counted udp ADDR COUNT    waits until the kernel has added up so many packets, which it does every two seconds
//
// and any other line goes to sh -c in both namespaces and must succeed.
package compat

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

// A Case is what runs in one pair of namespaces.
type Case struct {
	File  string // without directory and .txt
	Name  string
	Line  int
	Steps []Step
}

// A Step is one line of a case with what is indented below it.
type Step struct {
	Line  int
	Words []string // of a command line or of one of our own words
	Shell string   // else a line for sh
	Stdin Input
	Marks Marks
	Want  Result // with Marks.Row: what ours must do
	Match string // instead of Want.Stdout, a regular expression
}

// Marks are what stands in brackets before a command line.
type Marks struct {
	Row    string // "X3"
	State  bool
	Same   bool
	Nobody bool
	Stdout string // "", "full", "closed"
	As     string
}

// Input is what a program reads: bytes, or what a shell command prints.
type Input struct {
	Bytes []byte
	Shell string
}

// A Result is what a command line did.
type Result netns.Result

// Equal reports whether two programs did the same.
func (r Result) Equal(o Result) bool {
	return bytes.Equal(r.Stdout, o.Stdout) && bytes.Equal(r.Stderr, o.Stderr) && r.Status == o.Status
}

// IsCommand reports whether the step runs one of the programs under comparison.
func (s Step) IsCommand() bool {
	return len(s.Words) > 0 && strings.HasPrefix(s.Words[0], "ipvsadm")
}

// ReadCases reads all case files of a directory.
func ReadCases(dir string) ([]Case, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var cases []Case
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		more, err := ParseCases(strings.TrimSuffix(filepath.Base(name), ".txt"), string(text))
		if err != nil {
			return nil, err
		}
		cases = append(cases, more...)
	}
	return cases, nil
}

// ParseCases reads one case file.
func ParseCases(file, text string) ([]Case, error) {
	var cases []Case
	for i, line := range strings.Split(text, "\n") {
		fail := func(err error) ([]Case, error) { return nil, fmt.Errorf("%s.txt:%d: %w", file, i+1, err) }
		trimmed := strings.TrimLeft(line, " \t")
		switch {
		case trimmed == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "== "):
			cases = append(cases, Case{File: file, Name: strings.TrimSpace(line[3:]), Line: i + 1})
		case len(cases) == 0:
			return fail(fmt.Errorf("a line before the first heading"))
		case trimmed != line:
			steps := cases[len(cases)-1].Steps
			if len(steps) == 0 {
				return fail(fmt.Errorf("an indented line below a heading"))
			}
			if err := steps[len(steps)-1].parseIndented(trimmed); err != nil {
				return fail(err)
			}
		default:
			step, err := parseStep(line)
			if err != nil {
				return fail(err)
			}
			step.Line = i + 1
			c := &cases[len(cases)-1]
			c.Steps = append(c.Steps, step)
		}
	}
	return cases, nil
}

var (
	bracket = regexp.MustCompile(`^\[([^\]]*)\] *`)
	own     = regexp.MustCompile(`^(ipvsadm(-save|-restore)?|conn|send|counted)( |$)`)
	row     = regexp.MustCompile(`^X[0-9]+$`)
)

func parseStep(line string) (Step, error) {
	var s Step
	if m := bracket.FindStringSubmatch(line); m != nil {
		line = line[len(m[0]):]
		if !own.MatchString(line) {
			return s, fmt.Errorf("marks before a line that is no command line")
		}
		for _, mark := range strings.Fields(m[1]) {
			name, value, _ := strings.Cut(mark, "=")
			switch {
			case row.MatchString(mark):
				s.Marks.Row = mark
			case mark == "state":
				s.Marks.State = true
			case mark == "same":
				s.Marks.Same = true
			case mark == "nobody":
				s.Marks.Nobody = true
			case mark == "stdout=full" || mark == "stdout=closed":
				s.Marks.Stdout = value
			case name == "as":
				s.Marks.As = value
			default:
				return s, fmt.Errorf("unknown mark %q", mark)
			}
		}
	}
	if !own.MatchString(line) {
		s.Shell = line
		return s, nil
	}
	words, err := splitWords(line)
	s.Words = words
	return s, err
}

func (s *Step) parseIndented(line string) error {
	if shell, ok := strings.CutPrefix(line, "<$ "); ok {
		s.Stdin.Shell = shell
		return nil
	}
	if status, ok := strings.CutPrefix(line, "= "); ok {
		n, err := strconv.Atoi(status)
		s.Want.Status = n
		return err
	}
	if match, ok := strings.CutPrefix(line, ">~ "); ok {
		s.Match = match
		_, err := regexp.Compile(match)
		return err
	}
	for _, to := range []struct {
		sign  string
		bytes *[]byte
	}{{"<", &s.Stdin.Bytes}, {">", &s.Want.Stdout}, {"2>", &s.Want.Stderr}} {
		rest, ok := strings.CutPrefix(line, to.sign)
		if !ok {
			continue
		}
		switch {
		case rest == "":
			*to.bytes = append(*to.bytes, '\n')
		case rest[0] == ' ':
			*to.bytes = append(append(*to.bytes, rest[1:]...), '\n')
		case rest[0] == '"':
			words, err := splitWords(rest)
			if err != nil {
				return err
			}
			*to.bytes = append(*to.bytes, strings.Join(words, "")...)
		default:
			return fmt.Errorf("after %s there must be a blank or a quoted text", to.sign)
		}
		return nil
	}
	return fmt.Errorf("no <, >, 2> or = at the beginning of an indented line")
}

// String writes the step as it would stand in a case file.
func (s Step) String() string {
	var b strings.Builder
	var marks []string
	for _, mark := range []struct {
		on   bool
		text string
	}{
		{s.Marks.Row != "", s.Marks.Row}, {s.Marks.State, "state"}, {s.Marks.Same, "same"}, {s.Marks.Nobody, "nobody"},
		{s.Marks.Stdout != "", "stdout=" + s.Marks.Stdout}, {s.Marks.As != "", "as=" + s.Marks.As},
	} {
		if mark.on {
			marks = append(marks, mark.text)
		}
	}
	if len(marks) > 0 {
		b.WriteString("[" + strings.Join(marks, " ") + "] ")
	}
	if s.Shell != "" {
		b.WriteString(s.Shell)
	} else {
		b.WriteString(joinWords(s.Words))
	}
	b.WriteByte('\n')
	if s.Stdin.Shell != "" {
		b.WriteString("  <$ " + s.Stdin.Shell + "\n")
	}
	b.WriteString(indented("<", s.Stdin.Bytes))
	if s.Marks.Row != "" {
		b.WriteString(s.wanted())
	}
	return b.String()
}

func (s Step) wanted() string {
	if s.Match != "" {
		return "  >~ " + s.Match + "\n" + Result{nil, s.Want.Stderr, s.Want.Status}.String()
	}
	return s.Want.String()
}

// wantedBy reports whether the result is what is written below the line.
func (s Step) wantedBy(r Result) bool {
	if s.Match != "" && regexp.MustCompile(s.Match).Match(r.Stdout) {
		r.Stdout = s.Want.Stdout
	}
	return r.Equal(s.Want)
}

// Update writes what ours did, by line number, below the marked lines of a case file, in place of what is written there.
func Update(text string, did map[int]Result) string {
	var out strings.Builder
	var pending *Result
	for i, line := range strings.SplitAfter(text, "\n") {
		trimmed := strings.TrimLeft(line, " \t")
		if pending != nil && trimmed != line && !strings.HasPrefix(trimmed, "<") {
			continue
		}
		if pending != nil && trimmed == line {
			out.WriteString(pending.String())
			pending = nil
		}
		out.WriteString(line)
		if result, ok := did[i+1]; ok {
			pending = &result
		}
	}
	return out.String()
}

// String writes the result as it would stand in a case file.
func (r Result) String() string {
	return indented(">", r.Stdout) + indented("2>", r.Stderr) + fmt.Sprintf("  = %d\n", r.Status)
}

// indented writes bytes as lines of a case file: plainly what is plain text, quoted what is not.
func indented(sign string, text []byte) string {
	var b strings.Builder
	for line := range bytes.Lines(text) {
		body, complete := bytes.CutSuffix(line, []byte("\n"))
		if complete && isPlain(body) {
			b.WriteString("  " + sign + " " + string(body) + "\n")
		} else {
			b.WriteString("  " + sign + quoteLong(string(line)) + "\n")
		}
	}
	return b.String()
}

// isPlain reports whether text survives being a line of a case file; trailing blanks do, though nobody sees them.
func isPlain(text []byte) bool {
	for _, c := range text {
		if c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return len(text) < 1000
}
