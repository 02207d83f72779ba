// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"io"
	"strconv"
)

// NetNSList is what is known of the network namespaces of a machine.
type NetNSList struct {
	Namespaces []NetNS
	Unreadable int // how many more there may be
}

// NetNS is a network namespace, and what its IPVS has.
type NetNS struct {
	Name                           string // as --netns takes it
	Own                            bool   // it is that of the caller
	PID                            int    // of a process in it, 0 if none is known
	Command                        string // of that process
	Services, Servers, Connections uint64
}

// NetNS prints network namespaces.
func (t Table) NetNS(w io.Writer, list NetNSList) error {
	if len(list.Namespaces) == 0 {
		if err := writeText(w, t.Width, "no network namespace has services"); err != nil {
			return err
		}
	} else if err := t.netnsGrid(w, list.Namespaces); err != nil {
		return err
	}
	switch list.Unreadable {
	case 0:
		return nil
	case 1:
		return writeText(w, t.Width, "1 other cannot be read")
	}
	return writeText(w, t.Width, fmt.Sprintf("%d others cannot be read", list.Unreadable))
}

func (t Table) netnsGrid(w io.Writer, namespaces []NetNS) error {
	var rows [][]cell
	for _, n := range namespaces {
		name, process := Sanitize(n.Name), ""
		if n.Own {
			name = "(this one)"
		}
		if n.PID != 0 {
			process = strconv.Itoa(n.PID) + " " + Sanitize(n.Command)
		}
		rows = append(rows, []cell{{text: name}, {text: process}, t.number(count, n.Services), t.number(count, n.Servers), t.number(count, n.Connections)})
	}
	return t.grid(
		column{title: "NAMESPACE", minWidth: optionsWidth}, column{title: "PROCESS", dropOrder: 1}, column{title: "SERVICES", right: true, dropOrder: 2},
		column{title: "SERVERS", right: true, dropOrder: 4}, column{title: "CONNECTIONS", right: true, dropOrder: 3},
	).printAll(allTo(w), rows)
}

// NetNS prints network namespaces as one document.
func (j JSON) NetNS(w io.Writer, list NetNSList) error {
	document := NetNSDocument{Namespaces: []NetNSEntryDocument{}, Unreadable: list.Unreadable}
	for _, n := range list.Namespaces {
		document.Namespaces = append(document.Namespaces, NetNSEntryDocument(n))
	}
	return j.write(w, document)
}
