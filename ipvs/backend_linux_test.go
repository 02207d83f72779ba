// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
	"golang.org/x/sys/unix"
)

func kernelWorld(t *testing.T) *world {
	enterNamespace(t)
	return &world{
		dial:        func() (*ipvs.Client, error) { return ipvs.Dial() },
		socket:      func() (nlsock.Transport, error) { return nlsock.Open(&nlsock.Config{}) },
		leave:       enterNamespace,
		unload:      unloadModules,
		load:        loadModule,
		connTabSize: procConnTabSize,
		drop:        dropNetAdmin,
	}
}

// This keeps the main thread for the main goroutine. Go ends any other thread with the
// test that is locked to it, and with the thread the test's namespace.
func init() { runtime.LockOSThread() }

// unloadModules unloads ip_vs and the modules that use it. It waits for the namespaces
// of tests that have just ended.
func unloadModules(t *testing.T) {
	t.Helper()
	c, err := ipvs.Dial()
	must(t, err)
	must(t, errors.Join(c.Flush(), c.Close()))
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		modules, err := filepath.Glob("/sys/module/ip_vs*")
		must(t, err)
		for _, module := range slices.Backward(modules) {
			_ = exec.Command("rmmod", filepath.Base(module)).Run() // ip_vs is the last one
		}
		if _, err := os.Stat("/sys/module/ip_vs"); errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
	t.Fatal("ip_vs cannot be unloaded")
}

func loadModule(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("modprobe", "ip_vs").CombinedOutput(); err != nil {
		t.Fatalf("modprobe: %v\n%s", err, out)
	}
}

// procConnTabSize reads the size from the titles of /proc/net/ip_vs, which end with
// "(size=4096)" and the like.
func procConnTabSize(t *testing.T) uint32 {
	t.Helper()
	titles, err := os.ReadFile("/proc/thread-self/net/ip_vs")
	must(t, err)
	_, after, _ := bytes.Cut(titles, []byte("(size="))
	digits, _, _ := bytes.Cut(after, []byte(")"))
	size, err := strconv.ParseUint(string(digits), 10, 32)
	must(t, err)
	return uint32(size)
}

// enterNamespace moves the test to a fresh network namespace.
func enterNamespace(t *testing.T) {
	t.Helper()
	links, err := netns.Enter()
	must(t, err)
	defer links.Close()
	must(t, links.AddDummy("eth0", 0))
	must(t, links.AddAddresses("eth0", "192.0.2.1/24", "2001:db8::1/64", linkLocal+"/64"))
}

// dropNetAdmin drops CAP_NET_ADMIN of this thread.
func dropNetAdmin(t *testing.T) {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		t.Fatal(err)
	}
	data[0].Effective &^= 1 << unix.CAP_NET_ADMIN
	if err := unix.Capset(&header, &data[0]); err != nil {
		t.Fatal(err)
	}
}
