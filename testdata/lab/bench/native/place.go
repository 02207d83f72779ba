// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// place is where the programs run.
type place struct {
	root string
	null *os.File
	rule *os.File // what -R reads
}

func newPlace(root string) (*place, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "native")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, err
	}
	_, err = file.WriteString(rule)
	return &place{root, null, file}, err
}

func (p *place) has(program string) bool {
	_, err := os.Stat(filepath.Join(p.root, program))
	return err == nil
}

// process is what a process took.
type process struct {
	time     time.Duration
	faults   int64
	switches int64
}

// start runs a program and returns its exit status.
func (p *place) start(program, arguments string, out *os.File) (took process, status int, err error) {
	if _, err := p.rule.Seek(0, io.SeekStart); err != nil {
		return process{}, 0, err
	}
	attr := &syscall.ProcAttr{
		Dir: "/", Env: []string{"PATH=/usr/sbin:/usr/bin", "LANG=C.UTF-8"},
		Files: []uintptr{p.rule.Fd(), out.Fd(), out.Fd()}, Sys: &syscall.SysProcAttr{Chroot: p.root},
	}
	var end syscall.WaitStatus
	var usage syscall.Rusage
	begin := time.Now()
	pid, err := syscall.ForkExec(program, append([]string{program}, strings.Fields(arguments)...), attr)
	if err != nil {
		return process{}, 0, fmt.Errorf("%s: %w", program, err)
	}
	for {
		if _, err = syscall.Wait4(pid, &end, 0, &usage); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	took = process{time.Since(begin), usage.Minflt, usage.Nvcsw + usage.Nivcsw}
	return took, end.ExitStatus(), err
}

// output runs a program and returns what it prints.
func (p *place) output(program, arguments string) (text string, status int, err error) {
	file, err := os.CreateTemp("", "native")
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) }()
	if _, status, err = p.start(program, arguments, file); err != nil {
		return "", 0, err
	}
	b, err := os.ReadFile(file.Name())
	return string(bytes.TrimSpace(b)), status, err
}

// hasIPVS tells whether the kernel has ip_vs. Both programs must say the same, and so do the
// same.
func (p *place) hasIPVS() (bool, error) {
	for _, command := range commands {
		if err := p.empty(); err != nil {
			return false, err
		}
		theirs, theirStatus, err := p.output(original, command)
		if err != nil {
			return false, err
		}
		if err := p.empty(); err != nil {
			return false, err
		}
		text, status, err := p.output(ours, command)
		switch missing := strings.Contains(theirs, "Can't initialize ipvs: Protocol not available"); {
		case err != nil:
			return false, err
		case text != theirs || status != theirStatus:
			return false, fmt.Errorf("%s: ours ends with status %d and %q, the original with %d and %q", command, status, text, theirStatus, theirs)
		case missing:
			return false, nil
		case status != 0:
			return false, fmt.Errorf("%s: status %d: %s", command, status, text)
		}
	}
	return true, nil
}

// empty deletes what the last command has added, if there is IPVS.
func (p *place) empty() error {
	_, _, err := p.start(original, "-C", p.null)
	return err
}

// race runs the programs by turns, each time in another order, and returns what each took.
func (p *place) race(programs []string, arguments string, empty bool) ([][]process, error) {
	took := make([][]process, len(programs))
	for run := range *runs {
		for turn := range programs {
			if empty {
				if err := p.empty(); err != nil {
					return nil, err
				}
			}
			i := (run*(run+1)/2 + turn) % len(programs)
			if run%2 == 1 {
				i = len(programs) - 1 - i
			}
			one, _, err := p.start(programs[i], arguments, p.null)
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], one)
		}
	}
	return took, nil
}

func median[T int64 | time.Duration](all []process, of func(process) T) T {
	return quantile(all, of, 1, 2)
}

func quantile[T int64 | time.Duration](all []process, of func(process) T, n, parts int) T {
	values := make([]T, len(all))
	for i := range all {
		values[i] = of(all[i])
	}
	slices.Sort(values)
	return values[len(values)*n/parts]
}
