package main

import (
	"io"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestNearestOption(t *testing.T) {
	for word, want := range map[string]string{
		"--ouput": "output", "--ouput=json": "output", "--schedular": "scheduler", "--real-sever": "real-server", "--statistics": "",
		"--tun-sum": "tun-csum", "--tcp-servce": "tcp-service", "--foo": "", "-ouput": "", "--xyz": "", "--stat": "", "--rates": "rate",
		"--" + strings.Repeat("x", 1000): "", "--": "", "--lists": "list",
	} {
		if got := nearestOption(word); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func TestHintsAreForTerminalsOnly(t *testing.T) {
	const message = "--ouput: unknown option\n"
	check(t, ipvstest.New(), "ipvsadm -L --ouput json", want{stderr: message, status: exitKernel})

	terminal, said := toTerminal(t)
	status := run([]string{"ipvsadm", "-L", "--ouput", "json"}, strings.NewReader(""), io.Discard, terminal, fakeMachine(ipvstest.New(), ""))
	got := said()
	if want := message + "hint: did you mean --output?\n"; got != want || status != exitKernel {
		t.Errorf("status %d, got %q, want %q", status, got, want)
	}
}
