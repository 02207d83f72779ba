// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func TestPlanShowsAllSettings(t *testing.T) {
	_, client := kernel(t, service(1, 2))
	edited := service(1, 2)
	edited.Service.Flags, edited.Service.Timeout = ipvs.Persistent, 300
	edited.Destinations[0].UpperThreshold = 10
	desired := services(edited)
	desired.Timeouts = ipvs.Timeouts{TCP: 7, TCPFin: 8}
	plan, err := NewPlan(client, desired)
	if err != nil {
		t.Fatal(err)
	}
	want := `edit service TCP 10.0.0.1:80, wrr persistent 300s
edit server 10.1.0.2:80 of TCP 10.0.0.1:80, Route weight 1 upper 10
set timeouts TCP 7s, TCP FIN 8s
`
	if got := plan.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTextOfRefusals(t *testing.T) {
	twice := Refusal{ipvs.NewService(service(1).Service), errTwice}
	for n, want := range []string{
		"reconcile: no change was refused",
		"reconcile: the state has the service twice",
		"reconcile: the state has the service twice (and 1 more change was refused)",
		"reconcile: the state has the service twice (and 2 more changes were refused)",
	} {
		if got := (Refusals{twice, twice, twice})[:n].Error(); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if errors.Is(Refusals{}, errTwice) {
		t.Error("no refusals hold an error")
	}
	got, err := json.Marshal(Refusals{twice})
	if want := `[{"change":"add service TCP 10.0.0.1:80, wrr","error":"reconcile: the state has the service twice"}]`; err != nil || string(got) != want {
		t.Errorf("%v, %s, want %s", err, got, want)
	}
}
