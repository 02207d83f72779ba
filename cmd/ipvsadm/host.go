// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// host is what a run needs of its machine, apart from its standard streams. Tests replace
// it. All fields must be set.
type host struct {
	root          string // the directory that holds /etc, /lib and /proc
	getenv        func(string) string
	dial          func() (*ipvs.Client, error)
	moduleLoaded  func() (bool, error) // whether the kernel has IPVS; loads nothing
	loadModule    func() (tried bool)  // failures show when dial is called again
	unloadModules func() error
	lock          func() (unlock func(), locked bool) // locks out other restores
	resolver      *resolve.Resolver
	// signals delivers the signals that end a series of changes early, until stop is called.
	signals func() (received <-chan os.Signal, stop func())
	now     func() time.Time
	after   func(time.Duration) <-chan time.Time
	// raiseSIGPIPE ends the process as SIGPIPE would, unless SIGPIPE is ignored.
	raiseSIGPIPE func()
}

// connect dials, and checks that IPVS answers the caller.
func (a *app) connect() error {
	if err := a.dial(); err != nil {
		return err
	}
	_, err := a.client.Info()
	a.announceSockopts()
	return err
}

// announceSockopts says once that the client does less than usual.
func (a *app) announceSockopts() {
	if a.announced || a.client == nil || !a.client.UsesSockopts() {
		return
	}
	a.announced = true
	a.complain(a.name + ": netlink is refused; over the older socket options: IPv4 only, no persistence engines, no tunnel types, no options of sync daemons")
}

// dial opens the client, without asking IPVS anything yet. If IPVS is missing, it loads
// the module and tries again. With an open client it does nothing.
func (a *app) dial() (err error) {
	if a.client != nil {
		return nil
	}
	a.client, err = a.host.dial()
	if errors.Is(err, ipvs.ErrNoIPVS) && a.host.loadModule() {
		a.client, err = a.host.dial()
	}
	if err != nil {
		return &initError{err}
	}
	return nil
}

// connectIfLoaded connects, or returns ipvs.ErrNoIPVS if the module is not loaded. It
// does not dial then, because that would make the kernel load the module.
func (a *app) connectIfLoaded() error {
	switch loaded, err := a.host.moduleLoaded(); {
	case err != nil:
		return err
	case !loaded:
		return &initError{ipvs.ErrNoIPVS}
	}
	return a.connect()
}
