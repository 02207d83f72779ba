// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Terminal is the terminal that a listing is printed on. The zero value means that it is
// printed elsewhere.
type Terminal struct {
	File       *os.File
	Width      int  // in columns; 0 if the terminal does not tell
	FullScreen bool // can move the cursor: TERM is set, and not "dumb"
	Colour     bool
}

// TerminalOf returns the terminal that stdout is, if it is one. It reads TERM and NO_COLOR
// (no-color.org); the width comes from the terminal, never from COLUMNS.
func TerminalOf(stdout io.Writer, getenv func(string) string) Terminal {
	file, ok := stdout.(*os.File)
	if !ok {
		return Terminal{}
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return Terminal{}
	}
	kind := getenv("TERM")
	typed := kind != "" && kind != "dumb"
	return Terminal{file, width, typed, typed && getenv("NO_COLOR") == ""}
}

// IsTerminal tells whether stream, a reader or a writer, is a terminal.
func IsTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
