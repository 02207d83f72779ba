// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"io"
	"path"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// Modules are the parts of IPVS that the running kernel has as modules or built in. The
// zero value knows none.
type Modules struct {
	names    map[string]bool
	complete bool // no other modules exist
}

// Has tells whether the kernel has a module, which need not be loaded.
func (m Modules) Has(name string) bool { return m.names[name] }

// Lacks tells whether the kernel certainly lacks a module.
func (m Modules) Lacks(name string) bool { return m.complete && !m.names[name] }

// ReadModules reads the lists of modules below the root directory of a machine. A
// container may have none of them, and then nothing is certain. It needs no privilege and
// loads nothing.
func ReadModules(root string) Modules {
	m := Modules{names: map[string]bool{}}
	loaded, _ := readFile(root, "/proc/modules")
	for line := range strings.Lines(loaded) {
		name, _, _ := strings.Cut(line, " ")
		m.add(name)
	}
	release, err := readFile(root, "/proc/sys/kernel/osrelease")
	if err != nil {
		return m
	}
	dir := path.Join("/lib/modules", strings.TrimSpace(release))
	builtIn, builtInErr := readFile(root, path.Join(dir, "modules.builtin"))
	installed, installedErr := readFile(root, path.Join(dir, "modules.dep"))
	for _, list := range []string{builtIn, installed} {
		for line := range strings.Lines(list) {
			// kernel/net/netfilter/ipvs/ip_vs_rr.ko.xz: and what it depends on
			file, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			name, _, _ := strings.Cut(path.Base(file), ".ko")
			m.add(strings.ReplaceAll(name, "-", "_"))
		}
	}
	m.complete = builtInErr == nil && installedErr == nil
	return m
}

func (m Modules) add(name string) {
	if strings.HasPrefix(name, "ip_vs_") {
		m.names[name] = true
	}
}

func readFile(root, path string) (string, error) {
	file, err := sysconfig.Open(root, path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(file)
	return string(b), err
}
