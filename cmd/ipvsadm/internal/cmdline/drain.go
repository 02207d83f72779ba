// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/drain"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// waitRange and idleRange are the seconds of --wait and --idle. A connection is not idle
// before the kernel's clock tells.
var (
	waitRange = format.Range{Min: 0, Max: 31 * 86400}
	idleRange = format.Range{Min: 2, Max: 31 * 86400}
)

func (b *builder) setWait(value string) error {
	return setSeconds(&b.drain.Wait, value, waitRange, "wait")
}

func (b *builder) setIdle(value string) error {
	return setSeconds(&b.drain.Idle, value, idleRange, "idle time")
}

// setSeconds sets a time to a number of seconds in a range. what names the value in errors.
func setSeconds(field *time.Duration, value string, r format.Range, what string) error {
	n, ok := parseIn(value, r)
	if !ok {
		return Usagef("invalid %s `%s' specified; it must be %d to %d seconds", what, value, r.Min, r.Max)
	}
	*field = time.Duration(n) * time.Second
	return nil
}

func (b *builder) setAtEnd(value string) error {
	action, ok := drain.ParseAtLimit(value)
	if !ok {
		return Usagef("invalid action `%s' specified; it must be one of %s", value, strings.Join(drain.AtLimitWords(), ", "))
	}
	b.drain.AtLimit = action
	return nil
}

// checkDrain checks the options of --drain against each other.
func (b *builder) checkDrain() error {
	form := b.list.Options.Form
	switch {
	case b.has(outputOption) && form != format.JSONForm && form != format.TableForm:
		return Usagef("the output format of --drain must be table or json")
	case b.has(keepServerOption) && b.has(atEndOption) && b.drain.AtLimit == drain.RemoveAtLimit:
		return Usagef("The option 'keep-server' conflicts with --at-end remove")
	case b.has(atEndOption) && b.drain.Wait == 0:
		return Usagef("--at-end requires a limit, and --wait 0 has none")
	}
	return nil
}

// completeDrain looks up the ports of the servers.
func (b *builder) completeDrain() error {
	for _, server := range b.servers {
		b.server = server
		if err := b.lookUpServerPort(); err != nil {
			return err
		}
		b.drain.Servers = append(b.drain.Servers, ipvs.EndpointFilter{AddrPort: b.server.AddrPort(), HasPort: b.server.hasPort})
	}
	return nil
}

func (b *builder) draining() Draining {
	o := b.drain
	o.Service = b.service.ServiceID
	o.Sessions, o.KeepServers, o.Force = b.has(sessionsOption), b.has(keepServerOption), b.has(forceOption)
	return Draining{o, b.list.Options.Form == format.JSONForm}
}
