// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// valid validates a document against schema.json.
func valid(t *testing.T, document []byte) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatalf("%v:\n%s", err, document)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%v:\n%s", err, document)
	}
}

type someNames struct{}

func (someNames) Host(a netip.Addr) (string, bool)              { return "host<" + a.String() + ">", a.Is4() }
func (someNames) Port(_ ipvs.Protocol, p uint16) (string, bool) { return "http", p == 80 }

func TestJSONTable(t *testing.T) {
	most := uint64(math.MaxUint64)
	table := ipvs.Table{
		{
			Service: ipvs.Service{
				ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")},
				Scheduler: "sh", Flags: ipvs.Persistent | ipvs.Hashed | ipvs.SchedulerFlag1 | 0x40, Timeout: 300, Netmask: ipvs.IPv4Prefix(24),
				PersistenceEngine: "sip", Stats: ipvs.Stats{Conns: most, OutBPS: most},
			},
			Destinations: []ipvs.Destination{{
				DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("[fd00::2]:80")},
				Forward:       ipvs.Tunnel, Weight: math.MaxUint32, UpperThreshold: 7, TunnelType: ipvs.GUE, TunnelPort: 6080,
				TunnelFlags: ipvs.TunnelChecksum | 4, PersistentConns: 3,
			}},
		},
		{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 7, IPv6: true}, Scheduler: "rr"}},
	}
	var b bytes.Buffer
	if err := (JSON{Names: someNames{}}).Table(&b, Snapshot{Info: &ipvs.Info{Version: 0x010201, ConnTabSize: 4096}, Totals: &ipvs.Stats{InBytes: most}, Table: table}); err != nil {
		t.Fatal(err)
	}
	valid(t, b.Bytes())
	var got TableDocument
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	first := got.Services[0]
	for what, ok := range map[string]bool{
		"version":          got.Version == "1.2.1" && got.ConnTableSize == 4096,
		"totals":           got.Totals.Stats.InBytes == most,
		"ends":             first.Protocol == "TCP" && first.Host == "host<10.0.0.1>" && *first.Port == 80 && first.PortName == "http",
		"flags":            strings.Join(first.Flags, " ") == "persistent hashed 0x40" && strings.Join(first.SchedulerFlags, " ") == "sh-fallback",
		"persistence":      first.PersistenceTimeout == 300 && first.Netmask == "255.255.255.0" && first.PersistenceEngine == "sip",
		"counters":         first.Stats.Conns == most && first.Rates.OutBytes == most,
		"tunnel":           strings.Join(first.Destinations[0].Tunnel.Flags, " ") == "csum 0x4" && first.Destinations[0].Tunnel.Port == 6080,
		"mark":             got.Services[1].FWMark == 7 && got.Services[1].Family == "IPv6" && got.Services[1].Netmask == "128",
		"no address":       !got.Services[1].Address.IsValid() && got.Services[1].Port == nil,
		"no destinations":  got.Services[1].Destinations != nil,
		"text as it is":    strings.Contains(b.String(), "host<10.0.0.1>"),
		"numbers in full":  strings.Contains(b.String(), "18446744073709551615"),
		"unknown to names": first.Destinations[0].Host == "",
	} {
		if !ok {
			t.Errorf("%s:\n%s", what, b.String())
		}
	}
}

