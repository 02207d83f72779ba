// SPDX-License-Identifier: Apache-2.0

package kubeproxy_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/testdata/kubeproxy"
)

const goroutines = 20

// Each goroutine has a virtual server of its own, whose answers must not reach another goroutine.
func TestConcurrentCallsGetTheirOwnAnswers(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		own := func(n int) *kubeproxy.VirtualServer { return virtualServer(fmt.Sprintf("10.96.0.%d", n+1), 80) }
		inParallel(t, func(n int) error {
			_, err := b.GetVirtualServer(own(n))
			if !errors.Is(err, ipvs.ErrNoService) {
				return fmt.Errorf("%s exists before it is added: %w", own(n), err)
			}
			return b.AddVirtualServer(own(n))
		})
		inParallel(t, func(n int) error {
			for round := range 10 {
				if err := changeAndRead(b, own(n), 100*n+round); err != nil {
					return fmt.Errorf("round %d of %s: %w", round, own(n), err)
				}
			}
			return nil
		})
		inParallel(t, func(n int) error { return b.DeleteVirtualServer(own(n)) })
		wantVirtualServers(t, b)
	})
}

// changeAndRead gives a virtual server unique settings and a real server of unique weight, and reads them in all ways.
func changeAndRead(b backend, vs *kubeproxy.VirtualServer, unique int) error {
	vs.Flags, vs.Timeout = kubeproxy.FlagPersistent, uint32(unique+1)
	rs := realServer("10.244.1.7", 8080, unique)
	if err := errors.Join(b.UpdateVirtualServer(vs), b.AddRealServer(vs, rs)); err != nil {
		return err
	}
	got, err := b.GetVirtualServer(vs)
	if err != nil {
		return err
	}
	if !got.Equal(vs) {
		return fmt.Errorf("it is %+v, want %+v", *got, *vs)
	}
	servers, err := b.GetRealServers(vs)
	if err != nil {
		return err
	}
	if len(servers) != 1 || !servers[0].Equal(rs) || servers[0].Weight != rs.Weight {
		return fmt.Errorf("its real servers are %v, want %v", servers, rs)
	}
	list, err := b.GetVirtualServers()
	if err != nil {
		return err
	}
	if len(list) != goroutines || !slices.ContainsFunc(list, vs.Equal) {
		return fmt.Errorf("the virtual servers are %v", list)
	}
	return b.DeleteRealServer(vs, rs)
}

// Of all that add or delete the same virtual server, one succeeds.
func TestConcurrentChangesSucceedOnce(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, b backend) {
		vs, rs := virtualServer("10.96.0.1", 80), realServer("10.244.1.7", 8080, 1)
		for _, change := range []struct {
			name   string
			make   func() error
			others error
		}{
			{"add the virtual server", func() error { return b.AddVirtualServer(vs) }, fs.ErrExist},
			{"add the real server", func() error { return b.AddRealServer(vs, rs) }, fs.ErrExist},
			{"delete the real server", func() error { return b.DeleteRealServer(vs, rs) }, ipvs.ErrNoDestination},
			{"delete the virtual server", func() error { return b.DeleteVirtualServer(vs) }, ipvs.ErrNoService},
		} {
			var succeeded atomic.Int32
			inParallel(t, func(int) error {
				err := change.make()
				if err == nil {
					succeeded.Add(1)
				} else if !errors.Is(err, change.others) {
					return fmt.Errorf("%s: %w", change.name, err)
				}
				return nil
			})
			if n := succeeded.Load(); n != 1 {
				t.Errorf("%s: %d succeeded", change.name, n)
			}
		}
	})
}

// inParallel runs a function in 20 goroutines, which start together.
func inParallel(t *testing.T, run func(n int) error) {
	t.Helper()
	start := make(chan struct{})
	errs := make([]error, goroutines)
	var running sync.WaitGroup
	for n := range goroutines {
		running.Go(func() {
			<-start
			errs[n] = run(n)
		})
	}
	close(start)
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}
