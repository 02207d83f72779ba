// SPDX-License-Identifier: Apache-2.0

// Picture turns the text of a terminal, with its escape sequences for colours, as
// "tmux capture-pane -e -p" prints it, into an SVG picture.
//
// Usage: picture TITLE <TEXT >PICTURE
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: picture TITLE <TEXT >PICTURE")
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	rows, err := parse(string(text))
	if err != nil {
		fail(err)
	}
	if _, err := os.Stdout.WriteString(draw(os.Args[1], rows)); err != nil {
		fail(err)
	}
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, "picture:", reason)
	os.Exit(1)
}
