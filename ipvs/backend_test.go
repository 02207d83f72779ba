// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/mdlayher/netlink"
)

// world is a network namespace with an ip_vs, of the fake or of the kernel. Its
// interfaces lo and eth0 are up. eth0 has the addresses 192.0.2.1, 2001:db8::1 and
// linkLocal.
type world struct {
	dial   func() (*ipvs.Client, error)
	socket func() (nlsock.Transport, error)
	// leave enters another fresh namespace. Clients stay in theirs.
	leave func(*testing.T)
	// unload unloads the module, which requires that no namespace has services. load
	// loads it again.
	unload, load func(*testing.T)
	// connTabSize returns the size of the namespace's connection table. Kernels from
	// 7.1 on make one with the first service; until then it is 0.
	connTabSize func(*testing.T) uint32
	// drop gives up CAP_NET_ADMIN. It affects only clients that are dialled later.
	drop func(*testing.T)
}

const linkLocal = "fe80::1234"

// onEveryBackend runs a conformance test on the fake and, with IPVS_KERNEL=1 in the
// environment, on the kernel. On the kernel each test has a namespace of its own and
// must not start subtests, because they run on other threads.
func onEveryBackend(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	t.Run("fake", func(t *testing.T) { test(t, fakeWorld()) })
	if os.Getenv("IPVS_KERNEL") == "1" {
		t.Run("kernel", func(t *testing.T) {
			test(t, kernelWorld(t))
		})
	}
}

func fakeWorld() *world {
	k := newFake()
	w := &world{}
	w.dial = func() (*ipvs.Client, error) { return k.Dial() }
	w.socket = func() (nlsock.Transport, error) { return k.Socket(), nil }
	w.leave = func(*testing.T) { k = newFake() }
	w.unload = func(*testing.T) { k.SetLoaded(false) }
	w.load = func(*testing.T) { k.SetLoaded(true) }
	w.connTabSize = func(*testing.T) uint32 { return 4096 }
	w.drop = func(*testing.T) { k.SetPrivileged(false) }
	return w
}

func newFake() *ipvstest.Kernel {
	k := ipvstest.New()
	k.SetLocal(addr("127.0.0.1"), addr("::1"), addr("192.0.2.1"), addr("2001:db8::1"), addr(linkLocal))
	return k
}

// takesLargeThresholds asks whether the backend takes an upper threshold of 2^31.
func takesLargeThresholds(t *testing.T, c *ipvs.Client) bool {
	t.Helper()
	id := mark(99, ipvs.IPv4)
	must(t, c.NewService(service(id)))
	err := c.NewDestination(id, destination("10.9.9.9:80", func(d *ipvs.Destination) { d.UpperThreshold = 1 << 31 }))
	must(t, c.DelService(id))
	return err == nil
}

// client dials a client and closes it at the end of the test.
func (w *world) client(t *testing.T) *ipvs.Client {
	t.Helper()
	c, err := w.dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// rawConn returns a connection for requests that a Client does not make.
type rawConn struct {
	conn   *nlsock.Conn
	family netlink.HeaderType
}

func (w *world) raw(t *testing.T) *rawConn {
	t.Helper()
	socket, err := w.socket()
	must(t, err)
	conn := nlsock.NewConn(socket)
	t.Cleanup(func() { _ = conn.Close() })
	name := attrs(t, func(ae *netlink.AttributeEncoder) { ae.String(ctrlFamilyName, "IPVS") })
	families, err := conn.Execute(genlIDControl, 0, append([]byte{ctrlGetFamily, 1, 0, 0}, name...))
	must(t, err)
	ad, err := netlink.NewAttributeDecoder(families[0].Data[4:])
	must(t, err)
	for ad.Next() {
		if ad.Type() == ctrlFamilyID {
			return &rawConn{conn, netlink.HeaderType(ad.Uint16())}
		}
	}
	t.Fatalf("no number of the family: %v", ad.Err())
	return nil
}

// execute sends a command and returns its replies or its errno. A command without
// flags must be one with replies.
func (c *rawConn) execute(t *testing.T, cmd ipvs.Command, flags netlink.HeaderFlags, attrs []byte) ([]netlink.Message, syscall.Errno) {
	t.Helper()
	replies, err := c.conn.Execute(c.family, flags, append([]byte{byte(cmd), 1, 0, 0}, attrs...))
	return replies, errnoOf(t, err)
}

// errnoOf returns the errno in an error, 0 for nil. Any other error ends the test.
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
