package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

func TestRestoreFromATerminalSaysSo(t *testing.T) {
	far, terminal := openTerminal(t, 80)
	if _, err := far.WriteString("-A -t 10.0.0.1:80\n\x04"); err != nil {
		t.Fatal(err)
	}
	k := ipvstest.New()
	var stderr strings.Builder
	status := run([]string{"ipvsadm-restore"}, terminal, os.Stdout, &stderr, fakeMachine(k, ""))
	if status != exitOK || stderr.String() != "ipvsadm-restore: reading rules from the terminal; ^D ends them\n" {
		t.Errorf("status %d, stderr %q", status, stderr.String())
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -t 10.0.0.1:80 -s wlc\n"})
}

// A pipe might never end.
func TestRestoreRefusesAPipeByName(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	status := run([]string{"ipvsadm-restore", pipe}, strings.NewReader(""), os.Stdout, &stderr, fakeMachine(ipvstest.New(), ""))
	if want := "ipvsadm-restore: " + pipe + ": not a regular file\n"; status != exitUsage || stderr.String() != want {
		t.Errorf("status %d, stderr %q, want %q", status, stderr.String(), want)
	}
}
