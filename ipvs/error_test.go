// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Each error matches its errno, one sentinel at most, and one error of package fs at most.
func TestErrorIs(t *testing.T) {
	errnos := []syscall.Errno{syscall.EPERM, syscall.ENOENT, syscall.ESRCH, syscall.EACCES, syscall.EEXIST, syscall.ENODEV, syscall.EINVAL, syscall.ERANGE, syscall.ENOPROTOOPT, syscall.EOPNOTSUPP, syscall.EAFNOSUPPORT, syscall.ENOMEM}
	for _, tc := range []struct {
		command ipvs.Command
		errno   syscall.Errno
		want    []error
	}{
		{ipvs.CommandNewService, syscall.EEXIST, []error{fs.ErrExist}},
		{ipvs.CommandNewService, syscall.ENOENT, []error{ipvs.ErrNoScheduler, fs.ErrNotExist}},
		{ipvs.CommandNewService, syscall.ENOPROTOOPT, []error{ipvs.ErrNoIPVS, fs.ErrNotExist}},
		{ipvs.CommandSetService, syscall.ESRCH, []error{ipvs.ErrNoService, fs.ErrNotExist}},
		{ipvs.CommandSetService, syscall.ENOENT, []error{ipvs.ErrNoScheduler, fs.ErrNotExist}},
		{ipvs.CommandDelService, syscall.ESRCH, []error{ipvs.ErrNoService, fs.ErrNotExist}},
		{ipvs.CommandGetService, syscall.ESRCH, []error{ipvs.ErrNoService, fs.ErrNotExist}},
		{ipvs.CommandGetDestinations, syscall.ESRCH, []error{ipvs.ErrNoService, fs.ErrNotExist}},
		{ipvs.CommandZero, syscall.ESRCH, []error{ipvs.ErrNoService, fs.ErrNotExist}},
		{ipvs.CommandNewDestination, syscall.ESRCH, []error{ipvs.ErrNoService, fs.ErrNotExist}},
		{ipvs.CommandNewDestination, syscall.EEXIST, []error{fs.ErrExist}},
		{ipvs.CommandNewDestination, syscall.EINVAL, []error{fs.ErrInvalid}},
		{ipvs.CommandNewDestination, syscall.ERANGE, []error{fs.ErrInvalid}},
		{ipvs.CommandNewDestination, syscall.EAFNOSUPPORT, []error{errors.ErrUnsupported}},
		{ipvs.CommandSetDestination, syscall.ESRCH, []error{ipvs.ErrNoService, fs.ErrNotExist}},
		{ipvs.CommandSetDestination, syscall.ENOENT, []error{ipvs.ErrNoDestination, fs.ErrNotExist}},
		{ipvs.CommandDelDestination, syscall.ESRCH, []error{ipvs.ErrNoService, fs.ErrNotExist}},
		{ipvs.CommandDelDestination, syscall.ENOENT, []error{ipvs.ErrNoDestination, fs.ErrNotExist}},
		{ipvs.CommandNewDaemon, syscall.EEXIST, []error{fs.ErrExist}},
		{ipvs.CommandNewDaemon, syscall.ENODEV, []error{ipvs.ErrNoInterface}},
		{ipvs.CommandNewDaemon, syscall.ENOPROTOOPT, []error{ipvs.ErrNoIPVS, fs.ErrNotExist}},
		{ipvs.CommandDelDaemon, syscall.ESRCH, []error{ipvs.ErrNoDaemon, fs.ErrNotExist}},
		{ipvs.CommandFlush, syscall.EPERM, []error{fs.ErrPermission}},
		{ipvs.CommandFlush, syscall.EACCES, []error{fs.ErrPermission}},
		{ipvs.CommandFlush, syscall.EOPNOTSUPP, []error{errors.ErrUnsupported}},
		{ipvs.CommandFlush, syscall.ESRCH, []error{fs.ErrNotExist}},
		{ipvs.CommandFlush, syscall.ENOENT, []error{fs.ErrNotExist}},
		{ipvs.CommandFlush, syscall.ENODEV, nil},
		{ipvs.CommandFlush, syscall.ENOPROTOOPT, nil},
		{ipvs.CommandFlush, syscall.ENOMEM, nil},
	} {
		err := fmt.Errorf("wrapped: %w", &ipvs.Error{Command: tc.command, Errno: tc.errno})
		what := fmt.Sprintf("%v with errno %d", tc.command, tc.errno)
		wantMeaning(t, what, err, tc.want...)
		for _, errno := range errnos {
			if got := errors.Is(err, errno); got != (errno == tc.errno) {
				t.Errorf("%s is errno %d: %t", what, errno, got)
			}
		}
	}
}

// A sentinel is what its documentation says, and no other sentinel.
func TestSentinels(t *testing.T) {
	for _, err := range []error{ipvs.ErrNoIPVS, ipvs.ErrNoService, ipvs.ErrNoDestination, ipvs.ErrNoScheduler, ipvs.ErrNoDaemon} {
		wantMeaning(t, err.Error(), err, err, fs.ErrNotExist)
	}
	wantMeaning(t, "no interface", ipvs.ErrNoInterface, ipvs.ErrNoInterface)
	wantMeaning(t, "not supported", ipvs.ErrNotSupported, ipvs.ErrNotSupported, errors.ErrUnsupported)
}

// wantMeaning checks which errors of this package, of package fs and of package errors
// an error is.
func wantMeaning(t *testing.T, what string, err error, want ...error) {
	t.Helper()
	for _, target := range []error{
		ipvs.ErrNoIPVS, ipvs.ErrNoService, ipvs.ErrNoDestination, ipvs.ErrNoScheduler, ipvs.ErrNoDaemon, ipvs.ErrNoInterface, ipvs.ErrNotSupported, ipvs.ErrResultUnknown,
		fs.ErrNotExist, fs.ErrExist, fs.ErrPermission, fs.ErrInvalid, errors.ErrUnsupported, os.ErrClosed,
	} {
		if got := errors.Is(err, target); got != slices.Contains(want, target) {
			t.Errorf("%s: %v is %q: %t", what, err, target, got)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]ipvs.Error{
		"ipvs: add service TCP 10.0.0.1:80: Service already exists":                                     {Command: ipvs.CommandNewService, Errno: syscall.EEXIST, Subject: "TCP 10.0.0.1:80"},
		"ipvs: add server x: Destination already exists":                                                {Command: ipvs.CommandNewDestination, Errno: syscall.EEXIST, Subject: "x"},
		"ipvs: start daemon: Daemon has already run":                                                    {Command: ipvs.CommandNewDaemon, Errno: syscall.EEXIST},
		"ipvs: flush: File exists":                                                                      {Command: ipvs.CommandFlush, Errno: syscall.EEXIST},
		"ipvs: flush: Permission denied (you must be root)":                                             {Command: ipvs.CommandFlush, Errno: syscall.EPERM},
		"ipvs: add server: Numerical result out of range":                                               {Command: ipvs.CommandNewDestination, Errno: syscall.ERANGE},
		"ipvs: command 77: Invalid operation.  Possibly wrong module version, address not unicast, ...": {Command: 77, Errno: syscall.EINVAL},
		"ipvs: command 0: Errno 4095":                                                                   {Errno: 4095},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestErrorSubject(t *testing.T) {
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

// textual is a pointer to a type that can be read from text.
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

func TestEnumText(t *testing.T) {
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
