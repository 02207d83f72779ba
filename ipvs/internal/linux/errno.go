// SPDX-License-Identifier: Apache-2.0

// Package linux translates the error numbers of the Linux kernel. A fake of ip_vs runs on
// other systems, too, but its messages hold Linux's numbers.
package linux

import (
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// errno is an error that ip_vs, generic netlink or its socket can return.
type errno struct {
	number uint16        // Linux's number
	here   syscall.Errno // this system's number
	text   string        // of Linux's strerror
}

// errnos has the numbers of include/uapi/asm-generic/errno.h. Linux on mips, alpha, parisc
// and sparc has others, but Linux needs no translation.
var errnos = [...]errno{
	{1, syscall.EPERM, "Operation not permitted"},
	{2, syscall.ENOENT, "No such file or directory"},
	{3, syscall.ESRCH, "No such process"},
	{4, syscall.EINTR, "Interrupted system call"},
	{5, syscall.EIO, "Input/output error"},
	{6, syscall.ENXIO, "No such device or address"},
	{7, syscall.E2BIG, "Argument list too long"},
	{9, syscall.EBADF, "Bad file descriptor"},
	{11, syscall.EAGAIN, "Resource temporarily unavailable"},
	{12, syscall.ENOMEM, "Cannot allocate memory"},
	{13, syscall.EACCES, "Permission denied"},
	{14, syscall.EFAULT, "Bad address"},
	{16, syscall.EBUSY, "Device or resource busy"},
	{17, syscall.EEXIST, "File exists"},
	{19, syscall.ENODEV, "No such device"},
	{22, syscall.EINVAL, "Invalid argument"},
	{23, syscall.ENFILE, "Too many open files in system"},
	{24, syscall.EMFILE, "Too many open files"},
	{28, syscall.ENOSPC, "No space left on device"},
	{32, syscall.EPIPE, "Broken pipe"},
	{34, syscall.ERANGE, "Numerical result out of range"},
	{36, syscall.ENAMETOOLONG, "File name too long"},
	{38, syscall.ENOSYS, "Function not implemented"},
	{75, syscall.EOVERFLOW, "Value too large for defined data type"},
	{84, syscall.EILSEQ, "Invalid or incomplete multibyte or wide character"},
	{88, syscall.ENOTSOCK, "Socket operation on non-socket"},
	{89, syscall.EDESTADDRREQ, "Destination address required"},
	{90, syscall.EMSGSIZE, "Message too long"},
	{91, syscall.EPROTOTYPE, "Protocol wrong type for socket"},
	{92, syscall.ENOPROTOOPT, "Protocol not available"},
	{93, syscall.EPROTONOSUPPORT, "Protocol not supported"},
	{95, syscall.EOPNOTSUPP, "Operation not supported"},
	{97, syscall.EAFNOSUPPORT, "Address family not supported by protocol"},
	{98, syscall.EADDRINUSE, "Address already in use"},
	{99, syscall.EADDRNOTAVAIL, "Cannot assign requested address"},
	{100, syscall.ENETDOWN, "Network is down"},
	{101, syscall.ENETUNREACH, "Network is unreachable"},
	{103, syscall.ECONNABORTED, "Software caused connection abort"},
	{104, syscall.ECONNRESET, "Connection reset by peer"},
	{105, syscall.ENOBUFS, "No buffer space available"},
	{106, syscall.EISCONN, "Transport endpoint is already connected"},
	{107, syscall.ENOTCONN, "Transport endpoint is not connected"},
	{110, syscall.ETIMEDOUT, "Connection timed out"},
	{111, syscall.ECONNREFUSED, "Connection refused"},
	{113, syscall.EHOSTUNREACH, "No route to host"},
}

// unnamed is added to Linux's numbers that another system has no name for. No system has
// numbers as large, except Windows: its invented ones begin at 1<<29.
const unnamed = 1 << 28

// Errno returns this system's error for a number of Linux.
func Errno(number uint32) syscall.Errno {
	if runtime.GOOS == "linux" {
		return syscall.Errno(number)
	}
	return translate(number)
}

func translate(number uint32) syscall.Errno {
	if number == 0 {
		return 0
	}
	for i := range errnos {
		if uint32(errnos[i].number) == number {
			return errnos[i].here
		}
	}
	return unnamed + syscall.Errno(number)
}

// Number returns Linux's number for an error of this system. It is the inverse of Errno.
// An error that Linux does not have becomes EIO. 0, no error, stays 0 both ways.
func Number(e syscall.Errno) uint32 {
	if runtime.GOOS == "linux" {
		return uint32(e)
	}
	return translateBack(e)
}

func translateBack(e syscall.Errno) uint32 {
	const eio = 5
	if e == 0 {
		return 0
	}
	for i := range errnos {
		if errnos[i].here == e {
			return uint32(errnos[i].number)
		}
	}
	if isUnnamed(e) {
		return uint32(e - unnamed)
	}
	return eio
}

func isUnnamed(e syscall.Errno) bool { return e > unnamed && e < 2*unnamed }

// Text returns the text of Linux's strerror for an error of this system, which begins with
// a capital letter.
func Text(e syscall.Errno) string {
	for i := range errnos {
		if errnos[i].here == e {
			return errnos[i].text
		}
	}
	if isUnnamed(e) {
		return "Errno " + strconv.FormatUint(uint64(e-unnamed), 10)
	}
	text := e.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
