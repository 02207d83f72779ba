// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"
	"sync"

	"github.com/spf13/pflag"
)

// element is an option that may be given only once. Alternatives, such as -t and -u, share
// one element. The order of the elements is that in which legality is checked, and so
// decides which error is reported.
type element uint8

const (
	noElement element = iota // of commands, and of options that may be given several times
	numericOption
	connectionOption
	serviceOption
	schedulerOption
	persistentOption
	netmaskOption
	serverOption
	forwardOption
	weightOption
	upperOption
	lowerOption
	interfaceOption
	timeoutOption
	daemonOption
	statsOption
	rateOption
	thresholdsOption
	persistentConnOption
	nosortOption
	syncIDOption
	exactOption
	opsOption
	peOption
	schedFlagsOption
	groupOption
	portOption
	ttlOption
	maxLenOption
	tunInfoOption
	tunTypeOption
	tunPortOption
	tunNoCsumOption
	tunCsumOption
	tunRemCsumOption
	outputOption
	watchOption
	sortByOption
	stateOption
	clientOption
	virtualOption
	destinationOption
	countByOption
	keepOption
	noPersistentOption
	noOpsOption
	noPEOption
	waitOption
	atEndOption
	sessionsOption
	idleOption
	keepServerOption
	forceOption
	overOption
	stepsOption
	untilEvenOption
	netnsOption
	allOption
	changedOption
	fullOption
	directorOption
	rulesOption
	skipOption
	verboseOption
	probeOption
	endOfOptions
)

// name returns the long name of an option, or the common name of alternatives.
func (e element) name() string {
	switch e {
	case serviceOption:
		return "service-address"
	case forwardOption:
		return "forwarding-method"
	case outputOption:
		return "output"
	}
	name := ""
	options().VisitAll(func(f *pflag.Flag) {
		if f.Value.(*option).element == e {
			name = f.Name
		}
	})
	return name
}

// action is what a command does, in more detail than Kind. Options that are not commands
// have the zero action.
type action int

const (
	addService action = iota + 1
	editService
	deleteService
	flush
	addServer
	editServer
	deleteServer
	list
	save
	restore
	zero
	setTimeouts
	startDaemon
	stopDaemon
	drainServers
	rampServer
	listNetNS
	sysctls
	monitorTable
	diagnosis
	help
	version
)

// option is a row of the option table, and the pflag.Value of its flag.
type option struct {
	long, short string
	kind        string // NoValue, optionalValue, or "" if a value is required
	action      action // 0 if the option is not a command
	element     element
	set         func(b *builder, value string) error
}

func (o *option) String() string   { return "" }
func (o *option) Set(string) error { return nil }
func (o *option) Type() string     { return "string" }

// Options returns the option table as flags, for completion and documentation. A flag
// whose NoOptDefVal is NoValue takes no value.
func Options() *pflag.FlagSet {
	flags := newFlags()
	for i := range optionTable {
		optionTable[i].declare(flags)
	}
	return flags
}

// options returns the flags of all options.
var options = sync.OnceValue(Options)

func newFlags() *pflag.FlagSet { return pflag.NewFlagSet("ipvsadm", pflag.ContinueOnError) }

func (o *option) declare(flags *pflag.FlagSet) *pflag.Flag {
	flag := flags.VarPF(o, o.long, o.short, "")
	flag.NoOptDefVal = o.kind
	return flag
}

// usedFlags are the flags of the options that have been looked up. A command has few of
// the options, and declaring all of them takes longer than parsing it.
type usedFlags struct{ declared *pflag.FlagSet }

func newUsedFlags() usedFlags { return usedFlags{newFlags()} }

// lookUp returns the flag with a long name, or nil.
func (u usedFlags) lookUp(name string) *pflag.Flag {
	if flag := u.declared.Lookup(name); flag != nil {
		return flag
	}
	for i := range optionTable {
		if optionTable[i].long == name {
			return optionTable[i].declare(u.declared)
		}
	}
	return nil
}

