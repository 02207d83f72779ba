// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

const tableJSON = `[
  {
    "service": {
      "id": "TCP 10.0.0.1:80",
      "scheduler": "sh",
      "flags": "persistent,one-packet,flag-1,0x40",
      "flags_mask": "persistent",
      "persistence_timeout": 300,
      "netmask": "255.255.255.0",
      "persistence_engine": "sip",
      "stats": {
        "connections": 7,
        "outgoing_bytes_per_second": 18446744073709551615
      }
    },
    "destinations": [
      {
        "id": "10.0.0.2:80",
        "forward": "Tunnel",
        "weight": 5,
        "upper_threshold": 9,
        "lower_threshold": 4,
        "tunnel_type": "gue",
        "tunnel_port": 6080,
        "tunnel_flags": "csum",
        "active_connections": 1,
        "inactive_connections": 2,
        "persistent_connections": 3,
        "stats": {
          "incoming_packets": 8
        }
      },
      {
        "id": "10.0.0.3:80",
        "forward": "Masq",
        "weight": 0
      }
    ]
  },
  {
    "service": {
      "id": "FWM 7 IPv6",
      "scheduler": "wlc"
    }
  }
]`

func jsonTable() ipvs.Table {
	return ipvs.Table{
		{
			Service: ipvs.Service{
				ServiceID: tcp("10.0.0.1:80"), Scheduler: "sh", Flags: ipvs.Persistent | ipvs.OnePacket | ipvs.SourceHashingFallback | 0x40,
				FlagsMask: ipvs.Persistent, Timeout: 300, Netmask: ipvs.IPv4Prefix(24), PersistenceEngine: "sip",
				Stats: ipvs.Stats{Conns: 7, OutBPS: 1<<64 - 1},
			},
			Destinations: []ipvs.Destination{
				{
					DestinationID: destID("10.0.0.2:80"), Forward: ipvs.Tunnel, Weight: 5, UpperThreshold: 9, LowerThreshold: 4,
					TunnelType: ipvs.GUE, TunnelPort: 6080, TunnelFlags: ipvs.TunnelChecksum,
					ActiveConns: 1, InactiveConns: 2, PersistentConns: 3, Stats: ipvs.Stats{InPkts: 8},
				},
				{DestinationID: destID("10.0.0.3:80")},
			},
		},
		{Service: ipvs.Service{ServiceID: mark(7, ipvs.IPv6), Scheduler: "wlc"}},
	}
}

func TestTableJSON(t *testing.T) {
	text, err := json.MarshalIndent(jsonTable(), "", "  ")
	must(t, err)
	wantEqual(t, "JSON", strings.Split(string(text), "\n"), strings.Split(tableJSON, "\n"))
	var got ipvs.Table
	must(t, json.Unmarshal([]byte(tableJSON), &got))
	wantEqual(t, "table", got, jsonTable())
}

func TestDaemonAndTimeoutsJSON(t *testing.T) {
	for want, v := range map[string]any{
		`{"state":"master","interface":"eth0"}`: ipvs.Daemon{State: ipvs.Master, Interface: "eth0"},
		`{"state":"backup","interface":"lo","syncid":9,"maxlen":1400,"group":"ff05::9","port":8848,"ttl":2}`: ipvs.Daemon{ipvs.Backup, "lo", 9, 1400, addr("ff05::9"), 8848, 2},
		`{"tcp":900,"tcp_fin":120,"udp":300}`: ipvs.Timeouts{TCP: 900, TCPFin: 120, UDP: 300},
		`{"udp":300}`:                         ipvs.Timeouts{UDP: 300},
	} {
		text, err := json.Marshal(v)
		if err != nil || string(text) != want {
			t.Errorf("got %s, %v, want %s", text, err, want)
		}
	}
}

// Written by hand, words are in any case, and what is left out is zero.
func TestTableJSONByHand(t *testing.T) {
	var got ipvs.Table
	must(t, json.Unmarshal([]byte(`[{"service": {"id": "tcp 10.0.0.1:80", "scheduler": "rr", "flags": "Persistent, OPS", "netmask": "HOST"},
		"destinations": [{"id": "10.0.0.2:80", "forward": "DR", "weight": 1}]}]`), &got))
	wantEqual(t, "table", got, ipvs.Table{{
		Service:      ipvs.Service{ServiceID: tcp("10.0.0.1:80"), Scheduler: "rr", Flags: ipvs.Persistent | ipvs.OnePacket},
		Destinations: []ipvs.Destination{destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Forward = ipvs.DirectRoute })},
	}})
	for _, bad := range []string{
		`[{"service": "TCP 10.0.0.1:80"}]`, `[{"service": {"id": "10.0.0.1:80"}}]`, `[{"service": {"id": "FWM 1", "flags": 1}}]`,
		`[{"service": {"id": "FWM 1", "netmask": "129"}}]`, `[{"service": {"id": "FWM 1", "persistence_timeout": -1}}]`,
		`[{"service": {}, "destinations": [{"id": "x"}]}]`, `[{"service": {}, "destinations": [{"forward": "x"}]}]`,
		`[{"service": {}, "destinations": ["10.0.0.2:80"]}]`, `[{"service": {}, "destinations": [{"weight": 4294967296}]}]`,
	} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s became %v", bad, got)
		}
	}
}

