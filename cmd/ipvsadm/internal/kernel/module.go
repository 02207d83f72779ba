// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/mdlayher/genetlink"
)

// ModuleLoaded tells whether the kernel has IPVS, as a loaded module or built in. It does
// not load the module. The error says that it cannot tell.
func ModuleLoaded() (bool, error) { return hasIPVS("/proc/self/net", listFamilies) }

// hasIPVS looks for IPVS in netDir. If that directory is missing, it looks in the list of
// generic netlink families, because asking for the family itself would make the kernel
// load the module. netDir is below /proc/self, since a sandbox may have no /proc/net.
func hasIPVS(netDir string, families func() ([]genetlink.Family, error)) (bool, error) {
	if _, err := os.Stat(netDir); err == nil {
		_, err := os.Stat(netDir + "/ip_vs")
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return err == nil, nil
		}
	}
	all, err := families()
	if err != nil {
		return false, fmt.Errorf("cannot determine whether IPVS is available: %w", err)
	}
	return slices.ContainsFunc(all, func(f genetlink.Family) bool { return f.Name == "IPVS" }), nil
}

func listFamilies() ([]genetlink.Family, error) {
	conn, err := genetlink.Dial(nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	return conn.ListFamilies()
}

// LoadModule loads the module of IPVS. It returns no error, because the next Dial does,
// and false if there is nothing to load it with, as in many containers, where another
// Dial would find the same.
func LoadModule() (tried bool) {
	if _, err := os.Stat(modprobePath); err != nil {
		return false
	}
	_ = modprobe("--", "ip_vs").Run()
	return true
}

// UnloadModules unloads the module of IPVS and those that use it. It is no error if the
// module is not loaded.
func UnloadModules() error {
	loaded, err := os.ReadFile("/proc/modules")
	if err != nil {
		return err
	}
	modules := moduleUsers("ip_vs", string(loaded))
	if modules == nil {
		return nil
	}
	if output, err := modprobe(append([]string{"-r", "--"}, modules...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot unload the modules: %s", bytes.TrimSpace(fmt.Appendf(output, " %v", err)))
	}
	return nil
}

// moduleUsers returns the modules that use a module, then the module itself, in the
// order in which they can be unloaded. loaded is the content of /proc/modules. It returns
// nil if the module is not loaded.
func moduleUsers(module, loaded string) []string {
	for line := range strings.Lines(loaded) {
		// name size references user,user,... state address
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[0] != module {
			continue
		}
		users := strings.FieldsFunc(fields[3], func(r rune) bool { return r == ',' || r == '-' })
		return append(users, module)
	}
	return nil
}

const modprobePath = "/sbin/modprobe"

func modprobe(words ...string) *exec.Cmd {
	cmd := exec.Command(modprobePath, words...)
	cmd.Env = []string{}
	return cmd
}
