// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/drain"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/sysctl"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Parser parses command lines. Use NewParser; the zero value is not usable. It is not
// safe for concurrent use.
type Parser struct {
	flags   usedFlags
	builder builder
	command Command
}

// NewParser returns a parser that looks up the names of hosts and ports with hosts.
func NewParser(hosts *resolve.Resolver) *Parser {
	return &Parser{flags: newUsedFlags(), builder: builder{hosts: hosts}}
}

// Parse parses the arguments of one command, without the name of the program. The
// command is valid until the next call. Errors are a NoCommandError, a *WordError or a
// *UsageError; Hint may know how to correct them.
func (p *Parser) Parse(words []string) (*Command, error) { return p.parse(words, commandHint) }

// ParseRule is Parse for a line of rules, whose hints show no command line.
func (p *Parser) ParseRule(words []string) (*Command, error) { return p.parse(words, ruleHint) }

func (p *Parser) parse(words []string, noCommand func([]string) string) (*Command, error) {
	p.command = Command{}
	if err := p.builder.read(scanner{flags: p.flags, words: words}); err != nil {
		return nil, explain(err, words, noCommand)
	}
	p.builder.build(&p.command)
	return &p.command, nil
}

// builder collects what is known of a command while its arguments are parsed.
type builder struct {
	hosts *resolve.Resolver

	action action
	seen   optionSet

	service     ipvs.Service
	destination ipvs.Destination
	daemon      ipvs.Daemon
	timeouts    ipvs.Timeouts
	list        Listing
	drain       drain.Options
	ramp        drain.RampOptions
	netns       string
	sysctls     []sysctl.Assignment
	diagnosis   diagnose.Options
	rulesFile   string

	// The meaning of these depends on options that may come later.
	server      endpoint
	servers     []endpoint // all of --drain
	netmask     netmask
	schedFlags  string
	plus        bool // the weight has a plus sign
	noScheduler bool // the name of the scheduler is empty

	writtenPort uint16 // of a server that gets that of its service

	outputName string // --output or --json, without dashes, whichever came last
}

func (b *builder) has(any ...element) bool { return b.seen.hasAny(setOf(any...)) }

// nameOf returns the name of an option for error messages. --output and --json, which
// share an element, have their own.
func (b *builder) nameOf(o element) string {
	if o == outputOption && b.outputName != "" {
		return b.outputName
	}
	return o.name()
}

// Defaults of the options.
const (
	DefaultScheduler   = ipvs.WeightedLeastConnection
	DefaultPersistence = 360 // seconds of -p
	defaultInterface   = "eth0"
)

// reset forgets the last command and sets the defaults for a new one.
func (b *builder) reset(a action) {
	*b = builder{hosts: b.hosts, action: a}
	b.service.Scheduler = DefaultScheduler
	b.service.Timeout = DefaultPersistence
	b.destination.Forward = ipvs.DirectRoute
	b.destination.Weight = 1
	b.daemon.Interface = defaultInterface
	b.list.Interval = defaultInterval
	if a == monitorTable {
		b.list.Interval = defaultMonitorInterval
	}
	b.drain.Wait = drain.DefaultWait
	b.ramp.Over, b.ramp.Steps = drain.DefaultOver, drain.DefaultSteps
}

// read parses the arguments of a command and checks them.
func (b *builder) read(s scanner) error {
	netns, first, err := leadingNetNS(&s)
	if err == nil && first.flag != nil && optionOf(first).element == netnsOption {
		return Usagef("multiple '%s' options specified", netnsOption.name())
	}
	if err != nil || first.flag == nil || optionOf(first).action == 0 {
		return NoCommandError{}
	}
	b.reset(optionOf(first).action)
	if b.action == help || b.action == version {
		return nil
	}
	if netns != nil {
		b.seen = setOf(netnsOption)
		if err := b.setNetNS(*netns); err != nil {
			return err
		}
	}
	if o := optionOf(first); o.set != nil && (o.kind != optionalValue || first.hasValue) {
		if err := o.set(b, first.value); err != nil {
			return err
		}
	}
	if err := b.readOptions(&s); err != nil {
		return err
	}
	leftovers := s.leftovers
	switch b.action {
	case setTimeouts:
		leftovers, err = b.readTimeouts(leftovers)
	case sysctls:
		leftovers, err = b.readSysctls(leftovers)
	}
	if err != nil {
		return err
	}
	if len(leftovers) > 0 {
		return WithHint(Usagef("unexpected argument %s", leftovers[0]), b.bareAddressHint(leftovers[0]))
	}
	if !b.has(keepOption) {
		flags, err := parseSchedFlags(b.service.Scheduler, b.schedFlags)
		if err != nil {
			return err
		}
		b.service.Flags |= flags
	}
	if err := b.checkOptions(); err != nil {
		return err
	}
	return b.complete()
}

