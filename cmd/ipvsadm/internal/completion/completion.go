// SPDX-License-Identifier: Apache-2.0

// Package completion writes the completions of the tools for bash, zsh and fish. It takes
// options, their texts and values from the tables of the program. "go generate" writes
// the files; a test compares them.
package completion

import (
	"embed"
	"path"
	"strings"
	"text/template"
)

//go:generate go run ./generate ../../completions

//go:embed *.tmpl
var templates embed.FS

// table is a program for awk that prints /proc/net/ip_vs as rules. Everybody may read that
// file, whereas ipvsadm needs root, which the shell of an ordinary user does not have,
// also if the line to complete begins with sudo.
//
//go:embed table.awk
var table string

// Files returns the names of the files with completions. The shells find them by these
// names.
func Files() []string { return []string{"ipvsadm.bash", "_ipvsadm", "ipvsadm.fish"} }

// Render returns the content of one of Files.
func Render(file string) (string, error) {
	t, err := template.New("").Funcs(functions).ParseFS(templates, file+".tmpl")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.ExecuteTemplate(&b, path.Base(file)+".tmpl", newModel())
	return b.String(), err
}

var functions = template.FuncMap{
	"join":  func(words []string) string { return strings.Join(words, " ") },
	"quote": quote,
	"table": func() string { return quote("\n" + table) },

	"any": func(words []string) string { return "(" + strings.Join(words, "|") + ")" },

	"zshArgument": zshArgument,
	"name":        func(long string) string { return strings.ReplaceAll(long, "-", "_") },
	"fishName":    fishName,
}

// quote quotes a text for all three shells.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// zshArgument returns the end of a specification for _arguments.
func zshArgument(name string) string {
	if name == "" {
		return ""
	}
	return ":" + strings.ToLower(name) + ":_files"
}

// fishName returns the options of complete for an option with dashes.
func fishName(name string) string {
	if long, ok := strings.CutPrefix(name, "--"); ok {
		return "-l " + long
	}
	return "-s " + name[1:]
}
