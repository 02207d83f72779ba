// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"strings"
	"testing"
)

// The guests of these tests are what a console says, and the status that arrives.
const (
	panics      = `echo '[    0.2] Kernel panic - not syncing: IO-APIC + timer does not work!' >"$console"`
	panicsLater = `echo 'lab: the command starts' >"$console"; echo 'Kernel panic - not syncing: x' >>"$console"`
	vanishes    = `:`
	works       = `echo hello >"$output"; echo '7 6' >"$status"`
)

// boots runs a command in guests, the first boot being the first of them.
func boots(t *testing.T, guests ...string) (result, int) {
	m := newMachine(t)
	m.variables = []string{"LAB_ACCEL=tcg"}
	m.copies("testdata/lab/vm/run.sh")
	for _, script := range []string{"fetch.sh", "image.sh"} {
		m.file("testdata/lab/vm/"+script, "#!/bin/bash\n")
	}
	m.file(".cache/lab/image/base.cpio", "")
	m.file(".cache/lab/image/kernel.cpio", "")
	script := `for word; do
	[[ ! $word =~ ^file,id=([a-z]+),path=(.*)$ ]] || declare "${BASH_REMATCH[1]}=${BASH_REMATCH[2]}"
done
case $(grep -c . ` + m.top + "/calls) in\n"
	for i, guest := range guests {
		script += string(rune('1'+i)) + ") " + guest + " ;;\n"
	}
	m.noted("qemu-system-x86_64", script+"esac")
	got := m.run("bash", "testdata/lab/vm/run.sh", "true")
	calls := m.calls()
	if !strings.Contains(calls, " no_timer_check") {
		t.Errorf("no no_timer_check for the emulated machine: %s", calls)
	}
	return got, strings.Count(calls, "\n")
}

func TestPanicAtBootIsFollowedByOneMoreBoot(t *testing.T) {
	got, count := boots(t, panics, works)
	got.mustFail(t, 7)
	want := "lab: the virtual machine panicked at boot (not syncing: IO-APIC + timer does not work!): booting once more\nhello\n"
	if got.output != want || count != 2 {
		t.Errorf("%d boots, says %q, want %q", count, got.output, want)
	}
}

func TestSecondPanicIsTheLast(t *testing.T) {
	got, count := boots(t, panics, panics, works)
	got.mustFail(t, 125)
	got.mustSay(t, "lab: the guest ended without a status")
	if count != 2 {
		t.Errorf("%d boots", count)
	}
}

func TestPanicOfARunningCommandIsAFailure(t *testing.T) {
	got, count := boots(t, panicsLater, works)
	got.mustFail(t, 125)
	if count != 1 {
		t.Errorf("%d boots", count)
	}
}

func TestGuestThatVanishesIsAFailure(t *testing.T) {
	got, count := boots(t, vanishes, works)
	got.mustFail(t, 125)
	if count != 1 {
		t.Errorf("%d boots", count)
	}
}
