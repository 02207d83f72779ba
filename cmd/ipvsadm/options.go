package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
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
	endBit
)

var bitNames = [...]string{
	"numeric", "connection", "service-address", "scheduler", "persistent", "netmask", "real-server",
	"forwarding-method", "weight", "u-threshold", "l-threshold", "mcast-interface", "timeout", "daemon",
	"stats", "rate", "thresholds", "persistent-conn", "nosort", "syncid", "exact", "ops", "pe", "sched-flags",
	"mcast-group", "mcast-port", "mcast-ttl", "sync-maxlen", "tun-info", "tun-type", "tun-port", "tun-nocsum",
	"tun-csum", "tun-remcsum",
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

func service(p ipvs.Protocol) func(*command, string) error {
	return func(c *command, value string) error {
		end, err := parseEndpoint(value, p)
		if err != nil {
			return illegal("virtual server address[:port]")
		}
		c.service.ServiceID = ipvs.ServiceID{Protocol: p, AddrPort: end.AddrPort()}
		return nil
	}
}

func (c *command) setFWMark(value string) error {
	mark, ok := parseNumber(value, 1, 1<<32-1)
	if !ok {
		return usagef("invalid fwmark value `%s' specified", value)
	}
	c.service.ServiceID = ipvs.ServiceID{FWMark: uint32(mark)}
	return nil
}

func (c *command) setIPv6(string) error {
	if c.service.FWMark == 0 {
		return usagef("-6 used before -f\n")
	}
	c.service.Family = ipvs.IPv6
	return nil
}

func (c *command) setScheduler(value string) error {
	c.service.Scheduler = cmp.Or(cut(value), defaultScheduler)
	return nil
}

func (c *command) setPE(value string) error {
	c.service.PersistenceEngine = cut(value)
	return nil
}

// cut shortens a name as the original does before it asks the kernel for it.
func cut(name string) string { return name[:min(len(name), 15)] }

const maxTimeout = 31 * 86400 // seconds, as in the original

func (c *command) setPersistent(value string) error {
	timeout, ok := parseNumber(value, 1, maxTimeout)
	if !ok {
		return usagef("invalid timeout value `%s' specified", value)
	}
	c.service.Timeout = uint32(timeout)
	return nil
}

func (c *command) setNetmask(value string) error {
	c.netmask = parseNetmask(value)
	if family := c.service.AddressFamily(); family != 0 {
		return c.netmask.check(family)
	}
	// The family is not known yet, so the value may be of either.
	if c.netmask.check(ipvs.IPv6) == nil {
		return nil
	}
	return c.netmask.check(ipvs.IPv4)
}

func (c *command) setOps(string) error {
	c.service.Flags |= ipvs.OnePacket
	return nil
}

func (c *command) setSchedFlags(value string) error {
	c.schedFlags = value
	return nil
}

func (c *command) setServer(value string) (err error) {
	if c.server, err = parseEndpoint(value, c.service.Protocol); err != nil {
		return illegal("real server address[:port]")
	}
	return nil
}

func forward(m ipvs.ForwardingMethod) func(*command, string) error {
	return func(c *command, _ string) error {
		c.destination.Forward = m
		return nil
	}
}

func (c *command) setWeight(value string) error {
	return setNumber(&c.destination.Weight, value, 0, 1<<31-1, "weight")
}

func (c *command) setUpper(value string) error {
	return setNumber(&c.destination.UpperThreshold, value, 0, 1<<31-1, "u_threshold")
}

func (c *command) setLower(value string) error {
	return setNumber(&c.destination.LowerThreshold, value, 0, 1<<31-1, "l_threshold")
}

func (c *command) setTunType(value string) error {
	for _, t := range []ipvs.TunnelType{ipvs.IPIP, ipvs.GUE, ipvs.GRE} {
		if t.String() == value {
			c.destination.TunnelType = t
			return nil
		}
	}
	return illegal("tunnel type")
}

func (c *command) setTunPort(value string) error {
	return setNumber(&c.destination.TunnelPort, value, 1, 65535, "tunnel port")
}

func tunFlags(f ipvs.TunnelFlags) func(*command, string) error {
	return func(c *command, _ string) error {
		c.destination.TunnelFlags |= f
		return nil
	}
}

func (c *command) setStartDaemon(value string) error {
	return c.setDaemonState(value, "start-daemon parameter")
}

func (c *command) setStopDaemon(value string) error {
	return c.setDaemonState(value, "start_daemon")
}

func (c *command) setDaemonState(value, what string) error {
	switch value {
	case "master":
		c.daemon.State = ipvs.Master
	case "backup":
		c.daemon.State = ipvs.Backup
	default:
		return illegal(what)
	}
	return nil
}

func (c *command) setInterface(value string) error {
	c.daemon.Interface = cmp.Or(cut(value), defaultInterface)
	return nil
}

func (c *command) setGroup(value string) error {
	group, err := netip.ParseAddr(value)
	family := 4
	if strings.Contains(value, ":") {
		family = 6
	}
	if err != nil || group.Zone() != "" || !group.IsMulticast() {
		return usagef("invalid IPv%d mcast-group `%s'", family, value)
	}
	c.daemon.Group = group
	return nil
}

func (c *command) setMcastPort(value string) error {
	return setNumber(&c.daemon.Port, value, 1, 65535, "mcast-port")
}

func (c *command) setTTL(value string) error {
	return setNumber(&c.daemon.TTL, value, 1, 255, "mcast-ttl")
}

func (c *command) setSyncID(value string) error {
	return setNumber(&c.daemon.SyncID, value, 0, 255, "syncid")
}

func (c *command) setMaxLen(value string) error {
	return setNumber(&c.daemon.MaxLen, value, 1, 65507, "sync-maxlen")
}

func setNumber[T ~uint8 | ~uint16 | ~uint32](field *T, value string, low, high int64, what string) error {
	n, ok := parseNumber(value, low, high)
	if !ok {
		return illegal(what)
	}
	*field = T(n)
	return nil
}

// usageError is a command line that cannot be carried out.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// illegal says which value is wrong.
func illegal(what string) error { return usagef("illegal %s specified", what) }
