// SPDX-License-Identifier: Apache-2.0

package kernel

import "github.com/ipvsadm-go/ipvsadm/ipvs"

// Reader repeats readings, and reconnects after one that failed. Its fields must be set.
type Reader struct {
	// Connect replaces the client that reads. If it fails, the old one stays.
	Connect func() error
	// Loaded tells whether the module of IPVS is loaded.
	Loaded func() (bool, error)

	failed    bool // whether the last reading failed
	sawModule bool // whether the module was ever loaded
}

// Try calls read. After a failed reading it connects again first, because a module that
// was unloaded and loaded again has another family ID. The error is ipvs.ErrNoIPVS if the
// module was unloaded.
func (r *Reader) Try(read func() error) (err error) {
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
	loaded, err := r.Loaded()
	r.sawModule = r.sawModule || err == nil && loaded
	return nil
}

func (r *Reader) reconnect() error {
	if r.unloaded() {
		return ipvs.ErrNoIPVS // connecting would load the module, which somebody unloaded
	}
	return r.Connect()
}

// unloaded tells whether the module was loaded before and is not loaded now.
func (r *Reader) unloaded() bool {
	loaded, err := r.Loaded()
	return r.sawModule && err == nil && !loaded
}
