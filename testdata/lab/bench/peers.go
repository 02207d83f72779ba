// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
)

// peers measures package ipvs beside other libraries. A program of its own does, which has them linked in.
func (b *bench) peers() error {
	if err := b.newNamespace(); err != nil {
		return err
	}
	cmd := exec.Command(peers)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}
