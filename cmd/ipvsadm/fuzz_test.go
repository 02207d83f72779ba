package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// FuzzScan reads words that are separated by line feeds.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{"-A\n-t\n10.0.0.1:80", "-Lnc", "-p=3\n-po\n-p", "--set\n1\n2\n3", "--=\n-=\n--\n-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Split(text, "\n")
		_, leftovers, complaint := scanAll(words...)
		if len(leftovers) > len(words) {
			t.Fatalf("%d leftovers of %d words", len(leftovers), len(words))
		}
		if word, _, ok := strings.Cut(complaint, ": "); ok && !strings.Contains(text, word) {
			t.Fatalf("complaint %q names no word of %q", complaint, text)
		}
	})
}

// FuzzAddress reads endpoints. What was read is read again the same
// from its usual form.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"10.0.0.1:80", "10.1", "0x0a000001:1", "010.0.0.1", "[fd00::1]:80", "fd00::1", "[10.0.0.1]:80", "1:", ":", "[", "]:", "10.0.0.1 x:80", "::ffff:1.2.3.4"} {
		f.Add(seed)
	}
	noDNS(f)
	f.Fuzz(func(t *testing.T, text string) {
		end, err := parseEndpoint(text, 0)
		if err != nil || end.portName != "" {
			return
		}
		again, err := parseEndpoint(end.AddrPort().String(), ipvs.TCP)
		if err != nil || again.AddrPort() != end.AddrPort() {
			t.Fatalf("%q is %v, which is %v, %v", text, end.AddrPort(), again.AddrPort(), err)
		}
	})
}

// FuzzRestore feeds rules to the whole program: whatever they are, it ends with
// one of its exit statuses, and bad ones change nothing where there are services.
func FuzzRestore(f *testing.F) {
	for _, seed := range []string{
		"-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2 -w 3\n", "# x\n\n-A -f 1 -6 -p\n-L -n\n-Z\n-C\n",
		"--set 1 2 3\n--start-daemon master --syncid 3\n", "-A -u 1.2.3.4:53 -o -b flag-1\x00\n-h\n",
	} {
		f.Add(seed)
	}
	noDNS(f)
	f.Fuzz(func(t *testing.T, rules string) {
		service := ipvs.TableEntry{
			Service:      ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: 99}, Scheduler: "rr", Netmask: ipvs.IPv4.HostNetmask()},
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
