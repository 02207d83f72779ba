// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
)

// sysctlDirectories have the files of sysctl.d(5). A file hides those with its name in later
// directories.
var sysctlDirectories = []string{"etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d", "lib/sysctl.d"}

// Configured returns the settings of IPVS that files of sysctl.d(5) set at boot, sorted by
// name. They are for the network namespace of the first process: in another one it returns
// none.
func (m *Machine) Configured() ([]diagnose.Configured, error) {
	if first, err := m.inFirstNamespace(); err == nil && !first {
		return nil, nil
	}
	files, err := m.sysctlFiles()
	if err != nil {
		return nil, err
	}
	byName := map[string]diagnose.Configured{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text, err := m.read(files[name])
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			if c, ok := configuredBy(line); ok {
				c.File = "/" + files[name]
				byName[c.Name] = c
			}
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b diagnose.Configured) int { return strings.Compare(a.Name, b.Name) }), nil
}

// sysctlFiles returns the paths of the files of sysctl.d(5) by their names. One that is no
// regular file, such as a link to /dev/null, only hides others.
func (m *Machine) sysctlFiles() (map[string]string, error) {
	files, hidden := map[string]string{}, map[string]bool{}
	for _, directory := range sysctlDirectories {
		entries, err := os.ReadDir(filepath.Join(m.Root, directory))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, readError(directory, err)
		}
		for _, entry := range entries {
			name := entry.Name()
			if path.Ext(name) != ".conf" || hidden[name] {
				continue
			}
			hidden[name] = true
			if info, err := os.Stat(filepath.Join(m.Root, directory, name)); err == nil && info.Mode().IsRegular() {
				files[name] = path.Join(directory, name)
			}
		}
	}
	return files, nil
}

// configuredBy returns the setting of IPVS that a line sets. The name may have slashes in
// place of dots, and a dash before it, which makes errors harmless.
func configuredBy(line string) (c diagnose.Configured, ok bool) {
	name, value, found := strings.Cut(strings.TrimSpace(line), "=")
	name = strings.ReplaceAll(strings.TrimSpace(strings.TrimPrefix(name, "-")), "/", ".")
	c.Name, ok = strings.CutPrefix(name, sysctl.Prefix)
	c.Value = strings.Join(strings.Fields(value), " ")
	return c, ok && found
}