// lookUpLetter returns the flag with a letter, or nil.
func (u usedFlags) lookUpLetter(letter string) *pflag.Flag {
	if flag := u.declared.ShorthandLookup(letter); flag != nil {
		return flag
	}
	for i := range optionTable {
		if optionTable[i].short == letter {
			return optionTable[i].declare(u.declared)
		}
	}
	return nil
}

// display returns the option as it is usually written: by its letter, if it has one.
func (o *option) display() string {
	if o.short != "" {
		return "-" + o.short
	}
	return "--" + o.long
}

// lookUp returns the option with a long name, or nil.
func lookUp(name string) *option {
	flag := options().Lookup(name)
	if flag == nil || strings.HasPrefix(name, "=") {
		return nil
	}
	return flag.Value.(*option)
}

// optionTable declares the command line. A pflag flag has only one letter, so -l is a
// flag of its own, with a name that cannot be typed. The table has no calls, so that the
// compiler lays it out.
var optionTable = [...]option{
	{"add-service", "A", NoValue, addService, 0, nil},
	{"edit-service", "E", NoValue, editService, 0, nil},
	{"delete-service", "D", NoValue, deleteService, 0, nil},
	{"clear", "C", NoValue, flush, 0, nil},
	{"list", "L", NoValue, list, 0, nil},
	{"=list", "l", NoValue, list, 0, nil},
	{"zero", "Z", NoValue, zero, 0, nil},
	{"add-server", "a", NoValue, addServer, 0, nil},
	{"edit-server", "e", NoValue, editServer, 0, nil},
	{"delete-server", "d", NoValue, deleteServer, 0, nil},
	{"restore", "R", NoValue, restore, 0, nil},
	{"save", "S", NoValue, save, 0, nil},
	{"set", "", NoValue, setTimeouts, 0, nil},
	{"start-daemon", "", "", startDaemon, 0, (*builder).setStartDaemon},
	{"stop-daemon", "", "", stopDaemon, 0, (*builder).setStopDaemon},
	{"drain", "", NoValue, drainServers, 0, nil},
	{"ramp", "", NoValue, rampServer, 0, nil},
	{"list-netns", "", NoValue, listNetNS, 0, nil},
	{"sysctl", "", NoValue, sysctls, 0, nil},
	{"monitor", "", optionalValue, monitorTable, 0, (*builder).setInterval},
	{"diagnose", "", optionalValue, diagnosis, 0, (*builder).setRole},
	{"help", "h", NoValue, help, 0, nil},
	{"version", "v", NoValue, version, 0, nil},

	{"tcp-service", "t", "", 0, serviceOption, (*builder).setTCP},
	{"udp-service", "u", "", 0, serviceOption, (*builder).setUDP},
	{"sctp-service", "", "", 0, serviceOption, (*builder).setSCTP},
	{"fwmark-service", "f", "", 0, serviceOption, (*builder).setFWMark},
	{"ipv6", "6", NoValue, 0, 0, (*builder).setIPv6},
	{"scheduler", "s", "", 0, schedulerOption, (*builder).setScheduler},
	{"persistent", "p", optionalValue, 0, persistentOption, (*builder).setPersistent},
	{"netmask", "M", "", 0, netmaskOption, (*builder).setNetmask},
	{"pe", "", "", 0, peOption, (*builder).setPE},
	{"ops", "o", NoValue, 0, opsOption, (*builder).setOps},
	{"sched-flags", "b", "", 0, schedFlagsOption, (*builder).setSchedFlags},
	{"no-persistent", "", NoValue, 0, noPersistentOption, nil},
	{"no-ops", "", NoValue, 0, noOpsOption, nil},
	{"no-pe", "", NoValue, 0, noPEOption, nil},

	{"real-server", "r", "", 0, serverOption, (*builder).setServer},
	{"masquerading", "m", NoValue, 0, forwardOption, (*builder).setMasquerading},
	{"ipip", "i", NoValue, 0, forwardOption, (*builder).setIPIP},
	{"gatewaying", "g", NoValue, 0, forwardOption, (*builder).setGatewaying},
	{"weight", "w", "", 0, weightOption, (*builder).setWeight},
	{"u-threshold", "x", "", 0, upperOption, (*builder).setUpper},
	{"l-threshold", "y", "", 0, lowerOption, (*builder).setLower},
	{"tun-type", "", "", 0, tunTypeOption, (*builder).setTunType},
	{"tun-port", "", "", 0, tunPortOption, (*builder).setTunPort},
	{"tun-nocsum", "", NoValue, 0, tunNoCsumOption, nil},
	{"tun-csum", "", NoValue, 0, tunCsumOption, (*builder).setTunCsum},
	{"tun-remcsum", "", NoValue, 0, tunRemCsumOption, (*builder).setTunRemCsum},
	{"keep", "", NoValue, 0, keepOption, nil},

	{"wait", "", "", 0, waitOption, (*builder).setWait},
	{"at-end", "", "", 0, atEndOption, (*builder).setAtEnd},
	{"sessions", "", NoValue, 0, sessionsOption, nil},
	{"idle", "", "", 0, idleOption, (*builder).setIdle},
	{"keep-server", "", NoValue, 0, keepServerOption, nil},
	{"force", "", NoValue, 0, forceOption, nil},
	{"over", "", "", 0, overOption, (*builder).setOver},
	{"steps", "", "", 0, stepsOption, (*builder).setSteps},
	{"until-even", "", NoValue, 0, untilEvenOption, nil},

	{"numeric", "n", NoValue, 0, numericOption, nil},
	{"connection", "c", NoValue, 0, connectionOption, nil},
	{"timeout", "", NoValue, 0, timeoutOption, nil},
	{"daemon", "", NoValue, 0, daemonOption, nil},
	{"stats", "", NoValue, 0, statsOption, nil},
	{"rate", "", NoValue, 0, rateOption, nil},
	{"thresholds", "", NoValue, 0, thresholdsOption, nil},
	{"persistent-conn", "", NoValue, 0, persistentConnOption, nil},
	{"tun-info", "", NoValue, 0, tunInfoOption, nil},
	{"nosort", "", NoValue, 0, nosortOption, nil},
	{"sort", "", NoValue, 0, 0, nil},
	{"exact", "X", NoValue, 0, exactOption, nil},
	{"output", "", "", 0, outputOption, (*builder).setOutput},
	{"json", "", NoValue, 0, outputOption, (*builder).setJSON},
	{"watch", "", optionalValue, 0, watchOption, (*builder).setInterval},
	{"sort-by", "", "", 0, sortByOption, (*builder).setSortBy},
	{"state", "", "", 0, stateOption, (*builder).setState},
	{"client", "", "", 0, clientOption, (*builder).setClient},
	{"virtual", "", "", 0, virtualOption, (*builder).setVirtual},
	{"destination", "", "", 0, destinationOption, (*builder).setDestination},
	{"count-by", "", "", 0, countByOption, (*builder).setCountBy},
	{"netns", "", "", 0, netnsOption, (*builder).setNetNS},
	{"all", "", NoValue, 0, allOption, nil},
	{"changed", "", NoValue, 0, changedOption, nil},
	{"full", "", NoValue, 0, fullOption, nil},
	{"director", "", "", 0, directorOption, (*builder).setDirector},
	{"rules", "", "", 0, rulesOption, (*builder).setRules},
	{"skip", "", "", 0, skipOption, (*builder).setSkip},
	{"verbose", "", NoValue, 0, verboseOption, nil},
	{"probe", "", NoValue, 0, probeOption, nil},

	{"mcast-interface", "", "", 0, interfaceOption, (*builder).setInterface},
	{"mcast-group", "", "", 0, groupOption, (*builder).setGroup},
	{"mcast-port", "", "", 0, portOption, (*builder).setMcastPort},
	{"mcast-ttl", "", "", 0, ttlOption, (*builder).setTTL},
	{"syncid", "", "", 0, syncIDOption, (*builder).setSyncID},
	{"sync-maxlen", "", "", 0, maxLenOption, (*builder).setMaxLen},
}
