// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"errors"
	"io/fs"
	"iter"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// crowd is how many entries make a bucket crowded.
const crowd = 3

// ConnTable returns the size of the table of connections.
func (m *Machine) ConnTable() (t diagnose.ConnTable, err error) {
	if m.Client == nil {
		return t, errNotPermitted
	}
	status, err := m.Client.Status()
	if errors.Is(err, fs.ErrNotExist) { // before Linux 7.1
		info, err := m.Client.Info()
		t.Buckets = uint64(info.ConnTabSize)
		return t, err
	}
	if err != nil {
		return t, err
	}
	t.Buckets, t.Entries = uint64(status.Conns.Buckets), status.Conns.Entries
	for length, buckets := range status.Conns.Chains {
		nodes := uint64(length) * buckets
		t.Nodes += nodes
		if length >= crowd {
			t.Crowded += nodes
		}
	}
	return t, nil
}

// Connections yields the connections.
func (m *Machine) Connections() iter.Seq2[ipvs.ConnEntry, error] {
	if m.Client == nil {
		return func(yield func(ipvs.ConnEntry, error) bool) { yield(ipvs.ConnEntry{}, errNotPermitted) }
	}
	return m.Client.ConnEntries()
}
