// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"pgregory.net/rapid"
)

func TestSeconds(t *testing.T) {
	for d, want := range map[time.Duration]uint32{
		0: 0, time.Second: 1, 15 * time.Minute: 900, math.MaxUint32 * time.Second: math.MaxUint32,
	} {
		if got, err := ipvs.Seconds(d); err != nil || got != want {
			t.Errorf("%s: got %d, %v", d, got, err)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Millisecond:         "ipvs: timeout 1ms is not a whole number of seconds",
		1500 * time.Millisecond:  "ipvs: timeout 1.5s is not a whole number of seconds",
		-time.Nanosecond:         "not a whole number",
		-time.Second:             "ipvs: timeout -1s is not from 0 to 4294967295 seconds",
		(1 << 32) * time.Second:  "not from 0 to 4294967295 seconds",
		9223372036 * time.Second: "not from 0 to",
		math.MinInt64:            "not a whole number",
	} {
		if got, err := ipvs.Seconds(d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %d, %v, want %s", d, got, err, want)
		}
	}
}

func TestTimeoutsOfNamesTheTimeout(t *testing.T) {
	half := time.Second / 2
	for _, tc := range []struct {
		tcp, tcpFin, udp time.Duration
		want             string
	}{
		{half, time.Second, time.Second, "ipvs: TCP timeout 500ms is not a whole number of seconds"},
		{time.Second, half, half, "ipvs: TCP FIN timeout 500ms is not a whole number of seconds"},
		{0, 0, -time.Second, "ipvs: UDP timeout -1s is not from 0 to 4294967295 seconds"},
	} {
		got, err := ipvs.TimeoutsOf(tc.tcp, tc.tcpFin, tc.udp)
		if err == nil || err.Error() != tc.want || got != (ipvs.Timeouts{}) {
			t.Errorf("got %+v, %v, want %s", got, err, tc.want)
		}
	}
}

func TestDurationsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Make[ipvs.Timeouts]().Draw(t, "timeouts")
		got, err := ipvs.TimeoutsOf(want.Durations())
		if err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		s := ipvs.Service{Timeout: want.UDP}
		s.Timeout, err = ipvs.Seconds(s.TimeoutDuration())
		if err != nil || s.Timeout != want.UDP {
			t.Errorf("got %d, %v, want %d", s.Timeout, err, want.UDP)
		}
	})
}
