// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"fmt"
	"math"
	"time"
)

// Timeouts are the timeouts of connections, in whole seconds, as the kernel has them.
// TimeoutsOf converts durations, Durations the other way. For SetTimeouts, zero means
// that the kernel keeps its value.
type Timeouts struct {
	TCP    uint32 `json:"tcp,omitempty"`     // established TCP connections
	TCPFin uint32 `json:"tcp_fin,omitempty"` // TCP connections after a FIN
	UDP    uint32 `json:"udp,omitempty"`     // UDP flows
}

// TimeoutsOf returns timeouts, which must be whole seconds, as for Seconds. Its error names
// the one that is not.
func TimeoutsOf(tcp, tcpFin, udp time.Duration) (Timeouts, error) {
	var t Timeouts
	for _, timeout := range []struct {
		name  string
		value time.Duration
		field *uint32
	}{{"TCP", tcp, &t.TCP}, {"TCP FIN", tcpFin, &t.TCPFin}, {"UDP", udp, &t.UDP}} {
		n, err := wholeSeconds(timeout.value)
		if err != nil {
			return Timeouts{}, fmt.Errorf("ipvs: %s %w", timeout.name, err)
		}
		*timeout.field = n
	}
	return t, nil
}

// Durations returns the timeouts as durations. TimeoutsOf is its inverse.
func (t Timeouts) Durations() (tcp, tcpFin, udp time.Duration) {
	return seconds(t.TCP), seconds(t.TCPFin), seconds(t.UDP)
}

// Seconds returns a duration in seconds, for Service.Timeout. The kernel counts whole
// seconds up to 4294967295. Any other duration is an error, so that half a second does
// not become 0, which has a meaning of its own.
func Seconds(d time.Duration) (uint32, error) {
	n, err := wholeSeconds(d)
	return n, prefixed(err)
}

func wholeSeconds(d time.Duration) (uint32, error) {
	n := d / time.Second
	switch {
	case d%time.Second != 0:
		return 0, fmt.Errorf("timeout %s is not a whole number of seconds", d)
	case n < 0 || n > math.MaxUint32:
		return 0, fmt.Errorf("timeout %s is not from 0 to %d seconds", d, uint32(math.MaxUint32))
	}
	return uint32(n), nil
}

func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }

// encode writes the attributes of IPVS_CMD_SET_CONFIG.
func (t *Timeouts) encode(e *encoder) {
	e.Uint32(attrTimeoutTCP, t.TCP)
	e.Uint32(attrTimeoutTCPFin, t.TCPFin)
	e.Uint32(attrTimeoutUDP, t.UDP)
}

// decode reads the attributes of IPVS_CMD_SET_CONFIG.
func (t *Timeouts) decode(b []byte) error {
	*t = Timeouts{}
	a := decoder{Rest: b}
	for a.Next() {
		switch a.Type {
		case attrTimeoutTCP:
			t.TCP = a.Uint32()
		case attrTimeoutTCPFin:
			t.TCPFin = a.Uint32()
		case attrTimeoutUDP:
			t.UDP = a.Uint32()
		}
	}
	if a.Err != nil {
		return fmt.Errorf("timeouts: %w", a.Err)
	}
	return nil
}
