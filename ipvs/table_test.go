package ipvs_test

import (
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// addDuring adds a service each time, of so many, that the services are read.
func addDuring(k *ipvstest.Kernel, times int) {
	next := uint32(100)
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Skip: 1, Times: times, Effect: ipvstest.Before(func() {
		next++
		table := k.Table()
		k.SetTable(append(table, ipvs.TableEntry{Service: ipvs.Service{
			ServiceID: ipvs.ServiceID{FWMark: next}, Scheduler: "rr", Netmask: 0xffffffff,
		}}))
	})})
}

func TestStableTableReadsAgain(t *testing.T) {
	k := ipvstest.New()
	c, err := k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	addDuring(k, 1)
	table, err := c.StableTable()
	if err != nil || len(table) != 1 || table[0].Service.FWMark != 101 {
		t.Errorf("%v, %v", table, err)
	}
}

func TestStableTableGivesUp(t *testing.T) {
	k := ipvstest.New()
	c, err := k.Dial()
	if err != nil {
		t.Fatal(err)
	}
	addDuring(k, -1)
	table, err := c.StableTable()
	if err == nil || !strings.Contains(err.Error(), "kept changing") {
		t.Errorf("%v, %v", table, err)
	}
}
