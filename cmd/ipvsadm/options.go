package main

import (
	"sync"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/spf13/pflag"
)

// bit stands for what a command may or must come with. The order is that in
// which rules about them are checked.
type bit uint64

const (
	numericBit bit = 1 << iota
	connectionBit
	serviceBit
	schedulerBit
	persistentBit
	netmaskBit
	serverBit
	forwardBit
	weightBit
	upperBit
	lowerBit
	interfaceBit
	timeoutBit
	daemonBit
	statsBit
	rateBit
	thresholdsBit
	persistentConnBit
	nosortBit
	syncIDBit
	exactBit
	opsBit
	peBit
	schedFlagsBit
	groupBit
	portBit
	ttlBit
	maxLenBit
	tunInfoBit
	tunTypeBit
	tunPortBit
	tunNoCsumBit
	tunCsumBit
	tunRemCsumBit
	outputBit
	watchBit
	sortByBit
	stateBit
	clientBit
	virtualBit
	destinationBit
	countByBit
	endBit
)

var bitNames = [...]string{
	"numeric", "connection", "service-address", "scheduler", "persistent", "netmask", "real-server",
	"forwarding-method", "weight", "u-threshold", "l-threshold", "mcast-interface", "timeout", "daemon",
	"stats", "rate", "thresholds", "persistent-conn", "nosort", "syncid", "exact", "ops", "pe", "sched-flags",
	"mcast-group", "mcast-port", "mcast-ttl", "sync-maxlen", "tun-info", "tun-type", "tun-port", "tun-nocsum",
	"tun-csum", "tun-remcsum", "output", "watch", "sort-by", "state", "client", "virtual", "destination", "count-by",
}

// option is a row of the option table, and the pflag.Value of its flag.
type option struct {
	long, short string
	kind        string // noValue, optionalValue, or "" for a value that must be there
	verb        verb   // for a command
	bit         bit    // for an option that may be given once; 0 if more often
	set         func(c *command, value string) error
}

func (o *option) String() string   { return "" }
func (o *option) Set(string) error { return nil }
func (o *option) Type() string     { return "string" }

// options is the option table, made once for all lines of a rules stream.
var options = sync.OnceValue(optionTable)

// optionTable declares the command line. A pflag flag has one letter, so a
// second one has a row of its own, under a name that nobody can type.
func optionTable() *pflag.FlagSet {
	rows := []*option{
		{"add-service", "A", noValue, addService, 0, nil},
		{"edit-service", "E", noValue, editService, 0, nil},
		{"delete-service", "D", noValue, deleteService, 0, nil},
		{"clear", "C", noValue, flush, 0, nil},
		{"list", "L", noValue, list, 0, nil},
		{"=list", "l", noValue, list, 0, nil},
		{"zero", "Z", noValue, zero, 0, nil},
		{"add-server", "a", noValue, addServer, 0, nil},
		{"edit-server", "e", noValue, editServer, 0, nil},
		{"delete-server", "d", noValue, deleteServer, 0, nil},
		{"restore", "R", noValue, restore, 0, nil},
		{"save", "S", noValue, save, 0, nil},
		{"set", "", noValue, setTimeouts, 0, nil},
		{"start-daemon", "", "", startDaemon, 0, (*command).setStartDaemon},
		{"stop-daemon", "", "", stopDaemon, 0, (*command).setStopDaemon},
		{"help", "h", noValue, help, 0, nil},
		{"version", "v", noValue, version, 0, nil},

		{"tcp-service", "t", "", 0, serviceBit, service(ipvs.TCP)},
		{"udp-service", "u", "", 0, serviceBit, service(ipvs.UDP)},
		{"sctp-service", "", "", 0, serviceBit, service(ipvs.SCTP)},
		{"fwmark-service", "f", "", 0, serviceBit, (*command).setFWMark},
		{"ipv6", "6", noValue, 0, 0, (*command).setIPv6},
		{"scheduler", "s", "", 0, schedulerBit, (*command).setScheduler},
		{"persistent", "p", optionalValue, 0, persistentBit, (*command).setPersistent},
		{"netmask", "M", "", 0, netmaskBit, (*command).setNetmask},
		{"pe", "", "", 0, peBit, (*command).setPE},
		{"ops", "o", noValue, 0, opsBit, (*command).setOps},
		{"sched-flags", "b", "", 0, schedFlagsBit, (*command).setSchedFlags},

		{"real-server", "r", "", 0, serverBit, (*command).setServer},
		{"masquerading", "m", noValue, 0, forwardBit, forward(ipvs.Masquerade)},
		{"ipip", "i", noValue, 0, forwardBit, forward(ipvs.Tunnel)},
		{"gatewaying", "g", noValue, 0, forwardBit, forward(ipvs.DirectRoute)},
		{"weight", "w", "", 0, weightBit, (*command).setWeight},
		{"u-threshold", "x", "", 0, upperBit, (*command).setUpper},
		{"l-threshold", "y", "", 0, lowerBit, (*command).setLower},
		{"tun-type", "", "", 0, tunTypeBit, (*command).setTunType},
		{"tun-port", "", "", 0, tunPortBit, (*command).setTunPort},
		{"tun-nocsum", "", noValue, 0, tunNoCsumBit, tunFlags(0)},
		{"tun-csum", "", noValue, 0, tunCsumBit, tunFlags(ipvs.TunnelChecksum)},
		{"tun-remcsum", "", noValue, 0, tunRemCsumBit, tunFlags(ipvs.TunnelRemoteChecksum)},

		{"numeric", "n", noValue, 0, numericBit, nil},
		{"connection", "c", noValue, 0, connectionBit, nil},
		{"timeout", "", noValue, 0, timeoutBit, nil},
		{"daemon", "", noValue, 0, daemonBit, nil},
		{"stats", "", noValue, 0, statsBit, nil},
		{"rate", "", noValue, 0, rateBit, nil},
		{"thresholds", "", noValue, 0, thresholdsBit, nil},
		{"persistent-conn", "", noValue, 0, persistentConnBit, nil},
		{"tun-info", "", noValue, 0, tunInfoBit, nil},
		{"nosort", "", noValue, 0, nosortBit, nil},
		{"sort", "", noValue, 0, 0, nil},
		{"exact", "X", noValue, 0, exactBit, nil},
		{"output", "", "", 0, outputBit, (*command).setOutput},
		{"watch", "", optionalValue, 0, watchBit, (*command).setWatch},
		{"sort-by", "", "", 0, sortByBit, (*command).setSortBy},
		{"state", "", "", 0, stateBit, (*command).setState},
		{"client", "", "", 0, clientBit, (*command).setClient},
		{"virtual", "", "", 0, virtualBit, (*command).setVirtual},
		{"destination", "", "", 0, destinationBit, (*command).setDestination},
		{"count-by", "", "", 0, countByBit, (*command).setCountBy},

		{"mcast-interface", "", "", 0, interfaceBit, (*command).setInterface},
		{"mcast-group", "", "", 0, groupBit, (*command).setGroup},
		{"mcast-port", "", "", 0, portBit, (*command).setMcastPort},
		{"mcast-ttl", "", "", 0, ttlBit, (*command).setTTL},
		{"syncid", "", "", 0, syncIDBit, (*command).setSyncID},
		{"sync-maxlen", "", "", 0, maxLenBit, (*command).setMaxLen},
	}
	flags := pflag.NewFlagSet("ipvsadm", pflag.ContinueOnError)
	for _, o := range rows {
		flags.VarPF(o, o.long, o.short, "").NoOptDefVal = o.kind
	}
	return flags
}
