// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"os"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
)

func TestTerminalOf(t *testing.T) {
	_, wide := termtest.Open(t, 132)
	environment := func(pairs ...string) func(string) string {
		return func(name string) string {
			for _, pair := range pairs {
				if value, ok := strings.CutPrefix(pair, name+"="); ok {
					return value
				}
			}
			return ""
		}
	}
	xterm := environment("TERM=xterm", "COLUMNS=7")
	for name, c := range map[string]struct {
		getenv func(string) string
		want   Terminal
	}{
		"xterm":        {xterm, Terminal{wide, 132, true, true}},
		"no colour":    {environment("TERM=xterm", "NO_COLOR=0"), Terminal{wide, 132, true, false}},
		"dumb":         {environment("TERM=dumb"), Terminal{wide, 132, false, false}},
		"without type": {environment(), Terminal{wide, 132, false, false}},
	} {
		if got := TerminalOf(wide, c.getenv); got != c.want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if got := TerminalOf(file, xterm); got != (Terminal{}) {
		t.Errorf("a file: got %+v", got)
	}
	if got := TerminalOf(new(strings.Builder), xterm); got != (Terminal{}) {
		t.Errorf("no file: got %+v", got)
	}
}
