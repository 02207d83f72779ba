// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// onlyFiles fails the test unless the directory holds as many files as are named, for
// example because of a temporary file.
func onlyFiles(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(names) {
		t.Errorf("%s holds %v, want %v", dir, entries, names)
	}
}

func TestReplaceCreatesFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules")
	if err := Replace(path, []byte("-C\n")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != newFileMode || read(t, path) != "-C\n" {
		t.Errorf("%v, %v, %q", info, err, read(t, path))
	}
	onlyFiles(t, filepath.Dir(path), "rules")
}

func TestReplaceKeepsModeOwnerAndLinks(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rules")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(path, 1234, 4321); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"one": "two", "two": path} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Replace(filepath.Join(dir, "one"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	was, is := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
	if read(t, path) != "new" || after.Mode() != before.Mode() || is.Uid != was.Uid || is.Gid != was.Gid {
		t.Errorf("%q, %v of %d:%d", read(t, path), after.Mode(), is.Uid, is.Gid)
	}
	if link, err := os.Readlink(filepath.Join(dir, "one")); err != nil || link != "two" {
		t.Errorf("the link is %q, %v", link, err)
	}
	onlyFiles(t, dir, "rules", "one", "two")
}

func TestReplaceDanglingLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("rules", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := Replace(filepath.Join(dir, "link"), []byte("x")); err != nil || read(t, filepath.Join(dir, "rules")) != "x" {
		t.Error(err)
	}
}

func TestReplaceRelativeLinks(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"a/etc", "b/deep/etc"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"a/etc/sysconfig":  "../../b/deep/etc",
		"b/deep/etc/rules": "../up/../real",
		"b/deep/up":        "../../a",
	} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(root, "a/etc/sysconfig/rules")
	for _, content := range []string{"one", "two"} {
		if err := Replace(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != content {
			t.Errorf("%q, want %q", got, content)
		}
	}
	onlyFiles(t, root, "a", "b", "real")
}

func TestReplaceKeepsExtendedAttributes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	// An access control list that lets user 1234 read: see acl(5) and the kernel's posix_acl_xattr.h.
	list := []byte{2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 0xd2, 4, 0, 0, 4, 0, 0, 0, 255, 255, 255, 255, 0x10, 0, 4, 0, 255, 255, 255, 255, 0x20, 0, 0, 0, 255, 255, 255, 255}
	want := map[string]string{"system.posix_acl_access": string(list)}
	for name, value := range want {
		if err := syscall.Setxattr(path, name, []byte(value), 0); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := Replace(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	for name, value := range want {
		got := make([]byte, 256)
		n, err := syscall.Getxattr(path, name, got)
		if err != nil || string(got[:n]) != value {
			t.Errorf("%s: %q, %v", name, got[:max(n, 0)], err)
		}
	}
}

func TestReplaceRemovesStaleTempFiles(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{
		".rules.unfinished-1": 2 * time.Hour,
		".rules.unfinished-2": time.Minute, // may still be in use
		".rules.2024":         2 * time.Hour,
		".rule.unfinished-1":  2 * time.Hour,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, now, now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	if err := Replace(filepath.Join(dir, "rules"), nil); err != nil {
		t.Fatal(err)
	}
	onlyFiles(t, dir, "rules", ".rules.unfinished-2", ".rules.2024", ".rule.unfinished-1")
}

func TestReplaceFailureKeepsOldFile(t *testing.T) {
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		filepath.Join(dir, "no", "such", "directory"): fs.ErrNotExist,
		loop: syscall.ELOOP,
	} {
		if err := Replace(path, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	for _, path := range []string{dir, "/dev/null"} {
		if err := Replace(path, nil); err == nil {
			t.Errorf("%s was replaced", path)
		}
	}
	onlyFiles(t, dir, "loop")
}

// The disk becomes full during the write. A limit of the file size simulates that.
func TestReplaceFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	small := limit
	small.Cur = 4096
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	err := Replace(path, make([]byte, 1<<20))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EFBIG) || read(t, path) != "old" {
		t.Errorf("%v, %q", err, read(t, path))
	}
	onlyFiles(t, filepath.Dir(path), "rules")
}
