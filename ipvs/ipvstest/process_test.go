// SPDX-License-Identifier: Apache-2.0

package ipvstest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// Two processes add the same service. The first one has read the table before the second
// one adds it.
func ExampleKernel_Start() {
	k := ipvstest.New()
	web := ipvs.Service{ServiceID: web, Scheduler: "rr"}
	ensure := func(name string) func() {
		return func() {
			client, err := k.Dial()
			if err != nil {
				fmt.Println(err)
				return
			}
			if _, err := client.Service(web.ServiceID); errors.Is(err, fs.ErrNotExist) {
				fmt.Println(name, client.NewService(web))
			}
		}
	}
	first, second := k.Start(ensure("first")), k.Start(ensure("second"))
	first.Step()
	second.Finish()
	fmt.Println(first.Request())
	first.Finish()
	// Output:
	// second <nil>
	// {add service false} true
	// first ipvs: add service TCP 10.0.0.1:80: Service already exists
}

func TestProcessStopsInsideASend(t *testing.T) {
	k := ipvstest.New()
	c, other := dial(t, k), dial(t, k)
	var errs []error
	service := ipvs.Service{ServiceID: web, Scheduler: "rr"}
	p := k.Start(func() {
		errs = c.Apply([]ipvs.Change{ipvs.NewService(service), ipvs.NewService(service), ipvs.DelService(web)})
	})
	p.Step()
	if err := other.DelService(web); err != nil {
		t.Error(err)
	}
	p.Step()
	p.StepWith(ipvstest.Refuse(syscall.ENOMEM))
	if _, running := p.Request(); running {
		t.Error("the process has not ended")
	}
	if len(errs) != 3 || errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], syscall.ENOMEM) || len(k.Table()) != 1 {
		t.Errorf("%v, %v", errs, k.Table())
	}
}

func TestProcessTellsItsRequest(t *testing.T) {
	k := ipvstest.New()
	c := dial(t, k)
	p := k.Start(func() {
		_, _ = c.Services()
		_, _ = c.Service(web)
	})
	for _, want := range []ipvstest.Request{{Command: ipvs.CommandGetService, Dump: true}, {Command: ipvs.CommandGetService}} {
		if got, ok := p.Request(); got != want || !ok {
			t.Errorf("got %v, want %v", got, want)
		}
		p.Step()
	}
	if got, ok := p.Request(); ok {
		t.Errorf("got %v after the end", got)
	}
}

func TestInjectedFaultsApplyToProcesses(t *testing.T) {
	k := ipvstest.New()
	c := dial(t, k)
	k.Inject(ipvstest.Fault{Effect: ipvstest.Refuse(syscall.ENOMEM)})
	var err error
	k.Start(func() { err = c.Flush() }).Step()
	if !errors.Is(err, syscall.ENOMEM) {
		t.Error(err)
	}
}

// Only without LoseRefusal the request has an effect.
func TestLostAnswers(t *testing.T) {
	for want, effect := range []ipvstest.Effect{ipvstest.LoseRefusal(syscall.EINVAL), ipvstest.Lose()} {
		k := ipvstest.New()
		c := dial(t, k)
		k.Inject(ipvstest.Fault{Command: ipvs.CommandNewService, Effect: effect})
		if err := c.NewService(ipvs.Service{ServiceID: web, Scheduler: "rr"}); !errors.Is(err, syscall.ENOBUFS) {
			t.Error(err)
		}
		if n := len(k.Table()); n != want {
			t.Errorf("%d services, want %d", n, want)
		}
	}
}
