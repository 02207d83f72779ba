// SPDX-License-Identifier: Apache-2.0

// Package boot implements the verbs of ipvsadm-boot, which save and restore the rules as
// the settings of the distribution say. Init scripts and systemd call it.
package boot

import (
	"bufio"
	"errors"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// Init scripts have exit statuses of their own for these errors.
var (
	// ErrStopped means that there are neither services nor sync daemons. The verb status
	// has printed that already.
	ErrStopped = errors.New("ipvsadm is stopped")
	// ErrNotConfigured means that the configuration or the rules file cannot be read. The
	// error that wraps it has only the reason as its text.
	ErrNotConfigured = errors.New("not configured")
)

// Boot is the system that a verb works on. All exported fields must be set.
type Boot struct {
	Name   string // name of the program in messages
	Root   string // root directory of the configuration and the rules file
	Hosts  *resolve.Resolver
	Stdout *bufio.Writer
	Report *rules.Report
	// Complain prints text and a line feed to stderr.
	Complain func(text string)

	// Connect connects to IPVS, and loads the module if necessary.
	Connect func() (*rules.Target, error)
	// ConnectIfLoaded connects to IPVS, or returns ipvs.ErrNoIPVS if the module is not
	// loaded.
	ConnectIfLoaded func() (*rules.Target, error)
	// Unload unloads the modules of IPVS.
	Unload func() error
	// Save writes the table as rules. It is called once connected, as are List and Daemons.
	Save func(rules.SaveOptions) error
	// List prints a listing of the table.
	List func(listing.Options) error
	// Daemons prints sync daemons.
	Daemons func([]ipvs.Daemon) error

	config sysconfig.Config
	target *rules.Target // nil until connected
}

type verb struct {
	name           string
	do             func(*Boot) error
	configOptional bool // runs even if the configuration cannot be read
	quiet          bool // runs after another verb, which has printed the warnings
}

var verbs = [...]verb{
	{name: "force-reload", do: (*Boot).start},
	{name: "panic", do: (*Boot).panic, configOptional: true},
	{name: "reload", do: (*Boot).start},
	{name: "restart", do: (*Boot).restart},
	{name: "save", do: (*Boot).save},
	{name: "start", do: (*Boot).start},
	{name: "status", do: (*Boot).status, configOptional: true},
	{name: "stop", do: (*Boot).stop},
	{name: "unload", do: (*Boot).unload, configOptional: true, quiet: true},
}

// verbNamed returns a verb, or the zero verb if there is none of that name.
func verbNamed(name string) verb {
	for _, v := range verbs {
		if v.name == name {
			return v
		}
	}
	return verb{}
}

// IsVerb tells whether name is a verb.
func IsVerb(name string) bool { return verbNamed(name).do != nil }

// Verbs returns the names of the verbs, sorted.
func Verbs() (names []string) {
	for _, v := range verbs {
		names = append(names, v.name)
	}
	return names
}

// Run executes a verb, for which IsVerb must be true. Besides ErrStopped and
// ErrNotConfigured, errors may be those of package rules.
func (b *Boot) Run(name string) (err error) {
	verb := verbNamed(name)
	if b.config, err = sysconfig.Locate(b.Root); err != nil {
		if !verb.configOptional {
			return notConfigured(err)
		}
		b.config.Warnings = []string{err.Error()}
	}
	if verb.quiet {
		b.config.Warnings = nil
	}
	for _, warning := range b.config.Warnings {
		b.Complain(warning)
	}
	return verb.do(b)
}

// configError is an ErrNotConfigured with the text of the wrapped error.
type configError struct{ error }

func notConfigured(err error) error { return configError{err} }

func (e configError) Unwrap() []error { return []error{e.error, ErrNotConfigured} }

func (b *Boot) connect() (err error) {
	b.target, err = b.Connect()
	return err
}

func (b *Boot) connectIfLoaded() (err error) {
	b.target, err = b.ConnectIfLoaded()
	return err
}

// tryConnect connects if the module is loaded. If it is not, that is no error, because
// there is nothing to stop.
func (b *Boot) tryConnect() (loaded bool, err error) {
	err = b.connectIfLoaded()
	if errors.Is(err, ipvs.ErrNoIPVS) {
		return false, nil
	}
	return err == nil, err
}
