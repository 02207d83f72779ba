// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

func TestRestoreFromTerminalSaysSo(t *testing.T) {
	far, terminal := termtest.Open(t, 80)
	if _, err := far.WriteString("-A -t 10.0.0.1:80\n\x04"); err != nil {
		t.Fatal(err)
	}
	k := ipvstest.New()
	var stderr strings.Builder
	status := run([]string{"ipvsadm-restore"}, terminal, os.Stdout, &stderr, fakeHost(k, ""))
	if status != exitOK || stderr.String() != "ipvsadm-restore: reading rules from the terminal; end them with ^D\n" {
		t.Errorf("status %d, stderr %q", status, stderr.String())
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -t 10.0.0.1:80 -s wlc\n"})
}

// ipvsadm 1.31 says nothing, so -R speaks to a terminal only.
func TestReplayFromTerminalSaysSoToTerminal(t *testing.T) {
	for _, test := range []struct {
		kind func(*testing.T) (io.Writer, func() string)
		want string
	}{{toTerminal, "ipvsadm: reading rules from the terminal; end them with ^D\n"}, {toBuilder, ""}} {
		far, terminal := termtest.Open(t, 80)
		if _, err := far.WriteString("-A -t 10.0.0.1:80\n\x04"); err != nil {
			t.Fatal(err)
		}
		k := ipvstest.New()
		stderr, said := test.kind(t)
		status := run([]string{"ipvsadm", "-R"}, terminal, os.Stdout, stderr, fakeHost(k, ""))
		if got := said(); status != exitOK || got != test.want {
			t.Errorf("status %d, stderr %q, want %q", status, got, test.want)
		}
		check(t, k, "ipvsadm -S -n", want{stdout: "-A -t 10.0.0.1:80 -s wlc\n"})
	}
}

// A named pipe might never end.
func TestRestoreRejectsNamedPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	status := run([]string{"ipvsadm-restore", pipe}, strings.NewReader(""), os.Stdout, &stderr, fakeHost(ipvstest.New(), ""))
	if want := "ipvsadm-restore: " + pipe + ": not a regular file\n"; status != exitUsage || stderr.String() != want {
		t.Errorf("status %d, stderr %q, want %q", status, stderr.String(), want)
	}
}

func TestRestoreUnstableTable(t *testing.T) {
	k := ipvstest.New()
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Times: -1, Effect: ipvstest.Before(func() { k.SetTable(nil) })})
	var stderr strings.Builder
	status := run([]string{"ipvsadm-restore"}, strings.NewReader("-A -f 1 -s rr\n"), os.Stdout, &stderr, fakeHost(k, ""))
	if want := "the table does not match the rules: another process keeps changing it\n"; stderr.String() != want || status != exitKernel {
		t.Errorf("status %d, stderr %q", status, stderr.String())
	}
}
