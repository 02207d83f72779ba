// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"os/exec"
	"strings"
	"testing"
)

// A shell makes the words of a line again.
func TestLineHasItsWords(t *testing.T) {
	for _, words := range [][]string{
		{"sysctl", "-w", "net.ipv4.conf.eth0.arp_ignore=1"},
		{"ip", "link", "set", "eth$(id)", "up"},
		{"ip", "link", "set", "it's", "up"},
		{"a=b", "=c", "~", "*", "", "[fd00::1]:80", "a b", "\\", "!", "#"},
	} {
		out, err := exec.Command("/bin/sh", "-c", "printf '%s\\n' "+Line(words)).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSuffix(string(out), "\n"); got != strings.Join(words, "\n") {
			t.Errorf("%q: %q", words, got)
		}
	}
}

func TestLineIsReadable(t *testing.T) {
	if got, want := Line([]string{"sysctl", "-w", "net.ipv4.ip_forward=1"}), "sysctl -w net.ipv4.ip_forward=1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
