package ipvs_test

import (
	"encoding"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

func TestErrorIs(t *testing.T) {
	for errno, targets := range map[syscall.Errno][]error{
		unix.ESRCH:  {fs.ErrNotExist, unix.ESRCH},
		unix.ENOENT: {fs.ErrNotExist, unix.ENOENT},
		unix.EEXIST: {fs.ErrExist, unix.EEXIST},
		unix.EPERM:  {fs.ErrPermission, unix.EPERM},
		unix.EACCES: {fs.ErrPermission},
		unix.EINVAL: {unix.EINVAL},
		unix.ERANGE: {unix.ERANGE},
	} {
		err := fmt.Errorf("wrapped: %w", &ipvs.Error{Command: ipvs.CommandNewService, Errno: errno})
		for _, target := range []error{fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, unix.ESRCH, unix.ENOENT, unix.EEXIST, unix.EPERM, unix.EINVAL, unix.ERANGE} {
			want := false
			for _, w := range targets {
				want = want || w == target
			}
			if got := errors.Is(err, target); got != want {
				t.Errorf("%v is %v: got %v", errno, target, got)
			}
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]ipvs.Error{
		"ipvs: add service TCP 10.0.0.1:80: Service already exists":                                     {Command: ipvs.CommandNewService, Errno: unix.EEXIST, Subject: "TCP 10.0.0.1:80"},
		"ipvs: add server x: Destination already exists":                                                {Command: ipvs.CommandNewDestination, Errno: unix.EEXIST, Subject: "x"},
		"ipvs: start daemon: Daemon has already run":                                                    {Command: ipvs.CommandNewDaemon, Errno: unix.EEXIST},
		"ipvs: flush: File exists":                                                                      {Command: ipvs.CommandFlush, Errno: unix.EEXIST},
		"ipvs: flush: Permission denied (you must be root)":                                             {Command: ipvs.CommandFlush, Errno: unix.EPERM},
		"ipvs: add server: Numerical result out of range":                                               {Command: ipvs.CommandNewDestination, Errno: unix.ERANGE},
		"ipvs: command 77: Invalid operation.  Possibly wrong module version, address not unicast, ...": {Command: 77, Errno: unix.EINVAL},
		"ipvs: command 0: Errno 4095":                                                                   {Errno: 4095},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSubjects(t *testing.T) {
	_, c := faulty(t)
	id, missing := tcp("10.0.0.1:80"), mark(5, ipvs.IPv6)
	_, err := c.Service(missing)
	for want, err := range map[string]error{
		"ipvs: get service FWM 5 IPv6: No such service":                          err,
		"ipvs: zero FWM 5 IPv6: No such service":                                 c.ZeroService(missing),
		"ipvs: delete server 10.0.0.9:1 of TCP 10.0.0.1:80: No such destination": c.DelDestination(id, destID("10.0.0.9:1")),
		"ipvs: add server [fd00::1]:1 of FWM 5 IPv6: Service not defined":        c.NewDestination(missing, destination("[fd00::1]:1")),
		"ipvs: stop daemon backup: No daemon is running":                         c.StopDaemon(ipvs.Backup),
		"ipvs: start daemon master: No such device":                              c.StartDaemon(ipvs.Daemon{State: ipvs.Master}),
		"ipvs: edit service FWM 5 IPv6: No such service":                         c.SetService(service(missing)),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// textual is what a type must have to speak in words.
type textual[T any] interface {
	*T
	encoding.TextUnmarshaler
}

func checkTexts[T interface {
	comparable
	encoding.TextMarshaler
	fmt.Stringer
}, P textual[T]](t *testing.T, words map[T]string) {
	t.Helper()
	for v, want := range words {
		b, err := v.MarshalText()
		if err != nil || string(b) != want || v.String() != want {
			t.Errorf("%T: got %q, %v, %q, want %q", v, b, err, v.String(), want)
		}
		var back T
		if err := P(&back).UnmarshalText(b); err != nil || back != v {
			t.Errorf("%q became %v, %v", b, back, err)
		}
	}
	var v T
	for _, bad := range []string{"", "nosuch", "-1", "99999999999", "1x"} {
		if err := P(&v).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%T: %q became %v", v, bad, v)
		}
	}
}

func TestWords(t *testing.T) {
	checkTexts(t, map[ipvs.Protocol]string{ipvs.TCP: "TCP", ipvs.UDP: "UDP", ipvs.SCTP: "SCTP", 1: "1", 65535: "65535"})
	checkTexts(t, map[ipvs.Family]string{ipvs.IPv4: "IPv4", ipvs.IPv6: "IPv6", 0: "0", 65535: "65535"})
	checkTexts(t, map[ipvs.ForwardingMethod]string{
		ipvs.Masquerade: "Masq", ipvs.Local: "Local", ipvs.Tunnel: "Tunnel", ipvs.DirectRoute: "Route", ipvs.Bypass: "Bypass",
		5: "5", 4294967295: "4294967295",
	})
	checkTexts(t, map[ipvs.TunnelType]string{ipvs.IPIP: "ipip", ipvs.GUE: "gue", ipvs.GRE: "gre", 255: "255"})
	checkTexts(t, map[ipvs.DaemonState]string{ipvs.Master: "master", ipvs.Backup: "backup", 3: "3"})
	for want, group := range map[string]ipvs.ConnGroup{
		"state": ipvs.ByState, "client": ipvs.ByClient, "virtual": ipvs.ByVirtual, "destination": ipvs.ByDestination, "9": 9, "-1": -1,
	} {
		if got := group.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := ipvs.Family(0).HostNetmask(); got != 0xffffffff {
		t.Errorf("netmask %#x", got)
	}
}

func TestIDStrings(t *testing.T) {
	for want, id := range map[string]ipvs.ServiceID{
		"TCP 10.0.0.1:80": tcp("10.0.0.1:80"),
		"TCP [fd00::1]:0": tcp("[fd00::1]:0"),
		"FWM 4294967295":  mark(4294967295, ipvs.IPv4),
		"FWM 1 IPv6":      mark(1, ipvs.IPv6),
		"99 10.0.0.1:80":  {Protocol: 99, AddrPort: tcp("10.0.0.1:80").AddrPort},
	} {
		if got := id.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if v := (ipvs.Info{Version: 0x01ff02}).VersionString(); v != "1.255.2" {
		t.Errorf("version %s", v)
	}
}
