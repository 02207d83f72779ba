// SPDX-License-Identifier: Apache-2.0

// Package setup tests the scripts that prepare a machine for the demonstration and the tests, with programs in the place
// of apt, sudo and qemu that note how they are called.
package setup

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// result is what a command printed, on both files, and its exit status.
type result struct {
	output string
	status int
}

// machine is a directory with copies of our scripts, and the programs that those find in PATH.
type machine struct {
	t         *testing.T
	top, bin  string
	variables []string
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, top: t.TempDir(), bin: t.TempDir()}
	for _, name := range []string{
		"awk", "basename", "bash", "cat", "chmod", "cksum", "cmp", "cp", "cut", "date", "dirname", "du", "echo", "env",
		"find", "flock", "fold", "grep", "gzip", "head", "install", "ln", "ls", "make", "mkdir", "mktemp", "mv", "printf", "readlink",
		"realpath", "rm", "sed", "setpriv", "sh", "sleep", "sort", "stat", "tail", "tar", "tee", "test", "timeout", "touch", "tr", "true", "xargs",
	} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(m.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	m.program("id", "echo 0")
	m.program("cpio", "cat") // is not on every machine
	return m
}

// copies takes files of the repository along, to the same place.
func (m *machine) copies(names ...string) {
	m.t.Helper()
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join("../../..", name))
		if err != nil {
			m.t.Fatal(err)
		}
		m.file(name, string(data))
	}
}

// file writes a file that can be run.
func (m *machine) file(name, text string) string {
	m.t.Helper()
	path := filepath.Join(m.top, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
	return path
}

// program puts a shell script into PATH.
func (m *machine) program(name, script string) {
	m.t.Helper()
	path := filepath.Join(m.bin, name)
	// It may be a link to the program of the system, which would be overwritten.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/bash\n"+script+"\n"), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// noted is like program; the program also adds its name and words to the file "calls" before.
func (m *machine) noted(name, script string) {
	m.program(name, `echo "`+name+` $*" >>`+m.top+"/calls\n"+script)
}

func (m *machine) run(words ...string) result {
	m.t.Helper()
	command := exec.Command(filepath.Join(m.bin, words[0]), words[1:]...)
	command.Dir = m.top
	command.Env = append([]string{"PATH=" + m.bin, "HOME=" + m.top}, m.variables...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	return result{output.String(), command.ProcessState.ExitCode()}
}

// calls are the lines that the noted programs left.
func (m *machine) calls() string {
	data, err := os.ReadFile(filepath.Join(m.top, "calls"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.t.Fatal(err)
	}
	return string(data)
}

func (r result) mustFail(t *testing.T, status int) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d:\n%s", r.status, status, r.output)
	}
}

func (r result) mustSay(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.output, text) {
			t.Errorf("does not say %q:\n%s", text, r.output)
		}
	}
}

func (r result) mustNotSay(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(r.output, text) {
			t.Errorf("says %q:\n%s", text, r.output)
		}
	}
}
