// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The check runs on a machine whose kernel has rr built in and wrr and sip as modules, and a
// scheduler of its own.
func TestCheckWarnsOfMissingModules(t *testing.T) {
	const rules = `-A -f 1 -s rr
-A -f 2 -s wrr
-A -f 3 -s sed
-A -f 4 -s mine
-A -f 5 -s mien
-A -f 6 -s wrr -p 300 --pe sip
-A -f 7 -s lc -p 300 --pe sipp
`
	const unknown = `; there are rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos` + "\n"
	const certain = `line 3: warning: this kernel lacks the scheduler sed: there is no module ip_vs_sed
line 5: warning: unknown scheduler "mien"` + unknown + `line 7: warning: unknown persistence engine "sipp"; there is sip
`
	const uncertain = `line 4: warning: unknown scheduler "mine"` + unknown + `line 5: warning: unknown scheduler "mien"` + unknown +
		`line 7: warning: unknown persistence engine "sipp"; there is sip
`
	files := map[string]string{
		"/proc/modules":                              "ip_vs_lc 16384 1 - Live 0x0\n",
		"/proc/sys/kernel/osrelease":                 "6.1.0-1-amd64\n",
		"/lib/modules/6.1.0-1-amd64/modules.dep":     "kernel/net/netfilter/ipvs/ip_vs_wrr.ko.xz: kernel/net/netfilter/ipvs/ip_vs.ko.xz\nextra/ip-vs-mine.ko:\nkernel/net/netfilter/ipvs/ip_vs_pe_sip.ko.zst: a.ko\n",
		"/lib/modules/6.1.0-1-amd64/modules.builtin": "kernel/net/netfilter/ipvs/ip_vs_rr.ko\n",
	}
	for _, test := range []struct{ without, want string }{
		{"", certain},
		{"/lib/modules/6.1.0-1-amd64/modules.dep", uncertain},
		{"/proc/sys/kernel/osrelease", uncertain},
	} {
		root := t.TempDir()
		for path, content := range files {
			if path == test.without {
				continue
			}
			path = filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var stderr strings.Builder
		status := run([]string{"ipvsadm-restore", "--check"}, strings.NewReader(rules), io.Discard, &stderr, fakeHost(unloaded(), root))
		if stderr.String() != test.want || status != exitOK {
			t.Errorf("without %q: status %d\n got %s\nwant %s", test.without, status, &stderr, test.want)
		}
	}
}
