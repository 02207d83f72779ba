// SPDX-License-Identifier: Apache-2.0

// Tables is hello with the libraries that draw the tables of ipvsadm. It calls none of them,
// so the difference is what they do before main.
package main

import (
	"os"

	_ "github.com/mattn/go-runewidth"
	_ "github.com/olekukonko/tablewriter"
)

func main() { _, _ = os.Stdout.WriteString("hello\n") }
