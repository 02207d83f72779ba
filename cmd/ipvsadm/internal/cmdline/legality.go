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

// The options that go together.
func serviceOptions() optionSet {
	return setOf(schedulerOption, persistentOption, netmaskOption, opsOption, peOption, schedFlagsOption)
}

func serverOptions() optionSet {
	return tunnelOptions().with(forwardOption, weightOption, upperOption, lowerOption, tunTypeOption)
}

func tunnelOptions() optionSet {
	return setOf(tunPortOption, tunNoCsumOption, tunCsumOption, tunRemCsumOption)
}

func listOptions() optionSet {
	return connectionOptions().with(numericOption, statsOption, rateOption, thresholdsOption, persistentConnOption, nosortOption, syncIDOption,
		exactOption, tunInfoOption, outputOption, watchOption, sortByOption)
}

func connectionOptions() optionSet {
	return setOf(stateOption, clientOption, virtualOption, destinationOption, countByOption)
}

func listViews() optionSet {
	return setOf(connectionOption, serviceOption, timeoutOption, daemonOption)
}

func drainOptions() optionSet {
	return setOf(waitOption, atEndOption, sessionsOption, idleOption, keepServerOption, forceOption, outputOption)
}

func rampOptions() optionSet { return setOf(overOption, stepsOption, untilEvenOption) }

func diagnoseOptions() optionSet {
	return setOf(serviceOption, serverOption, forwardOption, clientOption, directorOption, rulesOption, skipOption, verboseOption, outputOption, probeOption)
}

func takeAwayOptions() optionSet { return setOf(noPersistentOption, noOpsOption, noPEOption) }

func daemonOptions() optionSet {
	return setOf(interfaceOption, syncIDOption, groupOption, portOption, ttlOption, maxLenOption)
}

// takes returns all options that may be given.
func (l legality) takes() optionSet { return l.needed.union(l.allowed, l.exclusive) }

// legality returns the options that a command needs and allows.
func (a action) legality() legality {
	l := a.ownLegality()
	if l.name != "" && a != listNetNS {
		l.allowed = l.allowed.with(netnsOption) // with each command except --list-netns
	}
	return l
}

// ownLegality is legality without the options that go with almost each command.
func (a action) ownLegality() legality {
	none := optionSet{}
	switch a {
	case addService:
		return legality{"add-service", setOf(serviceOption), serviceOptions(), none}
	case editService:
		return legality{"edit-service", setOf(serviceOption), serviceOptions().union(takeAwayOptions()).with(keepOption), none}
	case deleteService:
		return legality{"delete-service", setOf(serviceOption), none, none}
	case flush:
		return legality{"flush", none, none, none}
	case addServer:
		return legality{"add-server", setOf(serviceOption, serverOption), serverOptions(), none}
	case editServer:
		return legality{"edit-server", setOf(serviceOption, serverOption), serverOptions().with(keepOption), none}
	case deleteServer:
		return legality{"delete-server", setOf(serviceOption, serverOption), none, none}
	case list:
		return legality{"list", none, listOptions(), listViews()}
	case save:
		return legality{"save", none, setOf(numericOption), none}
	case restore:
		return legality{"restore", none, none, none}
	case zero:
		return legality{"zero", none, setOf(serviceOption), none}
	case setTimeouts:
		return legality{"set", none, none, none}
	case startDaemon:
		return legality{"start-daemon", none, daemonOptions(), none}
	case drainServers:
		return legality{"drain", setOf(serverOption), drainOptions().with(serviceOption), none}
	case rampServer:
		return legality{"ramp", setOf(serviceOption, serverOption, weightOption), serverOptions().union(rampOptions()), none}
	case stopDaemon:
		return legality{"stop-daemon", none, setOf(syncIDOption), none}
	case listNetNS:
		return legality{"list-netns", none, setOf(numericOption, outputOption, allOption), none}
	case sysctls:
		return legality{"sysctl", none, setOf(outputOption, changedOption), none}
	case monitorTable:
		return legality{"monitor", none, setOf(serviceOption, numericOption, outputOption, allOption, fullOption), none}
	case diagnosis:
		return legality{"diagnose", none, diagnoseOptions(), none}
	}
	return legality{}
}

// fits tells whether the options go together, without a look at each option for each line of a rules file.
func (l legality) fits(seen optionSet) bool {
	return seen.and(l.needed) == l.needed && seen.and(l.takes()) == seen && seen.and(l.exclusive).len() <= 1
}

// check returns an error for the first option, in the order of elements, that is
// missing, not allowed, or in conflict with an earlier one. kind is "command" or "tunnel
// type", name returns the name of an option, and goesWith what it goes with instead.
func (l legality) check(seen optionSet, kind string, name, goesWith func(element) string) error {
	if l.fits(seen) {
		return nil
	}
	exclusive := noElement
	for o := noElement + 1; o < endOfOptions; o++ {
		switch {
		case !seen.has(o):
			if l.needed.has(o) {
				return WithHint(Usagef("You need to supply the '%s' option for the '%s' %s", o.name(), l.name, kind), missingHint(o))
			}
		case l.exclusive.has(o):
			if exclusive != noElement {
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
func missingHint(o element) string {
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
		l.needed, l.allowed = l.needed.without(serviceOption), l.allowed.with(serviceOption)
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
	case b.seen.hasAny(takeAwayOptions()):
		return Usagef("--%s requires --keep", b.seen.and(takeAwayOptions()).first().name())
	}
	return nil
}

func (b *builder) checkList() error {
	if b.has(connectionOption, timeoutOption, daemonOption) && b.has(statsOption, rateOption, thresholdsOption) ||
		b.has(timeoutOption, daemonOption) && b.has(persistentConnOption) {
		return Usagef("options conflicts in the list command")
	}
	if filters := b.seen.and(connectionOptions()); !b.has(connectionOption) && filters != (optionSet{}) {
		return Usagef("--%s requires -c", filters.first().name())
	}
	return b.checkWatch()
}

func (b *builder) checkWatch() error {
	unsorted := b.seen.and(setOf(connectionOption, timeoutOption, daemonOption, nosortOption))
	switch {
	case b.has(watchOption) && b.list.Options.Form == format.PrometheusForm:
		return Usagef("The option 'watch' conflicts with the output format `prometheus'")
	case !b.has(sortByOption):
	case !b.has(watchOption):
		return Usagef("--sort-by requires --watch")
	case unsorted != optionSet{}:
		return Usagef("The option 'sort-by' conflicts with the '%s' option in the 'list' command", unsorted.first().name())
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
		if b.seen.hasAny(tunnelOptions().with(tunTypeOption)) {
			return WithHint(Usagef("Tunnel options conflict with forward method"), "tunnel options go with -i")
		}
		return nil
	}
	return tunnelLegality(d.TunnelType).check(b.seen.and(tunnelOptions()), "tunnel type", b.nameOf, goesWithTunnel)
}

// tunnelLegality returns the options that a tunnel type needs and allows.
func tunnelLegality(t ipvs.TunnelType) legality {
	o, _ := format.TunnelOptionsOf(t)
	l := legality{name: t.String()}
	if o.Port {
		l.needed = setOf(tunPortOption)
	}
	for _, c := range o.Checksums {
		l.exclusive = l.exclusive.with(options().Lookup(c.Option).Value.(*option).element)
	}
	return l
}