func optionOf(p parsedOption) *option { return p.flag.Value.(*option) }

// readOptions parses the options after the command. A port name without a service, which
// would tell the protocol, takes precedence over any other error.
func (b *builder) readOptions(s *scanner) error {
	err := b.readEachOption(s)
	if b.has(serviceOption) {
		return err
	}
	for _, server := range append(b.servers, b.server) {
		if server.portName != "" {
			return WithHint(illegalServer(), portHint(server.portName, 0))
		}
	}
	return err
}

// readEachOption parses options up to the first error.
func (b *builder) readEachOption(s *scanner) error {
	for {
		parsed, err := s.next()
		if err != nil || parsed.flag == nil {
			return err
		}
		o := optionOf(parsed)
		if o.action != 0 {
			return WithHint(Usagef("%s", s.invalidOption()), "a line has one command, and it comes first")
		}
		if o.element == outputOption {
			b.outputName = o.long
		}
		if b.has(o.element) && !b.repeats(o.element) {
			return Usagef("multiple '%s' options specified", b.nameOf(o.element))
		}
		if o.element != noElement {
			b.seen = b.seen.with(o.element)
		}
		if o.set == nil || o.kind == optionalValue && !parsed.hasValue {
			continue
		}
		if err := o.set(b, parsed.value); err != nil {
			return err
		}
	}
}

// repeats tells whether an option with an element may be given more than once.
func (b *builder) repeats(o element) bool { return b.action == drainServers && o == serverOption }

// readTimeouts parses the three values of --set and returns the remaining words.
func (b *builder) readTimeouts(words []string) ([]string, error) {
	if len(words) < 3 {
		return nil, WithHint(Usagef("--set option requires 3 timeout values"), "--set TCP TCPFIN UDP, in seconds; 0 keeps a value")
	}
	for i, field := range []*uint32{&b.timeouts.TCP, &b.timeouts.TCPFin, &b.timeouts.UDP} {
		n, ok := parseIn(words[i], format.TimeoutRange)
		if !ok {
			return nil, WithHint(Usagef("invalid timeout value `%s' specified", words[i]), rangeHint(format.TimeoutRange))
		}
		*field = uint32(n)
	}
	return words[3:], nil
}

// complete sets the fields that depend on more than one option.
func (b *builder) complete() error {
	if b.has(keepOption) {
		return b.completeKeep()
	}
	switch b.action {
	case addService, editService:
		return b.completeService()
	case addServer, editServer, deleteServer:
		return b.completeServer()
	case drainServers:
		return b.completeDrain()
	case rampServer:
		return b.completeRamp()
	case diagnosis:
		return b.completeDiagnosis()
	}
	return nil
}

func (b *builder) completeService() error {
	s := &b.service
	if b.has(persistentOption) {
		s.Flags |= ipvs.Persistent
	} else {
		s.Timeout = 0
	}
	if b.has(netmaskOption) {
		family := s.AddressFamily()
		if err := b.netmask.check(family); err != nil {
			return err
		}
		s.Netmask = b.netmask.value(family)
	}
	return b.checkService()
}

func (b *builder) completeServer() error {
	d := &b.destination
	if err := b.lookUpServerPort(); err != nil {
		return err
	}
	// -d deletes exactly the port that it names.
	id := b.service.ServiceID
	ownPort := b.server.hasPort && (b.action == deleteServer || format.AllowsOtherPort(id, d.Forward))
	if id.FWMark == 0 && !ownPort {
		if b.server.port != id.AddrPort.Port() {
			b.writtenPort = b.server.port
		}
		b.server.port = id.AddrPort.Port()
	}
	d.AddrPort = b.server.AddrPort()
	return b.checkServer()
}

// lookUpServerPort looks up the port of the server if it was given by name.
func (b *builder) lookUpServerPort() error {
	name := b.server.portName
	if name == "" {
		return nil
	}
	server, err := b.server.withPort(name, b.portProtocol(), b.hosts)
	if err != nil {
		return WithHint(illegalServer(), portHint(name, b.portProtocol()))
	}
	b.server = server
	return nil
}
