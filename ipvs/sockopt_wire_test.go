// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"testing"
)

// The bytes are those that a C program with include/uapi/linux/ip_vs.h wrote on amd64.
const (
	userService = "110000000a01020314e9000000000000" + "776c6300000000000000000000000000" + "05000000" + "2c010000" + "ffffff00"
	userMark    = "06000000000000000000000007000000" + "00000000000000000000000000000000" + "00000000" + "00000000" + "00000000"
	userDest    = "0a00000200500000" + "02000000" + "03000000" + "e8030000" + "84030000"
	userEntry   = "110000000a01020314e9000000000000" + "776c6300000000000000000000000000" + "07000000" + "2c010000" + "ffffff00" + "02000000" + userCounts
	destEntry   = "0a00000200500000" + "02010000" + "03000000" + "e8030000" + "84030000" + "04000000" + "05000000" + "06000000" + "00000000" + userCounts
	userCounts  = "010000000200000003000000" + "00000000" + "0500000004000000" + "0600000000000000" +
		"0700000008000000090000000a0000000b00000000000000"
	userDaemon   = "02000000" + "65746830000000000000000000000000" + "07000000"
	userTimeouts = "84030000" + "78000000" + "2c010000"
)

var (
	sockoptService = Service{
		ServiceID: ServiceID{Protocol: UDP, AddrPort: netip.MustParseAddrPort("10.1.2.3:5353")},
		Scheduler: "wlc", Flags: Persistent | OnePacket, Timeout: 300, Netmask: IPv4Prefix(24),
	}
	sockoptDestination = Destination{
		DestinationID: DestinationID{netip.MustParseAddrPort("10.0.0.2:80")},
		Forward:       Tunnel, Weight: 3, UpperThreshold: 1000, LowerThreshold: 900,
	}
	sockoptStats  = Stats{Conns: 1, InPkts: 2, OutPkts: 3, InBytes: 0x4_0000_0005, OutBytes: 6, CPS: 7, InPPS: 8, OutPPS: 9, InBPS: 10, OutBPS: 11}
	sockoptDaemon = Daemon{State: Backup, Interface: "eth0", SyncID: 7}
)

func onlyLittleEndian(t *testing.T) {
	t.Helper()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the bytes are of a little-endian machine")
	}
}

func TestSockoptStructuresWritten(t *testing.T) {
	onlyLittleEndian(t)
	mark := ServiceID{FWMark: 7}
	timeouts := Timeouts{900, 120, 300}
	hashed := sockoptService
	hashed.Flags |= Hashed
	for what, tc := range map[string]struct {
		change Change
		option int
		want   string
	}{
		"add service":  {NewService(sockoptService), soSetAdd, userService},
		"edit service": {SetService(hashed), soSetEdit, userService},
		"delete mark":  {DelService(mark), soSetDel, userMark},
		"add server":   {NewDestination(mark, sockoptDestination), soSetAddDest, userMark + userDest},
		"edit server":  {SetDestination(mark, sockoptDestination), soSetEditDest, userMark + userDest},
		"delete server": {
			DelDestination(mark, sockoptDestination.DestinationID), soSetDelDest,
			userMark + userDest[:16] + "00000000000000000000000000000000",
		},
		"zero mark":    {ZeroService(mark), soSetZero, userMark},
		"zero all":     {ZeroAll(), soSetZero, hex.EncodeToString(make([]byte, svcUserLen))},
		"flush":        {Flush(), soSetFlush, ""},
		"start daemon": {StartDaemon(sockoptDaemon), soSetStartDaemon, userDaemon},
		"stop daemon":  {StopDaemon(Backup), soSetStopDaemon, "02000000" + hex.EncodeToString(make([]byte, 20))},
		"timeouts":     {SetTimeouts(timeouts), soSetTimeout, userTimeouts},
	} {
		op := tc.change.operation()
		option, b, err := op.sockopt()
		if got := hex.EncodeToString(b); option != tc.option || got != tc.want || err != nil {
			t.Errorf("%s: %v, option %d\ngot  %s\nwant %s", what, err, option, got, tc.want)
		}
	}
}

func TestSockoptStructuresRead(t *testing.T) {
	onlyLittleEndian(t)
	bytes := func(text string) []byte {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	s := sockoptService
	s.Flags |= Hashed
	s.Stats = sockoptStats
	if got, n := serviceOfEntry(bytes(userEntry)); got != s || n != 2 {
		t.Errorf("got  %+v, %d destinations\nwant %+v", got, n, s)
	}
	// The kernel shows flags of connections beside the forwarding method.
	d := sockoptDestination
	d.ActiveConns, d.InactiveConns, d.PersistentConns, d.Stats = 4, 5, 6, sockoptStats
	if got := destinationOfEntry(bytes(destEntry)); got != d {
		t.Errorf("got  %+v\nwant %+v", got, d)
	}
	if got := daemonOfUser(bytes(userDaemon)); got != sockoptDaemon {
		t.Errorf("got %+v", got)
	}
	if got := timeoutsOfUser(bytes(userTimeouts)); got != (Timeouts{900, 120, 300}) {
		t.Errorf("got %+v", got)
	}
	// The protocol of a mark has no meaning, and a name without an end has 16 bytes.
	mark := bytes(userMark + "00000000" + userCounts)
	copy(mark[svcUserScheduler:], "0123456789abcdefg")
	if got, _ := serviceOfEntry(mark); got.ServiceID != (ServiceID{FWMark: 7}) || got.Scheduler != "0123456789abcdef" {
		t.Errorf("got %+v", got)
	}
}
