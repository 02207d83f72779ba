// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"fmt"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/shell"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// legality defines the options of a command or a tunnel type: all of needed, any of
// allowed, and at most one of exclusive.
type legality struct {
	name                       string
	needed, allowed, exclusive optionSet
}

const (
	serviceOptions = schedulerOption | persistentOption | netmaskOption | opsOption | peOption | schedFlagsOption
	serverOptions  = forwardOption | weightOption | upperOption | lowerOption | tunTypeOption | tunnelOptions
	tunnelOptions  = tunPortOption | tunNoCsumOption | tunCsumOption | tunRemCsumOption
	listOptions    = numericOption | statsOption | rateOption | thresholdsOption | persistentConnOption | nosortOption | syncIDOption |
		exactOption | tunInfoOption | outputOption | watchOption | sortByOption | connectionOptions
	connectionOptions = stateOption | clientOption | virtualOption | destinationOption | countByOption
	listViews         = connectionOption | serviceOption | timeoutOption | daemonOption
	drainOptions      = waitOption | atEndOption | sessionsOption | idleOption | keepServerOption | forceOption | outputOption
	rampOptions       = overOption | stepsOption | untilEvenOption
	diagnoseOptions   = serviceOption | serverOption | forwardOption | clientOption | directorOption | rulesOption | skipOption | verboseOption | outputOption
	takeAwayOptions   = noPersistentOption | noOpsOption | noPEOption
	daemonOptions     = interfaceOption | syncIDOption | groupOption | portOption | ttlOption | maxLenOption
	everywhere        = netnsOption // with each command except --list-netns
)

// takes returns all options that may be given.
func (l legality) takes() optionSet { return l.needed | l.allowed | l.exclusive }

// legality returns the options that a command needs and allows.
func (a action) legality() legality {
	l := a.ownLegality()
	if l.name != "" && a != listNetNS {
		l.allowed |= everywhere
	}
	return l
}

// ownLegality is legality without the options that go with almost each command.
func (a action) ownLegality() legality {
	switch a {
	case addService:
		return legality{"add-service", serviceOption, serviceOptions, 0}
	case editService:
		return legality{"edit-service", serviceOption, serviceOptions | keepOption | takeAwayOptions, 0}
	case deleteService:
		return legality{"delete-service", serviceOption, 0, 0}
	case flush:
		return legality{"flush", 0, 0, 0}
	case addServer:
		return legality{"add-server", serviceOption | serverOption, serverOptions, 0}
	case editServer:
		return legality{"edit-server", serviceOption | serverOption, serverOptions | keepOption, 0}
	case deleteServer:
		return legality{"delete-server", serviceOption | serverOption, 0, 0}
	case list:
		return legality{"list", 0, listOptions, listViews}
	case save:
		return legality{"save", 0, numericOption, 0}
	case restore:
		return legality{"restore", 0, 0, 0}
	case zero:
		return legality{"zero", 0, serviceOption, 0}
	case setTimeouts:
		return legality{"set", 0, 0, 0}
	case startDaemon:
		return legality{"start-daemon", 0, daemonOptions, 0}
	case drainServers:
		return legality{"drain", serverOption, serviceOption | drainOptions, 0}
	case rampServer:
		return legality{"ramp", serviceOption | serverOption | weightOption, serverOptions | rampOptions, 0}
	case stopDaemon:
		return legality{"stop-daemon", 0, syncIDOption, 0}
	case listNetNS:
		return legality{"list-netns", 0, numericOption | outputOption | allOption, 0}
	case sysctls:
		return legality{"sysctl", 0, outputOption | changedOption, 0}
	case monitorTable:
		return legality{"monitor", 0, serviceOption | numericOption | outputOption | allOption | fullOption, 0}
	case diagnosis:
		return legality{"diagnose", 0, diagnoseOptions, 0}
	}
	return legality{}
}

// check returns an error for the first option, in the order of optionSet, that is
// missing, not allowed, or in conflict with an earlier one. kind is "command" or "tunnel
// type", name returns the name of an option, and goesWith what it goes with instead.
func (l legality) check(seen optionSet, kind string, name, goesWith func(optionSet) string) error {
	var exclusive optionSet
	for o := optionSet(1); o < endOfOptions; o <<= 1 {
		switch {
		case !seen.has(o):
			if l.needed.has(o) {
				return WithHint(Usagef("You need to supply the '%s' option for the '%s' %s", o.name(), l.name, kind), missingHint(o))
			}
		case l.exclusive.has(o):
			if exclusive != 0 {
				return Usagef("The option '%s' conflicts with the '%s' option in the '%s' %s",
					o.name(), exclusive.name(), l.name, kind)
			}
			exclusive = o
		case !l.takes().has(o):
			return WithHint(Usagef("Illegal '%s' option with the '%s' %s", name(o), l.name, kind), goesWith(o))
		}
	}
	return nil
}

