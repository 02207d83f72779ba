// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// newFileMode is the mode of new files. It is private because rules reveal the servers
// behind a director.
const newFileMode fs.FileMode = 0o600

// Replace writes a file, whole or not at all: at any moment, and after a crash, the
// file is the old one or the new one. An existing file keeps its mode, owner and
// extended attributes, such as access control lists. A new file has the mode 0600.
// Replace follows symbolic links, so they stay links.
//
// In a sticky directory that others may write to, such as /tmp, Replace refuses a
// symbolic link or a file that belongs neither to the caller nor to the directory's
// owner, with an error that is fs.ErrPermission. It also refuses anything but regular
// files, such as a device.
//
// Replace writes a temporary file in the same directory, so that directory must be
// writable. If a process is killed before it has renamed its temporary file, a later
// Replace of the same file removes the temporary file once it is an hour old.
func Replace(path string, content []byte) error {
	return replaceAs(uint32(os.Geteuid()), path, content)
}

// replaceAs is Replace for a caller with an effective user ID.
func replaceAs(euid uint32, path string, content []byte) error {
	t, err := resolveTarget(path, euid)
	if err != nil {
		return err
	}
	defer t.close()
	// O_PATH descriptors can neither be read nor synced.
	fd, err := open(t.dir, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return t.pathError(err)
	}
	dir := os.NewFile(uintptr(fd), path)
	defer func() { _ = dir.Close() }()
	t.removeStaleTemps(dir)
	temp, err := t.createTemp()
	if err != nil {
		return t.pathError(err)
	}
	err = t.writeTemp(temp.file, content)
	if err == nil {
		err = t.pathError(unix.Renameat(t.dir, temp.name, t.dir, t.name))
	}
	if err != nil {
		return errors.Join(err, t.pathError(unix.Unlinkat(t.dir, temp.name, 0)))
	}
	return dir.Sync()
}

// tempPrefix returns the beginning of the names of temporary files. It leaves room for
// the rest of a name, which has at most 255 bytes.
func (t *target) tempPrefix() string {
	return "." + t.name[:min(len(t.name), 200)] + ".unfinished-"
}

// removeStaleTemps removes temporary files that are more than an hour old, the
// leftovers of killed processes. It ignores errors.
func (t *target) removeStaleTemps(dir *os.File) {
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return
	}
	for _, name := range names {
		if !strings.HasPrefix(name, t.tempPrefix()) {
			continue
		}
		var found unix.Stat_t
		if unix.Fstatat(t.dir, name, &found, unix.AT_SYMLINK_NOFOLLOW) != nil || found.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if time.Since(time.Unix(found.Mtim.Unix())) > time.Hour {
			_ = unix.Unlinkat(t.dir, name, 0)
		}
	}
}

// tempFile is the new file under its temporary name.
type tempFile struct {
	file *os.File
	name string
}

// createTemp creates a temporary file under a name that is not in use.
func (t *target) createTemp() (tempFile, error) {
	for try := 0; ; try++ {
		name := t.tempPrefix() + strconv.FormatUint(uint64(rand.Uint32()), 10)
		fd, err := open(t.dir, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, uint32(newFileMode))
		if errors.Is(err, unix.EEXIST) && try < 1000 {
			continue
		}
		if err != nil {
			return tempFile{}, err
		}
		return tempFile{os.NewFile(uintptr(fd), t.path), name}, nil
	}
}

// writeTemp writes the temporary file to the disk and closes it. The file gets the
// mode, extended attributes and owner of the old file, if there is one. Mode and
// attributes come before the owner: once given away, the file may no longer be
// changeable.
func (t *target) writeTemp(f *os.File, content []byte) (err error) {
	defer func() { err = errors.Join(err, f.Close()) }()
	mode := newFileMode
	if t.old != nil {
		mode = fs.FileMode(t.old.stat.Mode).Perm()
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if t.old != nil {
		if err := errors.Join(t.copyXattrs(f), chownLike(f, &t.old.stat)); err != nil {
			return err
		}
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

// chownLike gives a new file the owner and group of an old one. If the new file has
// them already, this needs no privileges.
func chownLike(f *os.File, old *unix.Stat_t) error {
	var now unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &now); err != nil {
		return &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	if now.Uid == old.Uid && now.Gid == old.Gid {
		return nil
	}
	return f.Chown(int(old.Uid), int(old.Gid))
}
