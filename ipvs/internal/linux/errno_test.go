// SPDX-License-Identifier: Apache-2.0

package linux

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// maxNumber is the largest number of an error that the kernel returns: MAX_ERRNO.
const maxNumber = 4095

func TestNumbersThereAndBack(t *testing.T) {
	for number := range uint32(maxNumber + 1) {
		if back := Number(Errno(number)); back != number {
			t.Errorf("%d became %d", number, back)
		}
		if back := translateBack(translate(number)); back != number {
			t.Errorf("translated: %d became %d", number, back)
		}
	}
}

func TestTranslationIsUnambiguous(t *testing.T) {
	seen := map[syscall.Errno]uint32{}
	for number := range uint32(maxNumber + 1) {
		e := translate(number)
		if other, found := seen[e]; found {
			t.Errorf("%d and %d are both errno %d", other, number, e)
		}
		seen[e] = number
	}
}

// Errors by name mean the same on every system.
func TestErrnosMatchErrorsOfOtherPackages(t *testing.T) {
	for _, tc := range []struct {
		number uint32
		want   error
	}{
		{1, fs.ErrPermission}, {13, fs.ErrPermission}, {2, fs.ErrNotExist}, {17, fs.ErrExist}, {38, errors.ErrUnsupported},
		{3, syscall.ESRCH}, {105, syscall.ENOBUFS}, {90, syscall.EMSGSIZE},
	} {
		if e := translate(tc.number); !errors.Is(e, tc.want) {
			t.Errorf("%d is errno %d, which is not %q", tc.number, e, tc.want)
		}
	}
}

func TestErrorWithoutNumberBecomesEIO(t *testing.T) {
	if number := translateBack(unnamed - 1); number != 5 {
		t.Errorf("got %d", number)
	}
}

func TestTexts(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.ERANGE: "Numerical result out of range", syscall.ENODEV: "No such device", unnamed + 4095: "Errno 4095",
	} {
		if got := Text(errno); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for number := range uint32(maxNumber + 1) {
		if text := Text(Errno(number)); text == "" || strings.ToUpper(text[:1]) != text[:1] {
			t.Errorf("%d: got %q", number, text)
		}
	}
}
