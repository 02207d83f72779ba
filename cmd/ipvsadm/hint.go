// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/remedy"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/watch"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// complainHint prints the hint for err, if there is one.
func (a *app) complainHint(err error) {
	if text := a.hint(err); text != "" {
		a.complain(text)
	}
}

// hint returns a line that says what the user may try after err, or "". Only a terminal
// gets hints, because programs read the messages of ipvsadm 1.31.
func (a *app) hint(err error) string {
	if !watch.IsTerminal(a.stderr) {
		return ""
	}
	text := a.remedy(err)
	if text == "" {
		return ""
	}
	return format.Sanitize("hint: " + text)
}

// remedy says in one line what the user may try after err, or returns "".
func (a *app) remedy(err error) string {
	var change *rules.RefusedChange
	var kernel *ipvs.Error
	hint := cmdline.Hint(err)
	switch {
	case notPermitted(err):
		text := "IPVS needs the capability CAP_NET_ADMIN, which root may lack in a container"
		if a.listsServices {
			text += "; without it, ipvsadm -L --output table shows a part"
		}
		return text
	case errors.Is(err, ipvs.ErrNoIPVS):
		return `"modprobe ip_vs" says why the module is not loaded; in a container, run it on the host`
	case hint != "":
		return hint
	case errors.As(err, &change):
		return remedy.For(change, a.client)
	case errors.As(err, &kernel):
		if kernel.Command == ipvs.CommandGetService && kernel.Errno == unix.ESRCH {
			return "ipvsadm -Ln lists the services"
		}
	}
	return ""
}
