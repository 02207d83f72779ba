// SPDX-License-Identifier: Apache-2.0

// Package facts reads from the kernel what package diagnose checks. It loads no module and
// changes nothing, and only WhoHas sends packets.
package facts

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Machine is a diagnose.Facts of the network namespace of the calling thread.
type Machine struct {
	Network
	Root string // the directory that holds /proc
	// Client reads the table. It is nil on a real server, and if IPVS denies permission.
	Client *ipvs.Client

	installed *kernel.Modules // nil until it is read
}

// errNotPermitted says what is missing without CAP_NET_ADMIN.
var errNotPermitted = errors.New("that needs the capability CAP_NET_ADMIN")

// Table returns the services with their servers, in the order of listings. Without
// permission, it returns what /proc tells everybody.
func (m *Machine) Table() (ipvs.Table, error) {
	table, err := m.readTable()
	table.Sort()
	return table, err
}

func (m *Machine) readTable() (ipvs.Table, error) {
	if m.Client != nil {
		return m.Client.Table()
	}
	ticks, err := kernel.TicksPerSecond()
	if err != nil {
		return nil, err
	}
	file, err := m.open("proc/thread-self/net/ip_vs")
	if err != nil {
		return nil, m.unlessMounted("proc", err)
	}
	defer func() { _ = file.Close() }()
	partial, err := ipvs.ReadPartialTable(file, ticks)
	return partial.Table, err
}

// Complete returns why Table lacks counters and thresholds, or nil.
func (m *Machine) Complete() error {
	if m.Client == nil {
		return errNotPermitted
	}
	return nil
}

// Daemons returns the sync daemons.
func (m *Machine) Daemons() ([]ipvs.Daemon, error) {
	if m.Client == nil {
		return nil, errNotPermitted
	}
	return m.Client.Daemons()
}

// Timeouts returns the timeouts of connections.
func (m *Machine) Timeouts() (ipvs.Timeouts, error) {
	if m.Client == nil {
		return ipvs.Timeouts{}, errNotPermitted
	}
	return m.Client.Timeouts()
}

// Setting returns the content of a file below /proc/sys.
func (m *Machine) Setting(path ...string) (string, error) {
	if slices.ContainsFunc(path, func(element string) bool { return strings.Contains(element, "/") || element == ".." }) {
		return "", fmt.Errorf("%q is not the name of a sysctl", path)
	}
	return m.line(filepath.Join(append([]string{"proc/sys"}, path...)...))
}

// Release returns the release of the kernel.
func (m *Machine) Release() (string, error) { return m.line("proc/sys/kernel/osrelease") }

// Modules returns the names of the loaded modules.
func (m *Machine) Modules() (names []string, err error) {
	text, err := m.read("proc/modules")
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, " ")
		names = append(names, name)
	}
	return names, err
}

// Managers returns the names of running programs that change the table by themselves.
func (m *Machine) Managers() ([]string, error) {
	const own = "proc/thread-self/ns/net"
	if _, err := os.Readlink(filepath.Join(m.Root, own)); err != nil {
		return nil, readError(own, err)
	}
	return kernel.Managers(m.Root), nil
}

// inFirstNamespace tells whether the thread is in the network namespace of the first process.
func (m *Machine) inFirstNamespace() (bool, error) {
	var links [2]string
	for i, path := range [...]string{"proc/1/ns/net", "proc/thread-self/ns/net"} {
		link, err := os.Readlink(filepath.Join(m.Root, path))
		if err != nil {
			return false, readError(path, err)
		}
		links[i] = link
	}
	return links[0] == links[1], nil
}

// unlessMounted returns the error of a file that may be missing. That is known only if the file
// system is mounted that would have it.
func (m *Machine) unlessMounted(directory string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries, readErr := os.ReadDir(filepath.Join(m.Root, directory))
	switch {
	case len(entries) > 0:
		return err
	case readErr != nil && !errors.Is(readErr, fs.ErrNotExist):
		return readError(directory, readErr)
	}
	return fmt.Errorf("/%s is not mounted", directory)
}

// line reads a file with one line, in which it makes blanks single.
func (m *Machine) line(path string) (string, error) {
	text, err := m.read(path)
	return strings.Join(strings.Fields(text), " "), err
}

// fileLimit bounds what is read of a file. Only /proc/net grows with the machine.
const fileLimit = 64 << 20

func (m *Machine) read(path string) (string, error) {
	file, err := m.open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(io.LimitReader(file, fileLimit))
	if err != nil {
		return "", readError(path, err)
	}
	return string(b), nil
}

func (m *Machine) open(path string) (*os.File, error) {
	file, err := os.Open(filepath.Join(m.Root, path))
	if err != nil {
		return nil, readError(path, err)
	}
	return file, nil
}

// readError says which file cannot be read.
func readError(path string, err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return fmt.Errorf("/%s: %w", path, err)
}
