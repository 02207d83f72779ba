// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"path/filepath"
	"strings"
)

// Sysctl returns the value of the sysctl net.ipv4.vs.NAME, without white space. It is not
// ok if there is none, or if it cannot be read. root is the root directory of the machine.
func Sysctl(root, name string) (value string, ok bool) {
	b, err := os.ReadFile(filepath.Join(root, "/proc/sys/net/ipv4/vs", name))
	return strings.TrimSpace(string(b)), err == nil
}
