// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// reader repeats readings, and reconnects after one that failed.
type reader struct {
	connect   func() (*ipvs.Client, error)
	loaded    func() (bool, error)
	source    *listing.Source
	failed    bool // whether the last reading failed
	sawModule bool // whether the module was ever loaded
}

// try calls read. After a failed reading it connects again first, because a module that
// was unloaded and loaded again has another family ID.
func (r *reader) try(read func() error) (err error) {
	if r.failed {
		err = r.reconnect()
	}
	if err == nil {
		err = read()
	}
	if r.failed = err != nil; r.failed {
		if r.unloaded() {
			return ipvs.ErrNoIPVS
		}
		return err
	}
	loaded, err := r.loaded()
	r.sawModule = r.sawModule || err == nil && loaded
	return nil
}

// reconnect replaces the client. If that fails, the old one stays.
func (r *reader) reconnect() error {
	if r.unloaded() {
		return ipvs.ErrNoIPVS // connecting would load the module, which somebody unloaded
	}
	client, err := r.connect()
	if err != nil {
		return err
	}
	r.source.Client = client
	return nil
}

// unloaded tells whether the module was loaded before and is not loaded now.
func (r *reader) unloaded() bool {
	loaded, err := r.loaded()
	return r.sawModule && err == nil && !loaded
}
