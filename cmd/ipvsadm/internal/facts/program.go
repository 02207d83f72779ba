// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// programTime is how long a program may take.
	programTime = 3 * time.Second
	// outputLimit is how much it may print. Ten thousand rules are about 5 MB of JSON.
	outputLimit = 16 << 20
)

// programDirectories are where programs for administrators are.
var programDirectories = [...]string{"usr/sbin", "sbin", "usr/bin"}

// program returns the path of an installed program, or "".
func (m *Machine) program(name string) string {
	for _, directory := range programDirectories {
		path := filepath.Join(m.Root, directory, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// output runs a program without an environment, and returns what it prints. It runs in the
// network namespace of the thread.
func output(path string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), programTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = []string{"LC_ALL=C"}, "/", programTime
	// It ends with all that it has started, and with this process.
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	stdout, stderr := limited{limit: outputLimit}, limited{limit: 4096, forgets: true}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	name := filepath.Base(path)
	switch {
	case stdout.over:
		return nil, fmt.Errorf("%s prints more than %d MB", name, outputLimit>>20)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s did not end in %d seconds", name, programTime/time.Second)
	case err != nil:
		reason, _, _ := strings.Cut(strings.TrimSpace(string(stderr.text)), "\n")
		if reason == "" {
			reason = err.Error()
		}
		return nil, fmt.Errorf("%s fails: %s", name, strings.TrimPrefix(reason, name+": "))
	}
	return stdout.text, nil
}

// limited keeps what is written, and fails when that is too much.
type limited struct {
	text  []byte
	limit int
	// forgets tells that what is too much is dropped instead.
	forgets, over bool
}

// fullError is an error without the cost of one at the start of the program.
type fullError struct{}

func (fullError) Error() string { return "too much output" }

func (l *limited) Write(b []byte) (int, error) {
	if len(l.text)+len(b) > l.limit {
		l.over = true
		if l.forgets {
			return len(b), nil
		}
		return 0, fullError{}
	}
	l.text = append(l.text, b...)
	return len(b), nil
}
