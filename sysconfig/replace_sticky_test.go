// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// otherUser is a user ID that no one else in these tests has.
const otherUser = 4242

// sticky is a sticky directory that everybody may write to, such as /tmp. Its owner is
// not the owner of the files that these tests call foreign.
type sticky struct{ dir, prefix string }

// newSticky makes such a directory if the tests may change owners. Otherwise it uses
// /tmp, and the tests pretend that another user calls Replace.
func newSticky(t *testing.T) sticky {
	t.Helper()
	if os.Getuid() == 0 {
		s := sticky{dir: t.TempDir()}
		chmod(t, s.dir, 0o1777)
		return s
	}
	var found unix.Stat_t
	dir := "/tmp"
	if err := unix.Stat(dir, &found); err != nil || found.Mode&0o1777 != 0o1777 || found.Uid != 0 {
		t.Fatalf("%s is no sticky directory of root: %o of %d, %v", dir, found.Mode, found.Uid, err)
	}
	s := sticky{dir, fmt.Sprintf("ipvsadm-test-%d-", os.Getpid())}
	t.Cleanup(func() {
		for _, pattern := range []string{s.path("*"), filepath.Join(dir, "."+s.prefix+"*")} {
			left, _ := filepath.Glob(pattern)
			for _, path := range left {
				_ = os.RemoveAll(path)
			}
		}
	})
	return s
}

func (s sticky) path(name string) string { return filepath.Join(s.dir, s.prefix+name) }

// giveAway makes a file or link foreign to the returned caller.
func giveAway(t *testing.T, path string) (caller uint32) {
	t.Helper()
	if os.Getuid() != 0 {
		return otherUser
	}
	if err := os.Lchown(path, otherUser, otherUser); err != nil {
		t.Fatal(err)
	}
	return 0
}

func chmod(t *testing.T, path string, mode uint32) {
	t.Helper()
	if err := unix.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReplaceStickyDirectoryRefusesForeign(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(t *testing.T, s sticky, secret string) (path, foreign string)
		want string
	}{
		{"a link to a file", func(t *testing.T, s sticky, secret string) (path, foreign string) {
			symlink(t, filepath.Join(secret, "shadow"), s.path("rules"))
			return s.path("rules"), s.path("rules")
		}, "the symbolic link"},
		{"a link to nothing", func(t *testing.T, s sticky, secret string) (path, foreign string) {
			symlink(t, filepath.Join(secret, "new"), s.path("rules"))
			return s.path("rules"), s.path("rules")
		}, "the symbolic link"},
		{"a link to a directory", func(t *testing.T, s sticky, secret string) (path, foreign string) {
			symlink(t, secret, s.path("backup"))
			return s.path("backup/shadow"), s.path("backup")
		}, "the symbolic link"},
		{"a link that a good link leads to", func(t *testing.T, s sticky, secret string) (path, foreign string) {
			symlink(t, filepath.Join(secret, "shadow"), s.path("rules"))
			symlink(t, s.path("rules"), filepath.Join(secret, "rules"))
			return filepath.Join(secret, "rules"), s.path("rules")
		}, "the symbolic link"},
		{"a link found from elsewhere", func(t *testing.T, s sticky, secret string) (path, foreign string) {
			symlink(t, filepath.Join(secret, "shadow"), s.path("rules"))
			return filepath.Join(s.dir, "..", filepath.Base(s.dir)) + "/.//" + s.prefix + "rules", s.path("rules")
		}, "the symbolic link"},
		{"a file", func(t *testing.T, s sticky, secret string) (path, foreign string) {
			write(t, s.path("rules"), "theirs")
			return s.path("rules"), s.path("rules")
		}, "the file belongs to user"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, secret := newSticky(t), t.TempDir()
			write(t, filepath.Join(secret, "shadow"), "secret")
			path, foreign := test.make(t, s, secret)
			caller := giveAway(t, foreign)
			err := replaceAs(caller, path, []byte("rules"))
			if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "replace "+path+": "+test.want) {
				t.Errorf("got %v, want a refusal that begins %q", err, test.want)
			}
			if got := read(t, filepath.Join(secret, "shadow")); got != "secret" {
				t.Errorf("the file behind the link is %q", got)
			}
			if _, err := os.Lstat(filepath.Join(secret, "new")); err == nil {
				t.Error("there is a new file behind the link")
			}
			if test.name == "a file" && read(t, path) != "theirs" {
				t.Errorf("the file is %q", read(t, path))
			}
			if left, _ := filepath.Glob(filepath.Join(s.dir, "."+s.prefix+"*")); len(left) != 0 {
				t.Errorf("%q is left", left)
			}
		})
	}
}

