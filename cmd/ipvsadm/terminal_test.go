// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestTableOnTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -w 0")
	far, screen := termtest.Open(t, 45)
	var stderr strings.Builder
	if status := run([]string{"ipvsadm", "-Ln", "--output", "table"}, strings.NewReader(""), screen, &stderr, fakeHost(k, "")); status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr.String())
	}
	_ = screen.Close()
	read, _ := io.ReadAll(far) // ends with an error: the terminal is gone
	got := string(read)
	for _, want := range []string{"\x1b[33m  10.0.0.2:80\x1b[0m", "left out: "} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	check(t, k, "ipvsadm -Ln --output table -t 10.0.0.1:80", want{stdout: `SERVICE, SERVER  METHOD  WEIGHT  ACTIVE  INACTIVE  STATE
TCP 10.0.0.1:80  rr                   0         0
  10.0.0.2:80    Route        0       0         0  weight 0
`})
	check(t, k, "ipvsadm -L --output table --daemon", want{stdout: "no sync daemons\n"})
}
