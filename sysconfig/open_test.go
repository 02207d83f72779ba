// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestOpenRefusesPipesAndDevices(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"zero": "/dev/zero", "null": "/dev/null", "root": "/"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/pipe", "/zero", "/root"} {
		if _, err := Open(root, path); err == nil || err.Error() != path+": not a regular file" {
			t.Errorf("%s: %v", path, err)
		}
	}
	file, err := Open(root, "/null")
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
}
