// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// A client that is dialled from one namespace into another has the table, the connections
// and the counters of the other one.
func TestClientOfAnotherNamespace(t *testing.T) {
	if os.Getenv("IPVS_KERNEL") != "1" {
		t.Skip("needs a kernel with ip_vs: IPVS_KERNEL=1")
	}
	runtime.LockOSThread()
	w := kernelWorld(t)
	path := fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid())
	file, err := os.Open(path)
	must(t, err)
	defer func() { _ = file.Close() }()
	id := ipvs.ServiceID{Protocol: ipvs.UDP, AddrPort: netip.MustParseAddrPort("192.0.2.1:5000")}
	server := destination("192.0.2.1:5001")
	there := w.client(t)
	must(t, errors.Join(there.NewService(service(id)), there.NewDestination(id, server)))
	conn, err := net.Dial("udp", id.AddrPort.String())
	must(t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte("hello"))
	must(t, err)

	// The thread and its path are in another namespace from here on.
	w.leave(t)
	here := w.client(t)
	for what, option := range map[string]ipvs.Option{
		"FD":   ipvs.InNetNSOfFD(int(file.Fd())),
		"path": ipvs.InNetNS(fmt.Sprintf("/proc/self/fd/%d", file.Fd())),
	} {
		for _, options := range [][]ipvs.Option{{option}, {option, ipvs.RawSyscalls()}} {
			c, err := ipvs.Dial(options...)
			must(t, err)
			table, err := c.Table()
			must(t, err)
			if len(table) != 1 || len(table[0].Destinations) != 1 {
				t.Errorf("%s: table %v", what, table)
			}
			overview, err := c.Overview()
			must(t, err)
			wantEqual(t, what+": overview", plain(overview), plain(table))
			settings, err := c.Settings()
			must(t, err)
			wantEqual(t, what+": settings", settingsOf(settings), settingsOf(table))
			if same, err := c.HasExactly(table); !same || err != nil {
				t.Errorf("%s: has its table: %v, %v", what, same, err)
			}
			entries, err := connsOf(c)
			must(t, err)
			if len(entries) != 1 || entries[0].Virtual != id.AddrPort || entries[0].Destination != server.AddrPort {
				t.Errorf("%s: connections %v", what, entries)
			}
			if totals := totalsInTime(t, c); totals.Conns != 1 || totals.InPkts != 1 {
				t.Errorf("%s: totals %+v", what, totals)
			}
			checkStatus(t, what, c, 1)
			// Another namespace has no such service.
			var listed []byte
			must(t, c.DoInNetNS(func() (err error) {
				listed, err = os.ReadFile("/proc/thread-self/net/ip_vs")
				return err
			}))
			if !bytes.Contains(listed, []byte("UDP  C0000201:1388")) {
				t.Errorf("%s: in the namespace: %s", what, listed)
			}
			if err := c.DoInNetNS(func() error { return fs.ErrExist }); err != fs.ErrExist {
				t.Errorf("%s: error %v", what, err)
			}
			must(t, c.Close())
		}
	}
	if entries, err := connsOf(here); err != nil || len(entries) != 0 {
		t.Errorf("here: connections %v, %v", entries, err)
	}
	if totals, err := here.Totals(); err != nil || totals != (ipvs.Stats{}) {
		t.Errorf("here: totals %+v, %v", totals, err)
	}
	// The main thread is in neither.
	c, err := ipvs.Dial(ipvs.InNetNSOfPID(os.Getpid()))
	must(t, err)
	if services, err := c.Services(); err != nil || len(services) != 0 {
		t.Errorf("of the process: services %v, %v", services, err)
	}
	must(t, c.Close())
}

// checkStatus checks the status of a namespace with one service, which masquerades, and a
// number of connections. Each connection is in the table twice then.
func checkStatus(t *testing.T, what string, c *ipvs.Client, conns uint64) {
	t.Helper()
	status, err := c.Status()
	if errors.Is(err, fs.ErrNotExist) {
		t.Logf("%s: this kernel has no status", what)
		return
	}
	must(t, err)
	info, err := c.Info()
	must(t, err)
	nodes := uint64(0)
	for n, buckets := range status.Conns.Chains {
		nodes += uint64(n) * buckets
	}
	t.Logf("%s: status %+v", what, status)
	if status.Conns.Entries != conns || nodes != 2*conns || status.Conns.Buckets != info.ConnTabSize || status.Conns.Buckets != 1<<status.Conns.Bits {
		t.Errorf("%s: status %+v with %d connections and %d buckets", what, status, conns, info.ConnTabSize)
	}
	if status.Services.Entries != 1 || status.Services.Chains[1] != 1 || status.Services.Buckets != 1<<status.Services.Bits || status.Estimation.MaxThreads == 0 {
		t.Errorf("%s: status %+v with a service", what, status)
	}
}

// totalsInTime reads totals until they are not zero. The kernel adds them up every two
// seconds.
func totalsInTime(t *testing.T, c *ipvs.Client) ipvs.Stats {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		totals, err := c.Totals()
		must(t, err)
		if totals.Conns > 0 || time.Now().After(deadline) {
			return totals
		}
	}
}

// Dial says what is wrong with a namespace, with the prefix of the package.
func TestDialNoNamespace(t *testing.T) {
	for want, tc := range map[string]struct {
		option ipvs.Option
		is     error
	}{
		`ipvs: no network namespace has the name "none such": /run/netns/none such does not exist: no such file or directory`: {ipvs.InNetNSNamed("none such"), fs.ErrNotExist},
		"ipvs: network namespace: open /none/such: no such file or directory":                                                 {ipvs.InNetNS("/none/such"), fs.ErrNotExist},
		"ipvs: 0 is not the number of a process: invalid argument":                                                            {ipvs.InNetNSOfPID(0), fs.ErrInvalid},
		"ipvs: network namespace: file descriptor -1: bad file descriptor":                                                    {ipvs.InNetNSOfFD(-1), syscall.EBADF},
	} {
		if c, err := ipvs.Dial(tc.option); c != nil || !errors.Is(err, tc.is) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
