package main

import (
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// verb is what a command does. The zero verb is none.
type verb int

const (
	addService verb = iota + 1
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
	help
	version
)

// command is a command line that was understood.
type command struct {
	verb    verb
	options bit // which were given

	service     ipvs.Service
	destination ipvs.Destination
	daemon      ipvs.Daemon
	config      ipvs.Config
	listing     listingOptions

	// What can only be read when all options are known.
	server     endpoint
	netmask    netmask
	schedFlags string
}

func (c *command) has(b bit) bool { return c.options&b != 0 }

// shows tells whether the command only prints something.
func (c *command) shows() bool { return c.verb == list || c.verb == save }

// parse reads the words of one command. Errors are a noCommandError, a
// *scanError or a *usageError.
func parse(words []string) (*command, error) {
	c := new(command)
	if err := c.parse(words); err != nil {
		return nil, err
	}
	return c, nil
}

// parse makes c the command that the words say, whatever it was.
func (c *command) parse(words []string) error {
	s := scanner{flags: options(), words: words}
	first, err := s.next()
	if err != nil || first.flag == nil || rowOf(first).verb == 0 {
		return noCommandError{}
	}
	c.begin(rowOf(first).verb)
	if c.verb == help || c.verb == version {
		return nil
	}
	if set := rowOf(first).set; set != nil {
		if err := set(c, first.value); err != nil {
			return err
		}
	}
	if err := c.readOptions(&s); err != nil {
		return err
	}
	leftovers := s.leftovers
	if c.verb == setTimeouts {
		if leftovers, err = c.readTimeouts(leftovers); err != nil {
			return err
		}
	}
	if len(leftovers) > 0 {
		return usagef("unexpected argument %s", leftovers[0])
	}
	flags, err := parseSchedFlags(c.service.Scheduler, c.schedFlags)
	if err != nil {
		return err
	}
	c.service.Flags |= flags
	if err := c.checkOptions(); err != nil {
		return err
	}
	return c.complete()
}

func rowOf(g given) *option { return g.flag.Value.(*option) }

const (
	defaultScheduler = "wlc"
	defaultInterface = "eth0"
)

// begin sets the values of what is not given.
func (c *command) begin(v verb) {
	*c = command{verb: v}
	c.service.Scheduler = defaultScheduler
	c.service.Timeout = 360
	c.destination.Forward = ipvs.DirectRoute
	c.destination.Weight = 1
	c.daemon.Interface = defaultInterface
	c.listing.interval = defaultInterval
}

// readOptions reads what follows the command. A port's name without a service
// that says of which protocol comes before whatever else is wrong.
func (c *command) readOptions(s *scanner) error {
	err := c.readEachOption(s)
	if c.server.portName != "" && !c.has(serviceBit) {
		return errIllegalServer
	}
	return err
}

// readEachOption reads options up to the first error.
func (c *command) readEachOption(s *scanner) error {
	for {
		g, err := s.next()
		if err != nil || g.flag == nil {
			return err
		}
		o := rowOf(g)
		if o.verb != 0 {
			return usagef("%s", s.invalidOption())
		}
		if c.has(o.bit) {
			return usagef("multiple '%s' options specified", o.bit.name())
		}
		c.options |= o.bit
		if o.set == nil || o.kind == optionalValue && !g.hasValue {
			continue
		}
		if err := o.set(c, g.value); err != nil {
			return err
		}
	}
}

// readTimeouts takes the three values of --set and returns the other words.
func (c *command) readTimeouts(words []string) ([]string, error) {
	if len(words) < 3 {
		return nil, usagef("--set option requires 3 timeout values")
	}
	for i, field := range []*uint32{&c.config.TCP, &c.config.TCPFin, &c.config.UDP} {
		n, ok := parseNumber(words[i], 0, maxTimeout)
		if !ok {
			return nil, usagef("invalid timeout value `%s' specified", words[i])
		}
		*field = uint32(n)
	}
	return words[3:], nil
}

// complete puts together what depends on more than one option.
func (c *command) complete() error {
	switch c.verb {
	case addService, editService:
		return c.completeService()
	case addServer, editServer, deleteServer:
		return c.completeServer()
	}
	return nil
}

func (c *command) completeService() error {
	s := &c.service
	if c.has(persistentBit) {
		s.Flags |= ipvs.Persistent
	} else {
		s.Timeout = 0
	}
	family := s.AddressFamily()
	s.Netmask = family.HostNetmask()
	if c.has(netmaskBit) {
		if err := c.netmask.check(family); err != nil {
			return err
		}
		s.Netmask = c.netmask.value(family)
	}
	return c.checkService()
}

func (c *command) completeServer() error {
	d := &c.destination
	if name := c.server.portName; name != "" {
		server, err := c.server.withPort(name, c.portProtocol())
		if err != nil {
			return errIllegalServer
		}
		c.server = server
	}
	// Only masquerading can change the port. A server to be deleted is looked
	// for as it is named.
	changesPort := d.Forward == ipvs.Masquerade || c.verb == deleteServer
	if c.service.FWMark == 0 && !(c.server.hasPort && changesPort) {
		c.server.port = c.service.AddrPort.Port()
	}
	d.AddrPort = c.server.AddrPort()
	return c.checkServer()
}
