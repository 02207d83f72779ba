// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// shellVars are the variables of a file that is written for a shell to source.
type shellVars struct {
	path     string
	values   map[string]shellVar
	warnings []string
	err      error // the first error of a value that was looked up
}

type shellVar struct {
	value string
	line  int
	err   error // why the value cannot be read; reported only if it is looked up
}

// Compiled lazily: most runs need neither.
var (
	assignment     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=`) })
	nextAssignment = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[\s;&|][A-Za-z_][A-Za-z0-9_]*=`) })
)

var (
	errNoAssignment = errors.New("not of the form NAME=value, so it counts for nothing")
	errExpansion    = errors.New("only a shell could read the value; write it without $, `, & and the like")
	errUnclosed     = errors.New("the line ends within a value: a quotation mark is not closed, or there is a \\ at the end")
)

// readShellVars reads a file of lines such as NAME=value. It supports the quoting of a
// shell, but not its expansions. It ignores other lines with a warning. The last of
// several values of a name counts.
func readShellVars(root, path string) (*shellVars, error) {
	s := &shellVars{path: path, values: map[string]shellVar{}}
	file, err := Open(root, path)
	if err != nil {
		return s, err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		assigned, err := readAssignments(strings.TrimSuffix(lines.Text(), "\r"))
		switch {
		case errors.Is(err, errUnclosed):
			return s, &lineError{path, number, err}
		case err != nil:
			s.warn(number, err.Error())
		}
		for name, v := range assigned {
			v.line = number
			s.values[name] = v
		}
	}
	return s, readError(path, lines.Err())
}

// readAssignments reads the assignments of one line. If the line has anything else, or
// continues on the next one, it returns an error and no assignments. If an assignment
// follows a value that only a shell could read, it returns an error and the assignments
// up to that value.
func readAssignments(line string) (map[string]shellVar, error) {
	assigned := map[string]shellVar{}
	for {
		line = strings.TrimLeft(line, " \t;")
		if rest, found := strings.CutPrefix(line, "export "); found {
			line = strings.TrimLeft(rest, " \t")
		}
		if line == "" || line[0] == '#' {
			return assigned, nil
		}
		match := assignment().FindStringSubmatch(line)
		if match == nil {
			return nil, errNoAssignment
		}
		value, rest, err := unquote(line[len(match[0]):])
		assigned[match[1]] = shellVar{value: value, err: err}
		switch {
		case errors.Is(err, errUnclosed):
			return nil, err
		case err != nil && nextAssignment().MatchString(line[len(match[0]):]):
			return assigned, fmt.Errorf("%s: %w; what follows it counts for nothing", match[1], err)
		}
		line = rest
	}
}

// unquote reads a value as a shell does, up to an unquoted blank or semicolon, with
// which rest begins. With an error, value and rest are empty.
func unquote(text string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '~':
			if i == 0 || text[i-1] == ':' {
				return "", "", errExpansion
			}
			b.WriteByte(c)
		case '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return "", "", errUnclosed
			}
			b.WriteString(text[i+1 : i+1+end])
			i += end + 1
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '$' || text[i] == '`' {
					return "", "", errExpansion
				}
				if text[i] == '\\' && i+1 < len(text) && strings.IndexByte("\\\"$`", text[i+1]) >= 0 {
					i++
				}
				b.WriteByte(text[i])
			}
			if i == len(text) {
				return "", "", errUnclosed
			}
		case '\\':
			if i++; i == len(text) {
				return "", "", errUnclosed
			}
			b.WriteByte(text[i])
		case '$', '`', '&', '|', '<', '>', '(', ')':
			return "", "", errExpansion
		case ' ', '\t', ';':
			return b.String(), text[i:], nil
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", nil
}

// lookup returns the value of a variable, or fallback if the variable is unset or
// empty. A value that only a shell could read sets err.
func (s *shellVars) lookup(name, fallback string) string {
	v := s.values[name]
	if v.err != nil {
		s.fail(name, v.err)
	}
	return cmp.Or(v.value, fallback)
}

// lookupBool reports whether the value of a variable is yes. Any other value counts as
// no, with a warning unless it is no.
func (s *shellVars) lookupBool(name, yes, no string) bool {
	text := s.lookup(name, no)
	if text != yes && text != no {
		s.warn(s.values[name].line, fmt.Sprintf("%s is %q, neither %q nor %q: it counts as %q", name, text, yes, no, no))
	}
	return text == yes
}

// fail sets err to an error of a variable, if it is the first one.
func (s *shellVars) fail(name string, err error) {
	if s.err == nil {
		s.err = &lineError{s.path, s.values[name].line, fmt.Errorf("%s: %w", name, err)}
	}
}

// warn adds a warning about a line.
func (s *shellVars) warn(line int, text string) {
	s.warnings = append(s.warnings, (&lineError{s.path, line, errors.New(text)}).Error())
}

// lineError is an error in a line of a file.
type lineError struct {
	path string
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("%s: line %d: %v", e.path, e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }
