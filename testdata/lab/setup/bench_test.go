// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"strings"
	"testing"
)

// A program that ends with an error has not taken few instructions.
func TestInstructionsOfFailingProgramAreNotCounted(t *testing.T) {
	m := newMachine(t)
	script, err := os.ReadFile("../bench/count.sh")
	if err != nil {
		t.Fatal(err)
	}
	m.file("count.sh", strings.NewReplacer("/count", m.top, "/usr/sbin", m.bin, "/tmp", m.top).Replace(string(script)))
	m.program("modprobe", "")
	m.program("ipvsadm", "")                            // the original
	m.file("ipvsadm", "#!/bin/bash\n[[ $1 != -Sn ]]\n") // ours
	got := m.run("bash", "count.sh")
	got.mustFail(t, 1)
	got.mustSay(t, "| `-Ln`, 0 x 0 |", "ipvsadm -Sn failed")
	got.mustNotSay(t, "| `-Sn`")
}
