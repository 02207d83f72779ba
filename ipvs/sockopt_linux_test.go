// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

const userNamespaceEnv = "IPVS_USER_NAMESPACE"

// Root of a user namespace has the IPVS of its network namespace: the test runs itself there.
func TestSockoptsInUserNamespace(t *testing.T) {
	if os.Getenv(userNamespaceEnv) == "1" {
		testInUserNamespace(t)
		return
	}
	if os.Getenv("IPVS_KERNEL") != "1" {
		t.Skip("needs the kernel's ip_vs")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestSockoptsInUserNamespace$", "-test.v")
	cmd.Env = append(os.Environ(), userNamespaceEnv+"=1")
	root := []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: root, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestSockoptsInUserNamespace") {
		t.Errorf("%v\n%s", err, out)
	}
}

func testInUserNamespace(t *testing.T) {
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	netlink, err := ipvs.Dial()
	must(t, err)
	defer func() { _ = netlink.Close() }()
	if _, err := netlink.Info(); !errors.Is(err, syscall.EPERM) {
		t.Errorf("netlink: got %v", err)
	}
	// With two processors a large table is read over two connections of netlink, if that is allowed.
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 2))
	for _, options := range [][]ipvs.Option{{ipvs.SockoptFallback()}, {ipvs.RawSyscalls(), ipvs.SockoptFallback()}} {
		c, err := ipvs.Dial(options...)
		must(t, err)
		trySockopts(t, c)
		must(t, c.Close())
	}
}

// ticksPerSecond is HZ of the kernel.
func ticksPerSecond(t *testing.T) uint32 {
	t.Helper()
	var tick unix.Timespec
	must(t, unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &tick))
	return uint32((1_000_000_000 + tick.Nano()/2) / tick.Nano())
}