// missingHint says how to write an option that is missing.
func missingHint(o optionSet) string {
	switch o {
	case serviceOption:
		return "name the service: -t, -u or --sctp-service HOST:PORT, or -f MARK"
	case serverOption:
		return "name the server: -r HOST[:PORT]"
	case weightOption:
		return "name the weight at the end: -w N"
	case tunPortOption:
		return "name the port: --tun-port PORT"
	}
	return ""
}

// bareAddressHint says which option is missing before a word that looks like an address,
// or returns "".
func (b *builder) bareAddressHint(word string) string {
	switch takes := b.action.legality().takes(); {
	case !strings.ContainsAny(word, ".:"):
		return ""
	case takes.has(serviceOption) && !b.has(serviceOption):
		return fmt.Sprintf("a service needs its protocol: -t %s, -u or --sctp-service", shell.Quote(word))
	case takes.has(serverOption) && !b.has(serverOption):
		return "a server needs -r: -r " + shell.Quote(word)
	}
	return ""
}

// checkOptions checks the options against the command, and those of a listing against
// each other.
func (b *builder) checkOptions() error {
	l := b.action.legality()
	if b.action == editServer && b.has(keepOption) {
		l.needed, l.allowed = l.needed&^serviceOption, l.allowed|serviceOption
	}
	if err := l.check(b.seen, "command", b.nameOf, goesWithCommand); err != nil {
		return err
	}
	switch {
	case b.action == list:
		return b.checkList()
	case b.action == drainServers:
		return b.checkDrain()
	case b.action == diagnosis:
		return b.checkDiagnosis()
	case b.action == listNetNS || b.action == sysctls || b.action == monitorTable:
		return b.checkTableForm()
	case b.has(keepOption):
		return b.checkKeep()
	case b.has(takeAwayOptions):
		return Usagef("--%s requires --keep", (b.seen & takeAwayOptions).name())
	}
	return nil
}

func (b *builder) checkList() error {
	if b.has(connectionOption|timeoutOption|daemonOption) && b.has(statsOption|rateOption|thresholdsOption) ||
		b.has(timeoutOption|daemonOption) && b.has(persistentConnOption) {
		return Usagef("options conflicts in the list command")
	}
	if !b.has(connectionOption) && b.has(connectionOptions) {
		return Usagef("--%s requires -c", (b.seen & connectionOptions).name())
	}
	return b.checkWatch()
}

func (b *builder) checkWatch() error {
	const unsorted = connectionOption | timeoutOption | daemonOption | nosortOption
	switch {
	case b.has(watchOption) && b.list.Options.Form == format.PrometheusForm:
		return Usagef("The option 'watch' conflicts with the output format `prometheus'")
	case !b.has(sortByOption):
	case !b.has(watchOption):
		return Usagef("--sort-by requires --watch")
	case b.has(unsorted):
		return Usagef("The option 'sort-by' conflicts with the '%s' option in the 'list' command", (b.seen & unsorted).name())
	}
	return nil
}

func (b *builder) checkService() error {
	s := &b.service
	switch {
	case format.NeedsPersistence(s.ServiceID) && s.Flags&ipvs.Persistent == 0:
		return WithHint(Usagef("Zero port specified for non-persistent service"), noPortHint(s.AddrPort.Addr()))
	case s.Flags&ipvs.OnePacket != 0 && !format.AllowsOnePacket(s.ServiceID):
		return Usagef("One-Packet Scheduling is only for UDP virtual services")
	}
	return nil
}

func (b *builder) checkServer() error {
	d := &b.destination
	if b.action == deleteServer {
		return nil
	}
	if format.NeedsTunnel(b.service.ServiceID, d.AddrPort.Addr()) && d.Forward != ipvs.Tunnel {
		return WithHint(Usagef("Different address family is allowed only for tunneling servers"),
			familyHint(b.service.ServiceID, ipvs.FamilyOf(d.AddrPort.Addr())))
	}
	if d.Forward != ipvs.Tunnel {
		if b.has(tunTypeOption | tunnelOptions) {
			return WithHint(Usagef("Tunnel options conflict with forward method"), "tunnel options go with -i")
		}
		return nil
	}
	return tunnelLegality(d.TunnelType).check(b.seen&tunnelOptions, "tunnel type", b.nameOf, goesWithTunnel)
}

// tunnelLegality returns the options that a tunnel type needs and allows.
func tunnelLegality(t ipvs.TunnelType) legality {
	o, _ := format.TunnelOptionsOf(t)
	l := legality{name: t.String()}
	if o.Port {
		l.needed = tunPortOption
	}
	for _, c := range o.Checksums {
		l.exclusive |= options().Lookup(c.Option).Value.(*option).element
	}
	return l
}
