// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/boot"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// runBoot runs ipvsadm-boot, which init scripts and the systemd unit call.
func (a *app) runBoot(words []string) error {
	if len(words) == 1 && (words[0] == "-h" || words[0] == "--help") {
		_, err := a.stdout.WriteString(cmdline.BootUsage)
		return err
	}
	if slices.ContainsFunc(words, isNetNS) {
		a.complain(a.name + ": --netns: there is one set of boot files, that of this system; use ipvsadm-restore --netns NAMESPACE FILE")
		return &statusError{errAlreadyPrinted, lsbUsage}
	}
	if len(words) != 1 || !boot.IsVerb(words[0]) {
		a.complain(strings.TrimSuffix(cmdline.BootUsage, "\n"))
		if len(words) == 1 {
			a.complainHint(cmdline.WithHint(errAlreadyPrinted, cmdline.DidYouMean(cmdline.Nearest(words[0], boot.Verbs()))))
		}
		return &statusError{errAlreadyPrinted, lsbUsage}
	}
	verb := words[0]
	a.flushErrStatus = lsbStatus(verb, nil)
	a.changing = verb != "status"
	b := &boot.Boot{
		Name: a.name, Root: a.host.root, Hosts: a.host.resolver, Stdout: a.stdout, Report: a.report, Complain: a.complain,
		Connect:         func() (*rules.Target, error) { return a.targetAfter(a.connect()) },
		ConnectIfLoaded: func() (*rules.Target, error) { return a.targetAfter(a.connectIfLoaded()) },
		Unload:          a.host.unloadModules,
		Save:            a.saveAs,
		List:            func(o listing.Options) error { return a.listing(o).Print(a.stdout) },
		Daemons:         func(daemons []ipvs.Daemon) error { return format.Classic{}.Daemons(a.sanitized(a.stdout), daemons) },
	}
	err := b.Run(verb)
	if err == nil || a.pipeClosed() && errors.Is(err, unix.EPIPE) {
		return err
	}
	a.fail(err)
	return &statusError{errAlreadyPrinted, lsbStatus(verb, err)}
}

func isNetNS(word string) bool { return word == "--netns" || strings.HasPrefix(word, "--netns=") }

// targetAfter returns the target of rules, or err if connecting failed.
func (a *app) targetAfter(err error) (*rules.Target, error) {
	if err != nil {
		return nil, err
	}
	return a.target(), nil
}
