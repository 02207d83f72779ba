// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/watch"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// execute executes a command of ipvsadm.
func (a *app) execute(c *cmdline.Command) error {
	switch c.Kind {
	case cmdline.Help:
		return a.help()
	case cmdline.Version:
		return a.version()
	case cmdline.Restore:
		return a.replayRules()
	case cmdline.ListNetNS:
		return a.listNetNS(c)
	case cmdline.Diagnose:
		return a.diagnose(c)
	}
	if err := a.dial(); err != nil {
		return err
	}
	switch c.Kind {
	case cmdline.Keep:
		return a.keep(&c.Keep)
	case cmdline.Drain:
		return a.drain(&c.Drain)
	case cmdline.Ramp:
		return a.ramp(c.Ramp)
	case cmdline.Sysctl:
		return a.sysctl(c)
	case cmdline.Monitor:
		return a.monitor(c)
	case cmdline.Change:
		change := c.Edit.Change()
		return rules.Refused(change, a.client.Apply([]ipvs.Change{change})[0])
	}
	err := a.print(c)
	if withStatus := (*statusError)(nil); err == nil || errors.As(err, &withStatus) {
		return err
	}
	return &statusError{err, exitList}
}

// print executes a command that lists or saves the table.
func (a *app) print(c *cmdline.Command) error {
	if c.Kind == cmdline.Save {
		return a.saveAs(rules.SaveOptions{Numeric: c.Numeric})
	}
	l := a.listing(c.List.Options)
	switch o := c.List.Options; o.Kind {
	case listing.Table:
		a.listsServices = o.View == format.Connections
	case listing.Connections, listing.ConnCounts:
		a.announced = true // /proc has them all
	}
	if !c.Repeats() {
		return l.Print(a.stdout)
	}
	_ = a.connect() // the listing reports the error, or can do without IPVS
	return a.watch(l, c.List)
}

// listing returns a listing of the connected kernel. The client must be open.
func (a *app) listing(o listing.Options) *listing.Listing {
	source := listing.Source{Client: a.client, Open: a.openProc, Settings: a.sysctlValues, Parameter: a.parameter}
	l := listing.New(source, o, a.style(), a.host.resolver)
	l.Warn = func(text string) { a.complain(a.name + ": warning: " + text) }
	return l
}

// style returns how listings look on standard output.
func (a *app) style() listing.Style {
	t := watch.TerminalOf(a.rawStdout, a.host.getenv)
	return listing.Style{Width: t.Width, Colour: t.Colour, Sanitize: watch.IsTerminal(a.rawStdout)}
}

// openProc opens a file of /proc/net in the client's network namespace.
func (a *app) openProc(path string) (io.ReadCloser, error) {
	ofThread := path
	if a.namespace != nil { // /proc/net has the files of the main thread
		ofThread = strings.Replace(path, "/proc/", "/proc/thread-self/", 1)
	}
	var file *os.File
	err := a.doInNetNS(func() (err error) {
		file, err = openRegular(filepath.Join(a.host.root, ofThread))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open file %s", path)
	}
	return file, nil
}

// openRegular opens a regular file. It does not wait for the writer of a FIFO.
func openRegular(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrInvalid
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// parameter returns a parameter of the module ip_vs, which all namespaces share.
func (a *app) parameter(name string) (value string, ok bool) {
	text, err := os.ReadFile(filepath.Join(a.host.root, "/sys/module/ip_vs/parameters", name))
	return strings.TrimSpace(string(text)), err == nil
}

// watch repeats a listing until it fails or a signal or key ends it.
func (a *app) watch(l *listing.Listing, repeated cmdline.Listing) error {
	w := &watch.Watch{
		Listing: l, Interval: repeated.Interval, ScreenForm: repeated.ScreenForm,
		Stdin: a.stdin, Stdout: a.stdout, Terminal: watch.TerminalOf(a.rawStdout, a.host.getenv), Style: a.style,
		Connect: a.reconnect, Loaded: a.host.moduleLoaded,
		Describe: message, Complain: func(err error) { a.complain(message(err)) },
	}
	err := w.Run()
	if ended := (*watch.SignalError)(nil); errors.As(err, &ended) {
		return &statusError{errAlreadyPrinted, exitSignal + int(ended.Signal)}
	}
	return err
}

// reconnect replaces the client with a new one. If it cannot dial, the old one stays.
func (a *app) reconnect() (*ipvs.Client, error) {
	client, err := a.host.dial()
	if err != nil {
		return nil, err
	}
	_ = a.client.Close()
	a.client = client
	return client, nil
}

func (a *app) help() error {
	if err := a.version(); err != nil {
		return err
	}
	_, err := a.stdout.WriteString(cmdline.Usage)
	return err
}
