// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"bytes"
	"encoding/gob"
	"testing"

	"pgregory.net/rapid"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Package encoding/gob keeps all that there is to read.
func TestGobKeepsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := everything{
			Table: ipvs.Table{
				{Service: anyService.Draw(t, "service"), Destinations: rapid.SliceOfN(anyDestination, 1, 3).Draw(t, "destinations")},
				{Service: anyService.Draw(t, "another service")},
			},
			Daemons:  []ipvs.Daemon{anyDaemon.Draw(t, "daemon")},
			Timeouts: rapid.Make[ipvs.Timeouts]().Draw(t, "timeouts"),
		}
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(want); err != nil {
			t.Fatal(err)
		}
		var got everything
		if err := gob.NewDecoder(&b).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if d := diff(got, want); d != "" {
			t.Errorf("got -, want +:\n%s", d)
		}
	})
}
