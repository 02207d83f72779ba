// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"io"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// Connections are counted again if their table was resized meanwhile, and not for ever.
func TestConnectionsOfResizedTable(t *testing.T) {
	const title = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
	const entry = "TCP C0A80001 C350 0A000001 0050 0A000002 0050 ESTABLISHED     900\n"
	for _, tc := range []struct{ resizes, readings int }{{0, 1}, {1, 2}, {3, 4}, {100, resizeTries}} {
		for _, kind := range []Kind{ConnCounts, Connections} {
			k := ipvstest.New()
			client, err := k.Dial()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			readings := 0
			open := func(string) (io.ReadCloser, error) {
				text := title + entry + entry
				if readings++; readings <= tc.resizes {
					k.SetInfo(ipvs.Info{Version: 0x010201, ConnTabSize: 256 << readings})
					text += entry
				}
				return io.NopCloser(strings.NewReader(text)), nil
			}
			l := New(Source{Client: client, Open: open}, Options{Kind: kind, Form: format.TableForm, Numeric: true}, Style{}, nil)
			result, err := l.Read()
			if err != nil {
				t.Fatal(err)
			}
			want := "2 connections"
			if tc.resizes >= resizeTries {
				want = "3 connections" // the last reading
			}
			if counts, ok := result.(CountResult); ok && counts.Resized != (tc.resizes >= resizeTries) {
				t.Errorf("%d resizes: resized: %v", tc.resizes, counts.Resized)
			}
			if got := result.Totals(true)[0].Text; readings != tc.readings || got != want {
				t.Errorf("kind %d, %d resizes: %d readings, %s", kind, tc.resizes, readings, got)
			}
		}
	}
}

// Counts that may be wrong are printed with a warning.
func TestCountsOfResizedTableAreDoubted(t *testing.T) {
	for _, resizes := range []int{resizeTries - 1, resizeTries} {
		k := ipvstest.New()
		client, err := k.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		readings := 0
		open := func(string) (io.ReadCloser, error) {
			if readings++; readings <= resizes {
				k.SetInfo(ipvs.Info{Version: 0x010201, ConnTabSize: 256 << readings})
			}
			return io.NopCloser(strings.NewReader("Pro FromIP\n")), nil
		}
		l := New(Source{Client: client, Open: open}, Options{Kind: ConnCounts, Numeric: true}, Style{}, nil)
		var warnings []string
		l.Warn = func(text string) { warnings = append(warnings, text) }
		if err := l.Print(io.Discard); err != nil {
			t.Fatal(err)
		}
		if len(warnings) != resizes-resizeTries+1 {
			t.Errorf("%d resizes: warnings %q", resizes, warnings)
		}
	}
}
