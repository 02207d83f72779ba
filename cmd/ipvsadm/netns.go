// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// listNetNS lists the network namespaces of the machine. It visits one after the other, so
// that any number of them takes one thread and one open file.
func (a *app) listNetNS(c *cmdline.Command) error {
	if err := a.connect(); err != nil {
		return err
	}
	found, unreadable, err := a.host.findNetNS()
	if err != nil {
		return &statusError{err, exitList}
	}
	list := format.NetNSList{Unreadable: unreadable}
	for _, n := range found {
		entry := format.NetNS{Name: n.Name, Own: n.Own, PID: n.PID, Command: n.Command}
		err := a.visit(n, &entry)
		var refused *kernel.NamespaceError
		switch {
		case errors.As(err, &refused) && refused.Gone:
		case errors.As(err, &refused), notPermitted(err), errors.Is(err, errors.ErrUnsupported): // IPv6 without netlink
			list.Unreadable++
		case err != nil:
			return &statusError{err, exitList}
		case c.All || entry.Services > 0:
			list.Namespaces = append(list.Namespaces, entry)
		}
	}
	if c.JSON {
		return format.JSON{}.NetNS(a.stdout, list)
	}
	style := a.style()
	return format.Table{Width: style.Width, Colour: style.Colour, Exact: true}.NetNS(a.stdout, list)
}

// visit counts what a namespace has.
func (a *app) visit(found kernel.FoundNamespace, entry *format.NetNS) error {
	if found.Own {
		return count(a.client, entry)
	}
	n, err := a.host.netns(found.Name)
	if err != nil {
		return err
	}
	defer n.Close()
	client, err := n.Dial()
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	return count(client, entry)
}

func count(client *ipvs.Client, entry *format.NetNS) error {
	for service, err := range client.TableEntries() {
		if err != nil {
			return err
		}
		entry.Services++
		entry.Servers += uint64(len(service.Destinations))
	}
	for _, err := range client.ConnEntries() {
		if err != nil {
			return err
		}
		entry.Connections++
	}
	return nil
}
