package main

import (
	"math/bits"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func (b bit) name() string { return bitNames[bits.TrailingZeros64(uint64(b))] }

// rule says what goes with a command: all of needed, any of allowed, and at
// most one of exclusive.
type rule struct {
	name                       string
	needed, allowed, exclusive bit
}

const (
	serviceOptions = schedulerBit | persistentBit | netmaskBit | opsBit | peBit | schedFlagsBit
	serverOptions  = forwardBit | weightBit | upperBit | lowerBit | tunTypeBit | tunnelOptions
	tunnelOptions  = tunPortBit | tunNoCsumBit | tunCsumBit | tunRemCsumBit
	listOptions    = numericBit | statsBit | rateBit | thresholdsBit | persistentConnBit | nosortBit | syncIDBit |
		exactBit | tunInfoBit | outputBit | watchBit | sortByBit | connectionOptions
	connectionOptions = stateBit | clientBit | virtualBit | destinationBit | countByBit
	listViews         = connectionBit | serviceBit | timeoutBit | daemonBit
	daemonOptions     = interfaceBit | syncIDBit | groupBit | portBit | ttlBit | maxLenBit
)

func (v verb) rule() rule {
	switch v {
	case addService:
		return rule{"add-service", serviceBit, serviceOptions, 0}
	case editService:
		return rule{"edit-service", serviceBit, serviceOptions, 0}
	case deleteService:
		return rule{"delete-service", serviceBit, 0, 0}
	case flush:
		return rule{"flush", 0, 0, 0}
	case addServer:
		return rule{"add-server", serviceBit | serverBit, serverOptions, 0}
	case editServer:
		return rule{"edit-server", serviceBit | serverBit, serverOptions, 0}
	case deleteServer:
		return rule{"delete-server", serviceBit | serverBit, 0, 0}
	case list:
		return rule{"list", 0, listOptions, listViews}
	case save:
		return rule{"save", 0, numericBit, 0}
	case restore:
		return rule{"restore", 0, 0, 0}
	case zero:
		return rule{"zero", 0, serviceBit, 0}
	case setTimeouts:
		return rule{"set", 0, 0, 0}
	case startDaemon:
		return rule{"start-daemon", 0, daemonOptions, 0}
	case stopDaemon:
		return rule{"stop-daemon", 0, syncIDBit, 0}
	}
	return rule{}
}

// checkOptions holds the options against the rule of their command, then
// against the rules between them.
func (c *command) checkOptions() error {
	r := c.verb.rule()
	if err := c.checkRule(r, "command"); err != nil {
		return err
	}
	if c.verb == list {
		return c.checkList()
	}
	return nil
}

// checkRule names the first option that is missing, not allowed, or in
// conflict with an earlier one.
func (c *command) checkRule(r rule, kind string) error {
	var exclusive bit
	for b := bit(1); b < endBit; b <<= 1 {
		switch {
		case !c.has(b):
			if r.needed&b != 0 {
				return usagef("You need to supply the '%s' option for the '%s' %s", b.name(), r.name, kind)
			}
		case r.exclusive&b != 0:
			if exclusive != 0 {
				return usagef("The option '%s' conflicts with the '%s' option in the '%s' %s",
					b.name(), exclusive.name(), r.name, kind)
			}
			exclusive = b
		case (r.needed|r.allowed)&b == 0:
			return usagef("Illegal '%s' option with the '%s' %s", b.name(), r.name, kind)
		}
	}
	return nil
}

func (c *command) checkList() error {
	if c.has(connectionBit|timeoutBit|daemonBit) && c.has(statsBit|rateBit|thresholdsBit) ||
		c.has(timeoutBit|daemonBit) && c.has(persistentConnBit) {
		return usagef("options conflicts in the list command")
	}
	if !c.has(connectionBit) && c.has(connectionOptions) {
		return usagef("--%s goes with -c", (c.options & connectionOptions).name())
	}
	return c.checkWatch()
}

func (c *command) checkWatch() error {
	const unsorted = connectionBit | timeoutBit | daemonBit | nosortBit
	switch {
	case c.has(watchBit) && c.listing.output == asPrometheus:
		return usagef("The option 'watch' conflicts with the output format `prometheus'")
	case !c.has(sortByBit):
	case !c.has(watchBit):
		return usagef("--sort-by goes with --watch")
	case c.has(unsorted):
		return usagef("The option 'sort-by' conflicts with the '%s' option in the 'list' command", (c.options & unsorted).name())
	}
	return nil
}

func (c *command) checkService() error {
	s := &c.service
	switch {
	case s.FWMark == 0 && s.AddrPort.Port() == 0 && s.Flags&ipvs.Persistent == 0:
		return usagef("Zero port specified for non-persistent service")
	case s.Flags&ipvs.OnePacket != 0 && s.FWMark == 0 && s.Protocol != ipvs.UDP:
		return usagef("One-Packet Scheduling is only for UDP virtual services")
	}
	return nil
}

func (c *command) checkServer() error {
	d := &c.destination
	if c.verb == deleteServer {
		return nil
	}
	if ipvs.FamilyOf(d.AddrPort.Addr()) != c.service.AddressFamily() && d.Forward != ipvs.Tunnel {
		return usagef("Different address family is allowed only for tunneling servers")
	}
	if d.Forward != ipvs.Tunnel {
		if c.has(tunTypeBit | tunnelOptions) {
			return usagef("Tunnel options conflict with forward method")
		}
		return nil
	}
	// The other options have been checked by their command's rule.
	tunnel := command{options: c.options & tunnelOptions}
	return tunnel.checkRule(tunnelRule(d.TunnelType), "tunnel type")
}

func tunnelRule(t ipvs.TunnelType) rule {
	switch t {
	case ipvs.GUE:
		return rule{"gue", tunPortBit, 0, tunNoCsumBit | tunCsumBit | tunRemCsumBit}
	case ipvs.GRE:
		return rule{"gre", 0, 0, tunNoCsumBit | tunCsumBit}
	}
	return rule{"ipip", 0, 0, 0}
}
