package main

import (
	"io"
	"os"

	"github.com/ipvsadm-go/ipvsadm/format"
	"golang.org/x/term"
)

// terminal is what a listing for people has to know of the terminal that it is
// printed on. The zero value is none.
type terminal struct {
	file   *os.File
	width  int  // in columns; 0 if it does not say
	typed  bool // has a type, so that it can do more than print lines
	colour bool
}

// terminalOf looks at where the listing goes. Of the environment it only believes
// what is about looks: the width is what the terminal says.
func terminalOf(stdout io.Writer, getenv func(string) string) terminal {
	file, ok := stdout.(*os.File)
	if !ok {
		return terminal{}
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return terminal{}
	}
	kind := getenv("TERM")
	typed := kind != "" && kind != "dumb"
	// As no-color.org has it.
	return terminal{file, width, typed, typed && getenv("NO_COLOR") == ""}
}

// safe is a writer for stdout as the original prints it, which hands on what is in
// names as it is. If that is a terminal, nothing in them may control it.
func (p *program) safe(w io.Writer) io.Writer {
	if isTerminal(p.below) {
		return format.PrintableLines(w)
	}
	return w
}

// isTerminal tells whether what is read or written is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