func TestReplaceStickyDirectory(t *testing.T) {
	s, elsewhere := newSticky(t), t.TempDir()
	caller := uint32(os.Geteuid())
	for name, to := range map[string]string{"link": "file", "dangling": "new", "directory": elsewhere} {
		if to[0] != '/' {
			to = s.path(to)
		}
		symlink(t, to, s.path(name))
	}
	for path, real := range map[string]string{
		s.path("file"):            s.path("file"),
		s.path("link"):            s.path("file"),
		s.path("dangling"):        s.path("new"),
		s.path("directory/rules"): filepath.Join(elsewhere, "rules"),
	} {
		for _, content := range []string{"one", "two"} {
			if err := replaceAs(caller, path, []byte(content)); err != nil || read(t, real) != content {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// As in the kernel, links and files of the directory's owner are trusted.
func TestReplaceStickyDirectoryOwner(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "old")
	symlink(t, "file", filepath.Join(dir, "link"))
	for _, name := range []string{"", "file", "link"} {
		giveAway(t, filepath.Join(dir, name))
	}
	caller := uint32(0) // not the owner, unless that is root
	chmod(t, dir, 0o1777)
	if err := replaceAs(caller, filepath.Join(dir, "link"), []byte("new")); err != nil || read(t, filepath.Join(dir, "file")) != "new" {
		t.Errorf("%v", err)
	}
}

func TestTrusted(t *testing.T) {
	const caller, owner, other = 0, 1, 2
	for _, test := range []struct {
		mode     uint32
		who      uint32
		expected bool
	}{
		{0o1777, caller, true}, {0o1777, owner, true}, {0o1777, other, false},
		{0o1770, owner, true}, {0o1770, other, false}, {0o1702, other, false}, {0o3775, other, false},
		{0o1755, other, true}, // only the owner can have put it there
		{0o777, other, true},  // as in the kernel: without the sticky bit there is no protection
	} {
		dir := unix.Stat_t{Mode: unix.S_IFDIR | test.mode, Uid: owner}
		if got := trusted(&dir, test.who, caller); got != test.expected {
			t.Errorf("mode %o, user %d: %v", test.mode, test.who, got)
		}
	}
}

// Swapping directories during Replace does not redirect it.
func TestReplaceDuringRenames(t *testing.T) {
	s, secret := newSticky(t), t.TempDir()
	if err := os.Mkdir(s.path("mine"), 0o700); err != nil {
		t.Fatal(err)
	}
	symlink(t, secret, s.path("theirs"))
	caller := giveAway(t, s.path("theirs"))
	done := make(chan struct{})
	var swapping sync.WaitGroup
	swapping.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				if err := unix.Renameat2(unix.AT_FDCWD, s.path("mine"), unix.AT_FDCWD, s.path("theirs"), unix.RENAME_EXCHANGE); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	succeeded := 0
	for range 3000 {
		err := replaceAs(caller, s.path("mine/rules"), []byte("x"))
		switch {
		case err == nil:
			succeeded++
		case !errors.Is(err, fs.ErrPermission):
			t.Error(err)
		}
	}
	close(done)
	swapping.Wait()
	onlyFiles(t, secret)
	if succeeded == 0 || succeeded == 3000 {
		t.Errorf("%d of 3000 succeeded: nothing was swapped", succeeded)
	}
}

// Concurrent calls for one file succeed, and the file has the content of one of them.
func TestReplaceConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules")
	var wait sync.WaitGroup
	for _, content := range []string{"one", "two", "three"} {
		wait.Go(func() {
			for range 200 {
				if err := Replace(path, []byte(content)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	onlyFiles(t, filepath.Dir(path), "rules")
}
