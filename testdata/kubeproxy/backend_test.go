// SPDX-License-Identifier: Apache-2.0

package kubeproxy_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/ipvsadm-go/ipvsadm/testdata/kubeproxy"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

// backend is an adapter, and its client, with a table of its own that is empty at first.
type backend struct {
	kubeproxy.Interface
	client *ipvs.Client
}

// onEveryBackend runs a test on the fake and, with IPVS_KERNEL=1 in the environment, on the kernel, in a fresh network
// namespace.
func onEveryBackend(t *testing.T, test func(*testing.T, backend)) {
	t.Run("fake", func(t *testing.T) {
		test(t, onClient(t, ipvstest.New().Dial))
	})
	if os.Getenv("IPVS_KERNEL") != "1" {
		return
	}
	t.Run("kernel", func(t *testing.T) {
		links, err := netns.Enter()
		if err != nil {
			t.Fatal(err)
		}
		defer links.Close()
		test(t, onClient(t, func() (*ipvs.Client, error) { return ipvs.Dial() }))
	})
}

// This keeps the main thread for the main goroutine. Go ends any other thread with the test that is locked to it, and
// with the thread the test's namespace.
func init() { runtime.LockOSThread() }

func onClient(t *testing.T, dial func() (*ipvs.Client, error)) backend {
	t.Helper()
	client, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return backend{kubeproxy.New(client), client}
}
