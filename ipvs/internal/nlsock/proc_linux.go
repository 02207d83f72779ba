// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"errors"
	"io"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// procNet has the files of the thread's network namespace. /proc/net has those of the
// process, that is of its main thread.
const procNet = "/proc/thread-self/net/"

// OpenProc opens a file of /proc/net in the network namespace of the socket. The file
// keeps showing that namespace, whichever thread reads it.
func (s *Socket) OpenProc(name string) (io.ReadCloser, error) {
	var file *os.File
	err := s.InNamespace(func() (err error) {
		file, err = openProcFile(procNet + name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.rawSyscalls {
		return &rawFile{file}, nil
	}
	return file, nil
}

var errNotProcfs = errors.New("not a file of procfs")

// openProcFile opens a file of procfs. Where another file system is mounted on /proc, its
// files may block or tell anything.
func openProcFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	var system unix.Statfs_t
	if err = unix.Fstatfs(int(file.Fd()), &system); err == nil && system.Type != unix.PROC_SUPER_MAGIC {
		err = errNotProcfs
	}
	if err != nil {
		_ = file.Close()
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return file, nil
}

// rawFile is a file of /proc that is read with raw system calls. Reads of such files
// never wait.
type rawFile struct{ file *os.File }

func (f *rawFile) Close() error { return f.file.Close() }

func (f *rawFile) Read(b []byte) (int, error) {
	fd := f.file.Fd()
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		switch {
		case errno == syscall.EINTR:
		case errno != 0:
			return 0, os.NewSyscallError("read", errno)
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		default:
			return int(n), nil
		}
	}
}