// A partial table has none of the fields that it does not know, and says so.
func TestJSONPartialTable(t *testing.T) {
	table := ipvs.Table{
		{
			Service: ipvs.Service{
				ServiceID: ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("[fd00::1]:80")},
				Scheduler: "sh", Flags: ipvs.Persistent | ipvs.Hashed, Timeout: 300, Netmask: ipvs.IPv6Prefix(64),
			},
			Destinations: []ipvs.Destination{{
				DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("[fd00::2]:80")}, Forward: ipvs.Tunnel, Weight: 3, ActiveConns: 4,
			}},
		},
		{Service: ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 7}, Scheduler: "rr", Flags: ipvs.Persistent}},
	}
	for _, j := range []JSON{{Names: someNames{}}, {Time: time.Unix(1, 0)}} {
		var b bytes.Buffer
		s := Snapshot{Info: &ipvs.Info{Version: 0x010201, ConnTabSize: 4096}, Totals: &ipvs.Stats{}, Table: table, Partial: true, UnknownFamily: map[uint32]bool{7: true}}
		if err := j.Table(&b, s); err != nil {
			t.Fatal(err)
		}
		valid(t, b.Bytes())
		var got struct {
			Incomplete []string
			Services   []map[string]any
		}
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		first, mark := got.Services[0], got.Services[1]
		server := first["destinations"].([]any)[0].(map[string]any)
		for _, name := range got.Incomplete {
			if first[name] != nil || server[name] != nil {
				t.Errorf("%s is there:\n%s", name, b.String())
			}
		}
		if len(got.Incomplete) != 8 || first["family"] != "IPv6" || first["netmask"] != "64" || mark["family"] != nil || mark["netmask"] != nil {
			t.Errorf("got %s", b.String())
		}
	}
}

// What only newer kernels tell is in the document, or left out.
func TestJSONKernel(t *testing.T) {
	info, newer := &ipvs.Info{Version: 0x010201, ConnTabSize: 4096}, metricsSnapshot()
	none := uint64(0)
	for _, tc := range []struct {
		snapshot Snapshot
		want     KernelDocument
	}{
		{Snapshot{Info: info}, KernelDocument{Version: "1.2.1", ConnTableSize: 4096}},
		{Snapshot{Estimation: EstimationOff}, KernelDocument{CountersStand: true}},
		{Snapshot{Estimation: EstimationNoCPUs}, KernelDocument{CountersStand: true}},
		{Snapshot{Estimation: EstimationRuns}, KernelDocument{}},
		{
			Snapshot{Info: &ipvs.Info{Version: 0x010201}, Limits: Limits{ConnTabGrows: true, ConnTabSize: 256, Conns: &none}, Status: &ipvs.Status{}},
			KernelDocument{Version: "1.2.1", MaxConnTableSize: 256, ConnLimit: &none, Status: &StatusDocument{}},
		},
		{
			Snapshot{Info: info, Limits: newer.Limits, Status: newer.Status, Estimation: newer.Estimation},
			KernelDocument{
				Version: "1.2.1", ConnTableSize: 4096, MaxConnTableSize: 1 << 20, ConnLimit: newer.Limits.Conns,
				Status: &StatusDocument{
					Conns:      HashTableDocument{30, 4096, -4, []uint64{4066, 21, 4, 5, 0, 0, 0, 1}},
					Services:   HashTableDocument{2, 16, -3, []uint64{14, 2, 0, 0, 0, 0, 0, 0}},
					Estimation: EstimationDocument{1, 16, 32, 76800},
				},
			},
		},
	} {
		for _, tc.snapshot.Partial = range []bool{false, true} {
			var b bytes.Buffer
			if err := (JSON{}).Table(&b, tc.snapshot); err != nil {
				t.Fatal(err)
			}
			valid(t, b.Bytes())
			var got KernelDocument
			if err := json.Unmarshal(b.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v\nwant %+v\n%s", got, tc.want, b.String())
			}
		}
	}
}

func TestJSONEmptyLists(t *testing.T) {
	var b bytes.Buffer
	if err := (JSON{}).Table(&b, Snapshot{}); err != nil || b.String() != "{\n  \"services\": []\n}\n" {
		t.Errorf("%v, %s", err, b.String())
	}
	valid(t, b.Bytes())
	b.Reset()
	if err := (JSON{}).Daemons(&b, nil); err != nil || b.String() != "{\n  \"daemons\": []\n}\n" {
		t.Errorf("%v, %s", err, b.String())
	}
	valid(t, b.Bytes())
}

func TestJSONTimeoutsAndDaemons(t *testing.T) {
	var b bytes.Buffer
	if err := (JSON{}).Timeouts(&b, ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300}); err != nil {
		t.Fatal(err)
	}
	valid(t, b.Bytes())
	b.Reset()
	daemons := []ipvs.Daemon{
		{State: ipvs.Master, Interface: "eth0", SyncID: 7},
		{State: ipvs.Backup, Interface: "eth0", MaxLen: 1472, Group: netip.MustParseAddr("ff02::51"), Port: 8848, TTL: 1},
	}
	if err := (JSON{}).Daemons(&b, daemons); err != nil {
		t.Fatal(err)
	}
	valid(t, b.Bytes())
}

