// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// FuzzRestore runs ipvsadm -R with any rules. It must end with a documented exit status,
// and bad rules must not change a table with services.
func FuzzRestore(f *testing.F) {
	for _, seed := range []string{
		"-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2 -w 3\n", "# x\n\n-A -f 1 -6 -p\n-L -n\n-Z\n-C\n",
		"--set 1 2 3\n--start-daemon master --syncid 3\n", "-A -u 1.2.3.4:53 -o -b flag-1\x00\n-h\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rules string) {
		service := ipvs.TableEntry{
			Service:      ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 99}, Scheduler: "rr"},
			Destinations: []ipvs.Destination{},
		}
		for _, before := range []ipvs.Table{{}, {service}} {
			k := ipvstest.New()
			k.SetTable(before)
			_, stderr, status := runFake(k, rules, "-R")
			if status != exitOK && stderr == "" {
				t.Fatalf("status %d without a word", status)
			}
			switch status {
			case exitOK, exitKernel, exitUsage:
			default:
				t.Fatalf("status %d: %s", status, stderr)
			}
			if status == exitUsage && len(before) > 0 && !reflect.DeepEqual(k.Table(), before) {
				t.Fatalf("a bad stream changed the table: %q", rules)
			}
		}
	})
}
