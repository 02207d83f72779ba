package sysconfig

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// settings are the variables that a file assigns for a shell to read.
type settings struct {
	path   string
	values map[string]setting
	err    error // the first value asked for that cannot be had
}

type setting struct {
	value string
	line  int
	err   error // why the value cannot be read; of no concern if nobody asks for it
}

var assignment = regexp.MustCompile(`^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)=`)

var (
	errNoAssignment = errors.New("not of the form NAME=value")
	errExpansion    = errors.New("the value has a $ or ` that only a shell could read; write the value itself")
	errUnclosed     = errors.New("a quotation mark is not closed on its line")
	errWords        = errors.New("more than one word; put quotation marks around the value")
)

// readSettings reads a file of lines like NAME=value, with the quoting of a
// shell, but without its expansions. Of several lines for one name the last
// counts.
func readSettings(root, path string) (*settings, error) {
	s := &settings{path: path, values: map[string]setting{}}
	file, err := open(root, path)
	if err != nil {
		return s, err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		line := strings.Trim(lines.Text(), " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		match := assignment.FindStringSubmatch(line)
		if match == nil {
			return s, &lineError{path, number, errNoAssignment}
		}
		value, err := unquote(line[len(match[0]):])
		s.values[match[1]] = setting{value, number, err}
	}
	return s, readError(path, lines.Err())
}

// unquote reads the value of an assignment as a shell does.
func unquote(text string) (string, error) {
	var value strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return "", errUnclosed
			}
			value.WriteString(text[i+1 : i+1+end])
			i += end + 1
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '$' || text[i] == '`' {
					return "", errExpansion
				}
				if text[i] == '\\' && i+1 < len(text) && strings.IndexByte("\\\"$`", text[i+1]) >= 0 {
					i++
				}
				value.WriteByte(text[i])
			}
			if i == len(text) {
				return "", errUnclosed
			}
		case '\\':
			if i++; i == len(text) {
				return "", errUnclosed
			}
			value.WriteByte(text[i])
		case '$', '`':
			return "", errExpansion
		case ' ', '\t', ';', '&', '|', '<', '>', '(', ')':
			rest := strings.TrimLeft(text[i:], " \t")
			if rest = strings.TrimLeft(strings.TrimPrefix(rest, ";"), " \t"); rest != "" && rest[0] != '#' {
				return "", errWords
			}
			return value.String(), nil
		default:
			value.WriteByte(c)
		}
	}
	return value.String(), nil
}

// text is the value of a variable, or otherwise if it is not assigned or empty.
func (s *settings) text(name, otherwise string) string {
	v := s.values[name]
	if v.err != nil {
		s.wrong(name, v.err)
	}
	return cmp.Or(v.value, otherwise)
}

// flag is a variable that has one of two values, the first of which means true.
func (s *settings) flag(name, yes, no string) bool {
	text := s.text(name, no)
	if text != yes && text != no {
		s.wrong(name, fmt.Errorf("%q is neither %q nor %q", text, yes, no))
	}
	return text == yes
}

// wrong notes what is wrong with the value of a variable, and where.
func (s *settings) wrong(name string, err error) {
	if s.err == nil {
		s.err = &lineError{s.path, s.values[name].line, fmt.Errorf("%s: %w", name, err)}
	}
}

// lineError is an error at a place in a file.
type lineError struct {
	path string
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("%s: line %d: %v", e.path, e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// open opens a file below root, whose errors name it as it is called there.
func open(root, path string) (io.ReadCloser, error) {
	file, err := os.Open(below(root, path))
	return file, readError(path, err)
}
