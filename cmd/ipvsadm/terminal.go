package main

import (
	"os"

	"golang.org/x/term"
)

// standardTerminal is the terminal of standard input and output, if output is one
// that can do more than print lines.
func standardTerminal() (in, out *os.File, ok bool) {
	kind := os.Getenv("TERM")
	ok = kind != "" && kind != "dumb" && term.IsTerminal(int(os.Stdout.Fd()))
	return os.Stdin, os.Stdout, ok
}
