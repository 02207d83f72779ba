package main

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
	"golang.org/x/sys/unix"
)

// Exit statuses of init scripts, by the Linux Standard Base.
const (
	lsbFailed        = 1
	lsbUsage         = 2
	lsbStopped       = 3 // of status
	lsbUnknown       = 4 // of status
	lsbNotPermitted  = 4
	lsbNotInstalled  = 5
	lsbNotConfigured = 6
)

// boot is one run of ipvsadm-boot.
type boot struct {
	*program
	system sysconfig.System
}

// bootVerb is something ipvsadm-boot can do.
type bootVerb struct {
	do     func(*boot) error
	anyway bool // even if the configuration cannot be read
	quiet  bool // it follows another verb, which has said what is wrong with the configuration
}

var bootVerbs = map[string]bootVerb{
	"start":        {do: (*boot).start},
	"stop":         {do: (*boot).stop},
	"restart":      {do: (*boot).restart},
	"reload":       {do: (*boot).start},
	"force-reload": {do: (*boot).start},
	"save":         {do: (*boot).save},
	"status":       {do: (*boot).status, anyway: true},
	"panic":        {do: (*boot).panic, anyway: true},
	"unload":       {do: (*boot).unload, anyway: true, quiet: true},
}

// bootTool is ipvsadm-boot: what the init script and the systemd unit call.
func (p *program) bootTool(words []string) error {
	if len(words) == 1 && (words[0] == "-h" || words[0] == "--help") {
		_, err := p.stdout.WriteString(bootUsage)
		return err
	}
	if len(words) != 1 || bootVerbs[words[0]].do == nil {
		p.complain(strings.TrimSuffix(bootUsage, "\n"))
		return &statusError{errReported, lsbUsage}
	}
	p.unwritten = lsbStatus(words[0], nil)
	p.changing = words[0] != "status"
	err := (&boot{program: p}).run(bootVerbs[words[0]])
	if err == nil || p.pipeClosed() && errors.Is(err, unix.EPIPE) {
		return err
	}
	p.report(err)
	return &statusError{errReported, lsbStatus(words[0], err)}
}

func (b *boot) run(verb bootVerb) (err error) {
	if b.system, err = sysconfig.Find(b.machine.root); err != nil {
		if !verb.anyway {
			return &statusError{err, lsbNotConfigured}
		}
		b.system.Warnings = []string{err.Error()}
	}
	if verb.quiet {
		b.system.Warnings = nil
	}
	for _, warning := range b.system.Warnings {
		b.complain(warning)
	}
	return verb.do(b)
}

// lsbStatus is the exit status of a verb that failed.
func lsbStatus(verb string, err error) int {
	var withStatus *statusError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return lsbNotPermitted
	case errors.Is(err, ipvs.ErrNoIPVS):
		return lsbNotInstalled
	case errors.As(err, &withStatus) && withStatus.status == lsbStopped:
		return lsbStopped
	case verb == "status":
		return lsbUnknown
	case errors.Is(err, errBadRules), errors.As(err, &withStatus) && withStatus.status == lsbNotConfigured:
		return lsbNotConfigured
	}
	return lsbFailed
}

// connectPresent connects unless IPVS is not there yet. The mere question for it
// would make the kernel load the module.
func (b *boot) connectPresent() error {
	switch loaded, err := b.machine.loaded(); {
	case err != nil:
		return err
	case !loaded:
		return &initError{ipvs.ErrNoIPVS}
	}
	return b.connect()
}

// connectLoaded is connectPresent, but takes it well if no module is loaded:
// then there is nothing to stop.
func (b *boot) connectLoaded() (loaded bool, err error) {
	err = b.connectPresent()
	if errors.Is(err, ipvs.ErrNoIPVS) {
		return false, nil
	}
	return err == nil, err
}
