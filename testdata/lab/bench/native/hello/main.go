// SPDX-License-Identifier: Apache-2.0

// Hello is the least that a program in Go can do.
package main

import "os"

func main() { _, _ = os.Stdout.WriteString("hello\n") }
