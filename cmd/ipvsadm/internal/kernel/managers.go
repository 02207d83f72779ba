// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// managers are the programs that change the table of IPVS by themselves.
var managers = []string{"keepalived", "ldirectord", "kube-proxy", "kube-router"}

// Managers returns the names of running programs that change the table of the thread's
// network namespace by themselves. root is the root directory of the machine. A process whose
// namespace cannot be told does not count.
func Managers(root string) (running []string) {
	proc := filepath.Join(root, "/proc")
	own, err := os.Readlink(filepath.Join(proc, "thread-self/ns/net"))
	if err != nil {
		return nil
	}
	processes, _ := os.ReadDir(proc)
	for _, p := range processes {
		if strings.Trim(p.Name(), "0123456789") != "" {
			continue
		}
		name, err := os.ReadFile(filepath.Join(proc, p.Name(), "comm"))
		manager := strings.TrimSuffix(string(name), "\n")
		if err != nil || !slices.Contains(managers, manager) || slices.Contains(running, manager) {
			continue
		}
		if namespace, err := os.Readlink(filepath.Join(proc, p.Name(), "ns/net")); err == nil && namespace == own {
			running = append(running, manager)
		}
	}
	return running
}
