// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/drain"
	"github.com/ipvsadm-go/ipvsadm/format"
)

var (
	overRange  = format.Range{Min: 1, Max: 31 * 86400}
	stepsRange = format.Range{Min: 1, Max: 1000}
)

func (b *builder) setOver(value string) error {
	return setSeconds(&b.ramp.Over, value, overRange, "time")
}

func (b *builder) setSteps(value string) error {
	n, ok := parseIn(value, stepsRange)
	if !ok {
		return Usagef("invalid number of steps `%s' specified; it must be %d to %d", value, stepsRange.Min, stepsRange.Max)
	}
	b.ramp.Steps = int(n)
	return nil
}

// completeRamp completes the server. Its port is taken as it is written, because one that is
// there may have any method.
func (b *builder) completeRamp() error {
	if err := b.lookUpServerPort(); err != nil {
		return err
	}
	if !b.server.hasPort {
		b.server.port = b.service.AddrPort.Port()
	}
	d := &b.destination
	d.AddrPort = b.server.AddrPort()
	if b.seen.hasAny(serverOptions().without(weightOption)) {
		return b.checkServer()
	}
	return nil
}

func (b *builder) ramping() drain.RampOptions {
	o := b.ramp
	o.Service, o.Server = b.service.ServiceID, b.destination
	o.Named, o.UntilEven = b.seen.hasAny(serverOptions().without(weightOption)), b.has(untilEvenOption)
	return o
}
