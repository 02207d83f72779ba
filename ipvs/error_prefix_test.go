// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// wantOnePrefix checks that an error names the package once, at its start.
func wantOnePrefix(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "ipvs: ") || strings.Count(err.Error(), "ipvs: ") != 1 {
		t.Errorf("%s: %v", what, err)
	}
}

// The errors of every command with every errno, and the sentinels that they match.
func TestRefusalsHaveOnePrefix(t *testing.T) {
	for command := range ipvs.CommandFlush + 2 {
		for errno := range syscall.Errno(140) {
			err := &ipvs.Error{Command: command, Errno: errno, Subject: "x"}
			wantOnePrefix(t, fmt.Sprintf("%v with errno %d", command, errno), err)
		}
	}
	for _, err := range []error{
		ipvs.ErrNoIPVS, ipvs.ErrNoService, ipvs.ErrNoDestination, ipvs.ErrNoScheduler, ipvs.ErrNoDaemon, ipvs.ErrNoInterface, ipvs.ErrNoConnEntries,
		ipvs.ErrNotSupported, ipvs.ErrResultUnknown,
	} {
		wantOnePrefix(t, "sentinel", err)
	}
}

// Changes that cannot be encoded, one by one and with others.
func TestEncodingErrorsHaveOnePrefix(t *testing.T) {
	_, c := faulty(t)
	id, long, nul := tcp("10.0.0.1:80"), strings.Repeat("x", 16), "x\x00y"
	changes := []ipvs.Change{
		{},
		ipvs.CommandAlone(ipvs.CommandGetService),
		ipvs.NewService(ipvs.Service{Scheduler: "rr"}),
		ipvs.NewService(service(id, func(s *ipvs.Service) { s.Scheduler = long })),
		ipvs.SetService(service(id, func(s *ipvs.Service) { s.Scheduler = nul })),
		ipvs.SetService(service(id, func(s *ipvs.Service) { s.PersistenceEngine = long })),
		ipvs.DelService(ipvs.ServiceID{Protocol: ipvs.TCP}),
		ipvs.DelService(tcp("[fe80::1%eth0]:80")),
		ipvs.ZeroService(ipvs.ServiceID{Protocol: ipvs.TCP}),
		ipvs.ZeroService(ipvs.ServiceID{}),
		ipvs.NewDestination(id, ipvs.Destination{}),
		ipvs.SetDestination(id, destination("[fe80::1%eth0]:80")),
		ipvs.DelDestination(ipvs.ServiceID{}, destID("10.0.0.2:80")),
		ipvs.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: long}),
	}
	for i, err := range c.Apply(changes) {
		wantOnePrefix(t, changes[i].String(), err)
		if own := changes[i].Err(); own == nil || own.Error() != err.Error() {
			t.Errorf("%v: Apply returned %v, Err %v", changes[i], err, own)
		}
		if errors.As(err, new(*ipvs.Error)) {
			t.Errorf("%v: %v came from the kernel", changes[i], err)
		}
	}
	_, getErr := c.Service(ipvs.ServiceID{})
	_, listErr := c.Destinations(ipvs.ServiceID{})
	_, entryErr := c.TableEntry(tcp("[fe80::1%eth0]:80"))
	for what, err := range map[string]error{
		"new service": c.NewService(ipvs.Service{}), "get service": getErr, "list destinations": listErr, "get entry": entryErr,
	} {
		wantOnePrefix(t, what, err)
	}
}

// What parses text.
func TestParseErrorsHaveOnePrefix(t *testing.T) {
	for _, v := range []encoding.TextUnmarshaler{
		new(ipvs.Protocol), new(ipvs.Family), new(ipvs.ForwardingMethod), new(ipvs.TunnelType), new(ipvs.DaemonState),
	} {
		wantOnePrefix(t, fmt.Sprintf("%T", v), v.UnmarshalText([]byte("ipvs")))
	}
	for _, text := range []string{
		"", "titles\nTCP", "titles\nTCP 0A000001 0050 x", "titles\nTCP 0A000001 0050 0A000001 0050 0A000001 0050 NONE x", "titles\n" + strings.Repeat("x", 1<<17),
	} {
		failed := false
		for _, err := range ipvs.ConnEntries(strings.NewReader(text)) {
			wantOnePrefix(t, "connections", err)
			failed = true
		}
		if !failed {
			t.Errorf("%.40q is no error", text)
		}
	}
	for _, text := range []string{"", "x", strings.Replace(someTotals, "9C", "9G", 1), strings.Repeat("x", 1<<17)} {
		_, err := ipvs.ReadTotals(strings.NewReader(text))
		wantOnePrefix(t, "totals", err)
	}
	for _, text := range []string{"", "x", strings.Replace(someStatus, "9401", "many", 1), strings.Repeat("x", 1<<17)} {
		_, err := ipvs.ReadStatus(strings.NewReader(text))
		wantOnePrefix(t, "status", err)
	}
}
