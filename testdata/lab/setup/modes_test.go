// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestScriptsAreExecutable(t *testing.T) {
	for _, dir := range []string{".ci", "sysconfig", "testdata"} {
		err := filepath.WalkDir(filepath.Join("../../..", dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			if bytes.HasPrefix(text, []byte("#!")) && info.Mode().Perm()&0o111 != 0o111 {
				t.Errorf("%s is not executable", path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
