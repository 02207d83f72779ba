package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/genetlink"
	"golang.org/x/sys/unix"
)

// errNotPermitted is what the kernel says to a caller without CAP_NET_ADMIN.
const errNotPermitted = unix.EPERM

// dialKernel connects to the kernel's IPVS.
func dialKernel() (*ipvs.Client, error) {
	client, err := ipvs.DialAlone()
	if errors.Is(err, ipvs.ErrNoIPVS) && !mayAdministrate() {
		err = fmt.Errorf("%w: %w", errNotPermitted, err)
	}
	return client, err
}

// mayAdministrate tells whether a missing IPVS is not to be blamed on the caller.
// The original then falls back to an older interface, on a raw socket; but what
// IPVS needs is another capability, and that is all a sandbox may have. Who has
// both, yet no raw socket, is root in a namespace that is not the network's.
func mayAdministrate() bool {
	capabilities, err := effectiveCapabilities()
	if err != nil {
		return mayUseRawSockets()
	}
	return has(capabilities, unix.CAP_NET_ADMIN) && (!has(capabilities, unix.CAP_NET_RAW) || mayUseRawSockets())
}

func has(capabilities uint64, capability int) bool { return capabilities&(1<<capability) != 0 }

// effectiveCapabilities are those of the calling thread; see capget(2).
func effectiveCapabilities() (uint64, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	err := unix.Capget(&header, &data[0])
	return uint64(data[1].Effective)<<32 | uint64(data[0].Effective), err
}

func mayUseRawSockets() bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err == nil {
		_ = unix.Close(fd)
	}
	return !errors.Is(err, unix.EPERM)
}

// moduleLoaded tells whether the kernel has IPVS, as a module or built in.
func moduleLoaded() (bool, error) { return hasIPVS("/proc/self/net", listFamilies) }

// hasIPVS looks for IPVS below the directory of the network namespace in /proc, and
// without one in a list of the families of generic netlink: to ask for the family
// itself would make the kernel load the module. Where a sandbox shows only
// processes in /proc, there is no /proc/net, but /proc/self/net.
func hasIPVS(netDir string, families func() ([]genetlink.Family, error)) (bool, error) {
	if _, err := os.Stat(netDir); err == nil {
		_, err := os.Stat(netDir + "/ip_vs")
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return err == nil, nil
		}
	}
	all, err := families()
	if err != nil {
		return false, fmt.Errorf("cannot tell whether IPVS is there: %w", err)
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

// loadModule loads the module of IPVS. Without a modprobe, or a module, the next
// try to connect tells.
func loadModule() {
	_ = modprobe("--", "ip_vs").Run()
}

// unloadModules unloads the module of IPVS with those that use it, if it is loaded.
func unloadModules() error {
	loaded, err := os.ReadFile("/proc/modules")
	if err != nil {
		return err
	}
	modules := usersOf("ip_vs", string(loaded))
	if modules == nil {
		return nil
	}
	if said, err := modprobe(append([]string{"-r", "--"}, modules...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("cannot unload the modules: %s", bytes.TrimSpace(fmt.Appendf(said, " %v", err)))
	}
	return nil
}

// usersOf reads in /proc/modules which modules use one; it is itself the last. If
// it is not loaded there are none.
func usersOf(module, loaded string) []string {
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

func modprobe(words ...string) *exec.Cmd {
	cmd := exec.Command("/sbin/modprobe", words...)
	cmd.Env = []string{}
	return cmd
}
