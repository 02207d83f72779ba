// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"path/filepath"
	"strings"
)

// IsSet tells whether the sysctl net.ipv4.vs.NAME is a number other than 0. It is false if
// there is no such sysctl, or if it cannot be read. root is the root directory of the
// machine.
func IsSet(root, name string) bool {
	value, err := os.ReadFile(filepath.Join(root, "/proc/sys/net/ipv4/vs", name))
	return err == nil && strings.Trim(string(value), "0 \n") != ""
}
