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

// settings are the variables that a file assigns for a shell to read.
type settings struct {
	path     string
	values   map[string]setting
	warnings []string
	err      error // the first value asked for that cannot be had
}

type setting struct {
	value string
	line  int
	err   error // why the value cannot be read; of no concern if nobody asks for it
}

// Made when they are needed, which in most runs they are not.
var (
	assignment = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=`) })
	another    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[\s;&|][A-Za-z_][A-Za-z0-9_]*=`) })
)

var (
	errNoAssignment = errors.New("not of the form NAME=value, so it counts for nothing")
	errExpansion    = errors.New("only a shell could read the value; write it without $, `, & and the like")
	errUnclosed     = errors.New("the line ends within a value: a quotation mark is not closed, or there is a \\ at the end")
)

// readSettings reads a file of lines like NAME=value, with the quoting of a
// shell, but without its expansions. Lines of another kind count for nothing but
// a warning. Of several values for one name the last counts.
func readSettings(root, path string) (*settings, error) {
	s := &settings{path: path, values: map[string]setting{}}
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

// readAssignments reads one line. If there is anything else in it, it counts for
// nothing.
func readAssignments(line string) (map[string]setting, error) {
	assigned := map[string]setting{}
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
		assigned[match[1]] = setting{value: value, err: err}
		switch {
		case errors.Is(err, errUnclosed):
			return nil, err
		case err != nil && another().MatchString(line[len(match[0]):]):
			return assigned, fmt.Errorf("%s: %w; what follows it counts for nothing", match[1], err)
		}
		line = rest
	}
}

// unquote reads a value as a shell does, to the blank or semicolon after it. An
// error leaves no rest.
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

// text is the value of a variable, or otherwise if it is not assigned or empty.
func (s *settings) text(name, otherwise string) string {
	v := s.values[name]
	if v.err != nil {
		s.wrong(name, v.err)
	}
	return cmp.Or(v.value, otherwise)
}

// flag tells whether a variable has a value. There is one other that makes
// sense; whatever else it may be counts as that.
func (s *settings) flag(name, yes, no string) bool {
	text := s.text(name, no)
	if text != yes && text != no {
		s.warn(s.values[name].line, fmt.Sprintf("%s is %q, neither %q nor %q: it counts as %q", name, text, yes, no, no))
	}
	return text == yes
}

// wrong notes what is wrong with the value of a variable, and where.
func (s *settings) wrong(name string, err error) {
	if s.err == nil {
		s.err = &lineError{s.path, s.values[name].line, fmt.Errorf("%s: %w", name, err)}
	}
}

func (s *settings) warn(line int, text string) {
	s.warnings = append(s.warnings, (&lineError{s.path, line, errors.New(text)}).Error())
}

// lineError is an error at a place in a file.
type lineError struct {
	path string
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("%s: line %d: %v", e.path, e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }
