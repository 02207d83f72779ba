// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

func TestRunReturnsErrorOfContext(t *testing.T) {
	var many ipvs.Table
	for i := range 3 * diffChunk {
		entry := service(0)
		entry.Service.AddrPort = netip.AddrPortFrom(entry.Service.AddrPort.Addr(), uint16(i+1))
		many = append(many, entry)
	}
	for _, unknown := range []bool{false, true} {
		k, client := kernel(t)
		ctx, cancel := context.WithCancel(t.Context())
		returned := make(chan struct{})
		if unknown { // the context ends while the kernel handles the second send
			k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Skip: diffChunk, Effect: ipvstest.Before(func() {
				cancel()
				<-returned
			})})
		}
		plan, err := NewPlan(client.WithContext(ctx), State{Services: func(yield func(ipvs.TableEntry) bool) {
			for i := range many {
				if !unknown && i == 2*diffChunk-1 { // it ends before the second send
					cancel()
				}
				if !yield(many[i]) {
					return
				}
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		err = plan.Run()
		close(returned)
		if !errors.Is(err, context.Canceled) || errors.As(err, new(Refusals)) || errors.Is(err, ipvs.ErrResultUnknown) != unknown {
			t.Errorf("the error is %v", err)
		}
		if n := len(k.Table()); n < diffChunk || n > 2*diffChunk || !unknown && n > diffChunk {
			t.Errorf("%d services", n)
		}
	}
}

func TestRunReturnsErrorOfContextInSettings(t *testing.T) {
	for _, fault := range []ipvstest.Fault{{Command: ipvs.CommandNewDaemon}, {Command: ipvs.CommandGetDaemons, Skip: 1}} {
		k, client := kernel(t)
		ctx, cancel := context.WithCancel(t.Context())
		returned := make(chan struct{})
		fault.Effect = ipvstest.Before(func() {
			cancel()
			<-returned
		})
		k.Inject(fault)
		err := Run(client.WithContext(ctx), State{Daemons: []ipvs.Daemon{{State: ipvs.Master, Interface: "lo"}}})
		close(returned)
		if !errors.Is(err, context.Canceled) || errors.As(err, new(Refusals)) {
			t.Errorf("the error is %v", err)
		}
	}
}
