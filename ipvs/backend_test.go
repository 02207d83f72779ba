package ipvs_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// world is a network namespace with an ip_vs, of the fake or of the kernel. It
// has the interfaces lo and eth0, both up; eth0 has 192.0.2.1 and 2001:db8::1,
// and a link-local address that is linkLocal.
type world struct {
	dial func() (*ipvs.Client, error)
	conn func() (*netlink.Conn, error)
	// leave goes to another namespace, just as fresh; clients stay.
	leave func(*testing.T)
	// unload takes the module away, for which no namespace may have services; load
	// brings it back.
	unload, load func(*testing.T)
	// drop gives up CAP_NET_ADMIN. Clients must be dialled again to feel it.
	drop func(*testing.T)
}

const linkLocal = "fe80::1234"

// onEveryBackend runs a conformance test on the fake and, where the environment
// says IPVS_KERNEL=1, on the kernel. There a test has a namespace of its own and
// may not start subtests, because those run on other threads.
func onEveryBackend(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	t.Run("fake", func(t *testing.T) { test(t, fakeWorld()) })
	if os.Getenv("IPVS_KERNEL") == "1" {
		t.Run("kernel", func(t *testing.T) {
			// Never unlocked: the thread ends with the test, and its namespace
			// with the last socket in it.
			runtime.LockOSThread()
			test(t, kernelWorld(t))
		})
	}
}

func fakeWorld() *world {
	k := newFake()
	w := &world{}
	w.dial = func() (*ipvs.Client, error) { return k.Dial() }
	w.conn = func() (*netlink.Conn, error) { return k.Conn(), nil }
	w.leave = func(*testing.T) { k = newFake() }
	w.unload = func(*testing.T) { k.SetLoaded(false) }
	w.load = func(*testing.T) { k.SetLoaded(true) }
	w.drop = func(*testing.T) { k.SetPrivileged(false) }
	return w
}

func newFake() *ipvstest.Kernel {
	k := ipvstest.New()
	k.SetLocal(addr("127.0.0.1"), addr("::1"), addr("192.0.2.1"), addr("2001:db8::1"), addr(linkLocal))
	return k
}

func kernelWorld(t *testing.T) *world {
	enterNamespace(t)
	return &world{
		dial: ipvs.Dial,
		conn: func() (*netlink.Conn, error) {
			conn, err := netlink.Dial(unix.NETLINK_GENERIC, nil)
			if err != nil {
				return nil, err
			}
			return conn, conn.SetOption(netlink.CapAcknowledge, true)
		},
		leave:  enterNamespace,
		unload: unloadModules,
		load:   loadModule,
		drop:   dropNetAdmin,
	}
}

// The main thread stays with the main goroutine: Go ends every other thread with
// the test that was locked to it, and so the test's namespace ends too.
func init() { runtime.LockOSThread() }

// unloadModules unloads ip_vs and what uses it. The namespaces of tests that have
// ended may still be there for a moment.
func unloadModules(t *testing.T) {
	t.Helper()
	c, err := ipvs.Dial()
	must(t, err)
	must(t, errors.Join(c.Flush(), c.Close()))
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		modules, err := filepath.Glob("/sys/module/ip_vs*")
		must(t, err)
		for _, module := range slices.Backward(modules) {
			_ = exec.Command("rmmod", filepath.Base(module)).Run() // ip_vs is the last
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

// enterNamespace moves the thread to a fresh network namespace.
func enterNamespace(t *testing.T) {
	t.Helper()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"link set lo up",
		"link add eth0 type dummy",
		"addr add 192.0.2.1/24 dev eth0",
		"addr add 2001:db8::1/64 dev eth0 nodad",
		"addr add " + linkLocal + "/64 dev eth0 nodad",
		"link set eth0 up",
	} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v\n%s", args, err, out)
		}
	}
}

// dropNetAdmin takes CAP_NET_ADMIN from this thread only.
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

// client dials, and closes at the end of the test.
func (w *world) client(t *testing.T) *ipvs.Client {
	t.Helper()
	c, err := w.dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// rawConn is a connection for requests that a Client would not make.
type rawConn struct {
	*netlink.Conn
	family uint16
}

func (w *world) raw(t *testing.T) *rawConn {
	t.Helper()
	conn, err := w.conn()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	family, err := genetlink.NewConn(conn).GetFamily("IPVS")
	if err != nil {
		t.Fatal(err)
	}
	return &rawConn{conn, family.ID}
}

// execute sends a command and returns its replies, or the errno it got. A
// command without flags must be one that replies.
func (c *rawConn) execute(t *testing.T, cmd ipvs.Command, flags netlink.HeaderFlags, attrs []byte) ([]netlink.Message, syscall.Errno) {
	t.Helper()
	replies, err := c.Execute(netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(c.family), Flags: netlink.Request | flags},
		Data:   append([]byte{byte(cmd), 1, 0, 0}, attrs...),
	})
	return replies, errnoOf(t, err)
}

// errnoOf is the errno in an error, 0 for none. Any other error ends the test.
func errnoOf(t *testing.T, err error) syscall.Errno {
	t.Helper()
	if err == nil {
		return 0
	}
	errno := syscall.Errno(0)
	if !errors.As(err, &errno) {
		t.Fatalf("no errno in %v", err)
	}
	return errno
}

// attrs encodes attributes.
func attrs(t *testing.T, encode func(*netlink.AttributeEncoder)) []byte {
	t.Helper()
	ae := netlink.NewAttributeEncoder()
	encode(ae)
	b, err := ae.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
