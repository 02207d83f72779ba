package main

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// The functions of the option table: each reads the value of an option into the
// command, or says what is wrong with it.

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
	if c.server, err = parseEndpoint(value, c.portProtocol()); err != nil {
		return errIllegalServer
	}
	return nil
}

// portProtocol is the protocol in which a real server's port may have a name, 0
// while the service is not known. A firewall mark counts as TCP.
func (c *command) portProtocol() ipvs.Protocol {
	if c.service.FWMark != 0 {
		return ipvs.TCP
	}
	return c.service.Protocol
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
