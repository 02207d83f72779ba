// SPDX-License-Identifier: Apache-2.0

//go:build !mips && !mipsle && !mips64 && !mips64le

package linux

import (
	"strings"
	"syscall"
	"testing"
)

// Linux is the judge of the table for the other systems.
func TestTableIsThatOfLinux(t *testing.T) {
	for _, e := range errnos {
		if int(e.here) != int(e.number) {
			t.Errorf("%q has number %d, want %d", e.text, e.number, int(e.here))
		}
		if text := e.here.Error(); !strings.EqualFold(text, e.text) {
			t.Errorf("%d is %q, want %q", e.number, e.text, text)
		}
	}
	if got := Text(syscall.EKEYEXPIRED); got != "Key has expired" {
		t.Errorf("got %q", got)
	}
}
