// SPDX-License-Identifier: Apache-2.0

// Generate writes the manual page of the checks to a file.
package main

import (
	"fmt"
	"os"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose/manual"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: generate FILE")
	}
	page, err := manual.Render()
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(page), 0o644)
	}
	if err != nil {
		fail(err)
	}
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, "generate:", reason)
	os.Exit(1)
}
