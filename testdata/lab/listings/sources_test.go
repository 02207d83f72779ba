// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// What the listings are compared with is what others see in the kernel: the original, whose lines are ours, and
// /proc/net/ip_vs.

var original = &form{name: "original", read: readClassic, shows: showsClassic, same: exactly}

func (h *host) compareWithOriginal(t *testing.T, m mode) {
	words := strings.Fields(m.words)
	if m.subject == services {
		words = append(words, "--exact")
	}
	var ourLines string
	kernel := func() *reading { return h.kernel(t, m.subject, ipvs.ServiceID{}, true) }
	span, theirs := around(t, still, kernel, func() string {
		ourLines = h.list(t, ours, words...)
		return h.list(t, oracle, words...)
	})
	span.check(t, readClassic(t, m, theirs), original, m, still)
	// Servers of both families have another order there, and connections count their seconds down.
	if m.subject != connections && sortedLines(ourLines) != sortedLines(theirs) {
		t.Errorf("ours:\n%.4000s\ntheirs:\n%.4000s", ourLines, theirs)
	}
}

func (h *host) compareWithProc(t *testing.T) {
	kernel := func() *reading { return h.kernel(t, services, ipvs.ServiceID{}, false) }
	span, text := around(t, still, kernel, func() string { return h.proc(t, "ip_vs") })
	span.check(t, readProc(t, span.before, text), procForm, modes[0], still)
}

func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// procForm is /proc/net/ip_vs, which has what the columns of a listing without options show.
var procForm = &form{name: "proc", same: exactly, shows: func(m mode, a about, _ string) bool {
	return a.destination == "" && a.name == "scheduler" || slices.Contains(columnNames[m.words], a.name)
}}

// readProc reads lines such as
//
//	TCP  0A000001:0050 wlc
//	  -> 0A000002:1F90      Masq    3      0          20
//
// It does not tell the family of a mark, which is that of the kernel's service with this mark.
func readProc(t *testing.T, kernel *reading, text string) *reading {
	t.Helper()
	r := newReading()
	service := ""
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range lines[3:] {
		words := strings.Fields(line)
		if words[0] == "->" {
			r.say(service, hexEnd(t, words[1]), columns(modes[0], words[2:])...)
			continue
		}
		if words[0] == "FWM" {
			mark, err := strconv.ParseUint(words[1], 16, 32)
			must(t, err)
			service = fmt.Sprint("FWM ", mark)
			if slices.Contains(kernel.order, service+" IPv6") {
				service += " IPv6"
			}
		} else {
			service = words[0] + " " + hexEnd(t, words[1])
		}
		r.say(service, "", "scheduler", words[2])
	}
	return r
}

// hexEnd reads 0A000001:0050 or [fd00:0000:...]:0050.
func hexEnd(t *testing.T, text string) string {
	t.Helper()
	i := strings.LastIndexByte(text, ':')
	port, err := strconv.ParseUint(text[i+1:], 16, 16)
	must(t, err)
	addr, err := netip.ParseAddr(strings.Trim(text[:i], "[]"))
	if err != nil {
		n, err := strconv.ParseUint(text[:i], 16, 32)
		must(t, err)
		addr = netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
	return netip.AddrPortFrom(addr, uint16(port)).String()
}