// A variable that is used again has nothing of what it held, except after null, which
// encoding/json takes for no value.
func TestJSONSetsAbsentFieldsToZero(t *testing.T) {
	table := jsonTable()
	must(t, json.Unmarshal([]byte(`[{"service": {"scheduler": "wlc"}, "destinations": [{"weight": 6}]}, {"service": {"id": "FWM 1"}}]`), &table))
	wantEqual(t, "table", table, ipvs.Table{
		{Service: ipvs.Service{Scheduler: "wlc"}, Destinations: []ipvs.Destination{{Weight: 6}}},
		{Service: ipvs.Service{ServiceID: mark(1, ipvs.IPv4)}},
	})
	entry, daemon, timeouts := jsonTable()[0], ipvs.Daemon{ipvs.Backup, "lo", 9, 1400, addr("ff05::9"), 8848, 2}, ipvs.Timeouts{1, 2, 3}
	for _, v := range []any{&entry.Service, &entry.Destinations[0], &entry, &daemon, &timeouts} {
		must(t, json.Unmarshal([]byte(`null`), v))
	}
	wantEqual(t, "entry after null", entry, jsonTable()[0])
	must(t, json.Unmarshal([]byte(`{"service": {"id": "FWM 1"}}`), &entry))
	wantEqual(t, "entry", entry, ipvs.TableEntry{Service: ipvs.Service{ServiceID: mark(1, ipvs.IPv4)}})
	must(t, json.Unmarshal([]byte(`{"interface": "eth0"}`), &daemon))
	wantEqual(t, "daemon", daemon, ipvs.Daemon{Interface: "eth0"})
	must(t, json.Unmarshal([]byte(`{"udp": 5}`), &timeouts))
	wantEqual(t, "timeouts", timeouts, ipvs.Timeouts{UDP: 5})
}

// A field that nobody knows is a typing error, and the error names it. What is read stays
// as it was.
func TestJSONRefusesUnknownFields(t *testing.T) {
	table, daemon, timeouts := jsonTable(), ipvs.Daemon{Interface: "lo"}, ipvs.Timeouts{UDP: 1}
	for text, v := range map[string]any{
		`[{"sevrice": {}}]`: &table,
		`[{"service": {"id": "FWM 1", "sevrice": "rr"}}]`:           &table,
		`[{"service": {"id": "FWM 1", "stats": {"sevrice": 1}}}]`:   &table,
		`[{"service": {}, "destinations": [{"sevrice": 1}]}]`:       &table,
		`{"state": "master", "interface": "eth0", "sevrice": true}`: &daemon,
		`{"udp": 300, "sevrice": 1}`:                                &timeouts,
	} {
		if err := json.Unmarshal([]byte(text), v); err == nil || !strings.Contains(err.Error(), `unknown field "sevrice"`) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	wantEqual(t, "entry", table[0], jsonTable()[0])
	wantEqual(t, "daemon and timeouts", []any{daemon, timeouts}, []any{ipvs.Daemon{Interface: "lo"}, ipvs.Timeouts{UDP: 1}})
	for _, text := range []string{"", "{", "{} {}", "{}x", "[]"} {
		if err := timeouts.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%q became %v", text, timeouts)
		}
	}
}

// An identity that nothing has is an error, not another identity.
func TestJSONOfBadIdentity(t *testing.T) {
	for _, v := range []any{
		ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 1, Protocol: ipvs.TCP}}, ipvs.Service{ServiceID: tcp("10.0.0.1:80"), Netmask: ipvs.IPv4Prefix(-1)},
		ipvs.Destination{DestinationID: destID("[fe80::1%lo]:80")},
	} {
		if text, err := json.Marshal(v); err == nil {
			t.Errorf("%v became %s", v, text)
		}
	}
}

// Encoders that know no JSON get the settings too, and decoders an error instead of half
// a service.
func TestTextOfServiceIsNotItsIdentity(t *testing.T) {
	entry := jsonTable()[0]
	for _, v := range []encoding.TextMarshaler{entry.Service, &entry.Service, entry.Destinations[0]} {
		text, err := v.MarshalText()
		if err != nil || !bytes.Contains(text, []byte(" weight 5")) && !bytes.Contains(text, []byte(" persistent 300s")) {
			t.Errorf("got %q, %v", text, err)
		}
	}
	for _, v := range []encoding.TextUnmarshaler{new(ipvs.Service), new(ipvs.Destination)} {
		for _, text := range []string{"TCP 10.0.0.1:80", "10.0.0.2:80"} {
			if err := v.UnmarshalText([]byte(text)); err == nil {
				t.Errorf("%q became %v", text, v)
			}
		}
	}
}

func TestJSONRoundTrips(t *testing.T) {
	utf8Name := rapid.StringN(0, 15, 15)
	rapid.Check(t, func(t *rapid.T) {
		want := ipvs.Table{}
		for range rapid.IntRange(0, 4).Draw(t, "services") {
			entry := ipvs.TableEntry{Service: anyService.Draw(t, "service")}
			entry.Service.Scheduler, entry.Service.PersistenceEngine = utf8Name.Draw(t, "scheduler"), utf8Name.Draw(t, "engine")
			entry.Destinations = rapid.OneOf(rapid.Just([]ipvs.Destination(nil)), rapid.SliceOfN(anyDestination, 0, 4)).Draw(t, "destinations")
			want = append(want, entry)
		}
		checkJSON(t, want)
		daemon := anyDaemon.Draw(t, "daemon")
		daemon.Interface = utf8Name.Draw(t, "interface")
		checkJSON(t, daemon)
		checkJSON(t, rapid.Make[ipvs.Timeouts]().Draw(t, "timeouts"))
	})
}

func checkJSON[T any](t *rapid.T, want T) {
	t.Helper()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got T
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if d := diff(got, want); d != "" {
		t.Errorf("%s: got -, want +:\n%s", text, d)
	}
}
