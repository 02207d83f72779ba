// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"errors"
	"io/fs"
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Neither the name of the scheduler nor an address with a zone can be sent.
func TestRefusedServiceStaysAsItIs(t *testing.T) {
	tooLong := service(1, 2)
	tooLong.Service.Scheduler = "a-long-scheduler"
	zone := service(1, 2, 3)
	zone.Destinations[0].AddrPort = netip.MustParseAddrPort("[fe80::1%eth0]:80")
	for _, unfit := range []ipvs.TableEntry{tooLong, zone} {
		k, client := kernel(t, service(1, 1, 3), service(2, 1), service(3))
		unfit.Destinations[len(unfit.Destinations)-1].Weight = 7
		plan, err := NewPlan(client, services(unfit, service(2, 2)))
		if err != nil {
			t.Fatal(err)
		}
		err = plan.Run()
		var refused Refusals
		if !errors.As(err, &refused) || len(refused) != 1 || !errors.Is(err, fs.ErrInvalid) || refused[0].Change.ServiceID() != serviceID(1) {
			t.Errorf("the error is %v", err)
		}
		check(t, k, "1: 1 3, 2: 2")
	}
}

func TestNewServiceThatCannotBeSent(t *testing.T) {
	k, client := kernel(t, service(2, 1), service(3))
	tooLong := service(1, 2)
	tooLong.Service.Scheduler = "a-long-scheduler"
	k.Commands()
	err := Run(client, services(tooLong, service(2, 2)))
	var refused Refusals
	if !errors.As(err, &refused) || len(refused) != 1 || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("the error is %v", err)
	}
	check(t, k, "2: 2")
}

// The state may mean service 1, which it spells as net.IP does.
func TestServiceWithoutFitIdentityDeletesNothing(t *testing.T) {
	k, client := kernel(t, service(1, 1), service(2, 1), service(3))
	mapped := service(1, 2)
	mapped.Service.AddrPort = netip.MustParseAddrPort("[::ffff:10.0.0.1]:80")
	err := Run(client, services(mapped, service(2, 2)))
	var refused Refusals
	if !errors.As(err, &refused) || len(refused) != 1 || !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("the error is %v", err)
	}
	check(t, k, "1: 1, 2: 2, 3:")
}