func TestJSONConnections(t *testing.T) {
	entry := ipvs.ConnEntry{
		Protocol: "TCP", Client: netip.MustParseAddrPort("192.168.0.1:50000"), Virtual: netip.MustParseAddrPort("10.0.0.1:80"),
		Destination: netip.MustParseAddrPort("[fd00::2]:80"), State: "ESTABLISHED", Expires: 900 * time.Second,
		PEName: "sip", PEData: "call\xff\x01@host",
	}
	var b bytes.Buffer
	if err := (JSON{}).Connections(&b, oneChunk([]ipvs.ConnEntry{entry, entry})); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 2 || lines[0] != lines[1] {
		t.Fatalf("got %q", lines)
	}
	valid(t, []byte(lines[0]))
	var got ConnectionDocument
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil || got.Expires != 900 || got.PEData != "call\ufffd\x01@host" || string(got.PERaw) != entry.PEData {
		t.Errorf("%v, %+v", err, got)
	}
}

// The template of a firewall mark has the mark in place of the virtual address.
func TestJSONTemplateOfMark(t *testing.T) {
	for _, virtual := range []string{"0.0.0.7:0", "[0:7::]:0"} {
		entry := ipvs.ConnEntry{
			Protocol: "IP", Client: netip.MustParseAddrPort("192.168.0.0:0"), Virtual: netip.MustParseAddrPort(virtual),
			Destination: netip.MustParseAddrPort("10.0.0.2:0"), State: "NONE",
		}
		var b bytes.Buffer
		if err := (JSON{}).Connections(&b, oneChunk([]ipvs.ConnEntry{entry})); err != nil {
			t.Fatal(err)
		}
		valid(t, b.Bytes())
		var got ConnectionDocument
		if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.FWMark != 7 || got.Client.Family != "IPv4" {
			t.Errorf("%v: %s", err, b.String())
		}
	}
}

// Names and the data of a persistence engine can hold characters that control a
// terminal. JSON escapes them, so the value stays the same.
func TestJSONEscapesControlCharacters(t *testing.T) {
	const data = "a\u009b31m\u007f\u0080\u00a0\u00ff\x1b"
	entry := ipvs.ConnEntry{
		Protocol: "UDP", Client: netip.MustParseAddrPort("10.0.0.1:1"), Virtual: netip.MustParseAddrPort("10.0.0.2:2"),
		Destination: netip.MustParseAddrPort("10.0.0.3:3"), State: "UDP", PEName: "sip", PEData: data,
	}
	var b strings.Builder
	if err := (JSON{}).Connections(&b, oneChunk([]ipvs.ConnEntry{entry})); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(strings.TrimSuffix(b.String(), "\n"), unicode.IsControl) {
		t.Errorf("%q", b.String())
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(b.String()), &document); err != nil || !strings.Contains(fmt.Sprint(document), data) {
		t.Errorf("%v, %q", err, fmt.Sprint(document))
	}
}

func TestJSONNetNS(t *testing.T) {
	var b bytes.Buffer
	list := NetNSList{[]NetNS{{Name: "pid:1", Own: true, PID: 1, Command: "a\x1b<", Services: math.MaxUint64}, {Name: "blue"}}, 2}
	if err := (JSON{}).NetNS(&b, list); err != nil {
		t.Fatal(err)
	}
	valid(t, b.Bytes())
	b.Reset()
	if err := (JSON{}).NetNS(&b, NetNSList{}); err != nil {
		t.Fatal(err)
	}
	valid(t, b.Bytes())
}

func TestJSONSettings(t *testing.T) {
	for _, settings := range [][]Setting{nil, {{Name: "a", Value: "1\x1b", Default: "0", Changed: true, Since: "7.1", Help: "b"}, {Name: "c", Error: "d"}}} {
		var b bytes.Buffer
		if err := (JSON{}).Settings(&b, settings); err != nil {
			t.Fatal(err)
		}
		valid(t, b.Bytes())
	}
}
