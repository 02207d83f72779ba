// SPDX-License-Identifier: Apache-2.0

// Generate writes the completions for all shells into a directory.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/completion"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: generate DIRECTORY")
	}
	for _, file := range completion.Files() {
		content, err := completion.Render(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(os.Args[1], file), []byte(content), 0o644)
		}
		if err != nil {
			fail(err)
		}
	}
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, "generate:", reason)
	os.Exit(1)
}
