// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
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
	// netns opens a network namespace that the user has named. Its IPVS and its lock
	// replace dial and lock.
	netns func(name string) (namespace, error)
	// findNetNS finds network namespaces, and counts those that it cannot read.
	findNetNS func() (found []kernel.FoundNamespace, unreadable int, err error)
	resolver  *resolve.Resolver
	// facts reads what a diagnosis needs of the network namespace of the thread, until done
	// is called. client is nil if there is none, or if it may read nothing.
	facts func(root string, client *ipvs.Client) (facts diagnose.Facts, done func())
	// signals delivers the signals that end a series of changes early, until stop is called.
	signals func() (received <-chan os.Signal, stop func())
	now     func() time.Time
	after   func(time.Duration) <-chan time.Time
	// raiseSIGPIPE ends the process as SIGPIPE would, unless SIGPIPE is ignored.
	raiseSIGPIPE func()
}

// namespace is another network namespace.
type namespace interface {
	Dial() (*ipvs.Client, error)
	LockTable() (unlock func(), locked bool)
	Do(do func() error) error
	Path() string // of its file
	Close()
}

// enter makes the run work in a network namespace, unless name is empty.
func (a *app) enter(name string) error {
	if name == "" {
		return nil
	}
	n, err := a.host.netns(name)
	if err != nil {
		return a.namespaceError(err)
	}
	a.namespace, a.host.dial, a.host.lock = n, n.Dial, n.LockTable
	return nil
}

// namespaceError returns an error that fails a run like a wrong command line.
func (a *app) namespaceError(err error) error { return cmdline.Usagef("%s: %v", a.name, err) }

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
	if cannotEnter := (*kernel.NamespaceError)(nil); errors.As(err, &cannotEnter) {
		return a.namespaceError(err)
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

// hangUp closes the client, if there is one.
func (a *app) hangUp() {
	if a.client != nil {
		_ = a.client.Close()
		a.client = nil
	}
}

// doInNetNS calls do on a thread in the network namespace of the run. Whatever is read from
// or written to /proc for the run is opened there. It needs no client, and no capability to
// use IPVS.
func (a *app) doInNetNS(do func() error) error {
	if a.namespace == nil {
		return do()
	}
	err := a.namespace.Do(do)
	if cannotEnter := (*kernel.NamespaceError)(nil); errors.As(err, &cannotEnter) {
		return a.namespaceError(err)
	}
	return err
}
