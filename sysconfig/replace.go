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

// newFileMode is the mode of a file that was not there before: rules tell what
// is behind a director.
const newFileMode fs.FileMode = 0o600

// Replace gives a file new content, whole or not at all: at any moment, and
// after a crash, the file is the old one or the new one. A file that exists
// keeps its mode, its owner and its extended attributes, such as access control
// lists; a new one has the mode 0600. Symbolic links are followed, so they stay
// links.
//
// In a sticky directory that others may write to, such as /tmp, a symbolic link
// or a file that belongs neither to the caller nor to the directory's owner is
// refused with an error that is fs.ErrPermission.
//
// It writes a temporary file in the same directory, so that directory must be
// writable. A temporary file that somebody who was killed has left there goes
// after an hour, with the next replacement. What is no regular file, such as a
// device, is refused.
func Replace(path string, content []byte) error {
	return replaceAs(uint32(os.Geteuid()), path, content)
}

// replaceAs is Replace for a caller with this effective user id.
func replaceAs(euid uint32, path string, content []byte) error {
	p, err := findPlace(path, euid)
	if err != nil {
		return err
	}
	defer p.close()
	// The directory to read and to sync.
	fd, err := open(p.dir, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return p.failed(err)
	}
	dir := os.NewFile(uintptr(fd), path)
	defer func() { _ = dir.Close() }()
	p.removeUnfinished(dir)
	temporary, err := p.createTemporary()
	if err != nil {
		return p.failed(err)
	}
	err = p.fill(temporary.file, content)
	if err == nil {
		err = p.failed(unix.Renameat(p.dir, temporary.name, p.dir, p.name))
	}
	if err != nil {
		return errors.Join(err, p.failed(unix.Unlinkat(p.dir, temporary.name, 0)))
	}
	return dir.Sync()
}

// unfinished is how the names of temporary files begin.
// There must be room for the rest, as a name has 255 bytes at most.
func (p *place) unfinished() string {
	return "." + p.name[:min(len(p.name), 200)] + ".unfinished-"
}

// removeUnfinished removes what was left by those who were killed an hour ago or
// more. It does not matter if it cannot.
func (p *place) removeUnfinished(dir *os.File) {
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return
	}
	for _, name := range names {
		if !strings.HasPrefix(name, p.unfinished()) {
			continue
		}
		var found unix.Stat_t
		if unix.Fstatat(p.dir, name, &found, unix.AT_SYMLINK_NOFOLLOW) != nil || found.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if time.Since(time.Unix(found.Mtim.Unix())) > time.Hour {
			_ = unix.Unlinkat(p.dir, name, 0)
		}
	}
}

// temporaryFile is the new file before it has its name.
type temporaryFile struct {
	file *os.File
	name string
}

// createTemporary creates a file that nobody else has had a hand in.
func (p *place) createTemporary() (temporaryFile, error) {
	for try := 0; ; try++ {
		name := p.unfinished() + strconv.FormatUint(uint64(rand.Uint32()), 10)
		fd, err := open(p.dir, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, uint32(newFileMode))
		if errors.Is(err, unix.EEXIST) && try < 1000 {
			continue
		}
		if err != nil {
			return temporaryFile{}, err
		}
		return temporaryFile{os.NewFile(uintptr(fd), p.path), name}, nil
	}
}

// fill writes the temporary file to the disk and closes it. It gets the mode and,
// if there is an old file, what that has besides. The owner comes last: another
// one's file could not be changed any more without more rights.
func (p *place) fill(f *os.File, content []byte) (err error) {
	defer func() { err = errors.Join(err, f.Close()) }()
	mode := newFileMode
	if p.old != nil {
		mode = fs.FileMode(p.old.stat.Mode).Perm()
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if p.old != nil {
		if err := errors.Join(p.copyAttributes(f), giveTo(f, &p.old.stat)); err != nil {
			return err
		}
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

// giveTo gives a new file the owner of an old one. That it has already needs no
// right to change owners.
func giveTo(f *os.File, old *unix.Stat_t) error {
	var now unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &now); err != nil {
		return &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	if now.Uid == old.Uid && now.Gid == old.Gid {
		return nil
	}
	return f.Chown(int(old.Uid), int(old.Gid))
}
