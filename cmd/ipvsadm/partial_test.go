// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// servicesFile is /proc/net/ip_vs.
func servicesFile(t *testing.T) string {
	t.Helper()
	ticks, err := kernel.TicksPerSecond()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A000002:0050 sh
TCP  0A000001:0050 wlc persistent %d FFFFFF00
  -> 0A000103:0050      Masq    0      0          0         
  -> 0A000102:0050      Route   3      4          5         
UDP  0A000001:0035 rr ops  
FWM  00000007 wlc 
`, 300*ticks)
}

// runPartial runs ipvsadm as nobody with the files of /proc.
func runPartial(t *testing.T, table, line string) (stdout, stderr string, status int) {
	t.Helper()
	var out, err strings.Builder
	root := rootWith(t, listing.TablePath, table)
	status = run(strings.Fields(line), strings.NewReader(""), &out, &err, fakeHost(unprivileged(), root))
	return out.String(), err.String(), status
}

func TestX19TableWithoutRoot(t *testing.T) {
	stdout, stderr, status := runPartial(t, servicesFile(t), "ipvsadm -Ln --output table")
	const want = `IP Virtual Server 1.2.1, connection table size 4096

SERVICE, SERVER    METHOD  WEIGHT  ACTIVE  INACTIVE  STATE       OPTIONS
TCP 10.0.0.1:80    wlc                  4         5              persistent 300 s, mask 255.255.255.0
  10.0.1.2:80      Route        3       4         5
  10.0.1.3:80      Masq         0       0         0  weight 0
TCP 10.0.0.2:80    sh                   0         0  no servers
UDP 10.0.0.1:53    rr                   0         0  no servers  ops
FWM 7              wlc                  0         0  no servers
incomplete without CAP_NET_ADMIN: no scheduler flags, persistence engines, thresholds, tunnels, persistent connections, counters and rates; some firewall marks may be of IPv6
`
	if status != exitOK || stderr != "" || strings.Join(strings.Fields(stdout), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
}

func TestX19JSONWithoutRoot(t *testing.T) {
	stdout, stderr, status := runPartial(t, servicesFile(t), "ipvsadm -Ln --json")
	var got format.PartialTableDocument
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != exitOK || stderr != "" {
		t.Fatalf("status %d, %v: %s%s", status, err, stdout, stderr)
	}
	if len(got.Incomplete) != 8 || got.Version != "1.2.1" || len(got.Services) != 4 || strings.Contains(stdout, "threshold\":") {
		t.Errorf("got %s", stdout)
	}
	web, marked := got.Services[0], got.Services[3]
	if web.Address != netip.MustParseAddr("10.0.0.1") || web.PersistenceTimeout != 300 || web.Netmask != "255.255.255.0" ||
		web.Family != "IPv4" || len(web.Destinations) != 2 || marked.FWMark != 7 || marked.Family != "" {
		t.Errorf("got %s", stdout)
	}
}

func TestX19OneServiceWithoutRoot(t *testing.T) {
	for line, want := range map[string]int{"-t 10.0.0.1:80": 2, "-u 10.0.0.1:53": 0, "-f 7": 0, "-f 7 -6": 0} {
		stdout, stderr, status := runPartial(t, servicesFile(t), "ipvsadm -L -n --json "+line)
		var got format.PartialTableDocument
		if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != exitOK || len(got.Services) != 1 || len(got.Services[0].Destinations) != want {
			t.Errorf("%s: status %d, %v: %s%s", line, status, err, stdout, stderr)
		}
	}
	for _, line := range []string{"-t 10.0.0.9:80", "-f 8"} {
		if stdout, stderr, status := runPartial(t, servicesFile(t), "ipvsadm -L -n --output table "+line); status != exitList || stdout != "" || stderr != "No such service\n" {
			t.Errorf("%s: status %d, %s%s", line, status, stdout, stderr)
		}
	}
}

// What would be wrong or misleading is refused, and so is everything if /proc does not help.
func TestX19RefusedWithoutRoot(t *testing.T) {
	for line, table := range map[string]string{
		"ipvsadm -L --output prometheus": servicesFile(t), "ipvsadm -L --output table --stats": servicesFile(t),
		"ipvsadm -L --output table --rate": servicesFile(t), "ipvsadm -L --json --thresholds": servicesFile(t),
		"ipvsadm -L --output table --persistent-conn": servicesFile(t), "ipvsadm -L --output table --tun-info": servicesFile(t),
		"ipvsadm -L --output json --timeout": servicesFile(t), "ipvsadm-save --output rules": servicesFile(t),
		"ipvsadm -L --output table": "something else\n", "ipvsadm -L --json": "",
	} {
		stdout, stderr, status := runPartial(t, table, line)
		if status != exitUsage || stdout != "" || !strings.HasSuffix(stderr, ": permission denied: IPVS needs the capability CAP_NET_ADMIN\n") {
			t.Errorf("%s: status %d, %s%s", line, status, stdout, stderr)
		}
	}
	for _, line := range []string{"ipvsadm -Ln", "ipvsadm -L --stats", "ipvsadm -Sn"} {
		stdout, stderr, status := runPartial(t, servicesFile(t), line)
		if status != exitUsage || stdout != "" || !strings.HasPrefix(stderr, "Can't initialize ipvs: Permission denied") {
			t.Errorf("%s: status %d, %s%s", line, status, stdout, stderr)
		}
	}
}

// Each form and filter of -c, and --count-by, do without root.
func TestX19ConnectionFormsWithoutRoot(t *testing.T) {
	root := rootWith(t, listing.ConnectionsPath, connectionTable)
	for _, options := range []string{
		"", "--json", "--output table", "--output prometheus", "--persistent-conn", "--count-by state", "--count-by client --json",
		"--count-by virtual --output table", "--state established", "--client 192.168.1.0/24 --json", "--virtual 10.0.0.1:80", "--destination 10.0.1.3",
	} {
		var outputs []string
		for _, k := range []*ipvstest.Kernel{ipvstest.New(), unprivileged()} {
			var stdout, stderr strings.Builder
			words := append(strings.Fields("ipvsadm -L -c -n"), strings.Fields(options)...)
			status := run(words, strings.NewReader(""), &stdout, &stderr, fakeHost(k, root))
			outputs = append(outputs, fmt.Sprint(status, stdout.String(), stderr.String()))
		}
		if outputs[0] != outputs[1] || !strings.HasPrefix(outputs[0], "0") && options != "--output prometheus" && options != "--persistent-conn" {
			t.Errorf("%s: root got %s\nnobody got %s", options, outputs[0], outputs[1])
		}
	}
}

// inUserNamespace is a kernel whose clients are root of a user namespace, and a host.
func inUserNamespace(t *testing.T) (*ipvstest.Kernel, host) {
	t.Helper()
	k := ipvstest.New()
	k.SetUserNamespace(true)
	h := fakeHost(k, t.TempDir())
	h.dial = func() (*ipvs.Client, error) { return k.DialWith(ipvs.SockoptFallback()) }
	return k, h
}

const sockoptNotice = ": netlink is refused; over the older socket options: IPv4 only, no persistence engines, no tunnel types, no options of sync daemons\n"

func TestX19UserNamespace(t *testing.T) {
	_, h := inUserNamespace(t)
	for _, step := range []struct{ line, stdin, stdout, stderr string }{
		{"ipvsadm -A -t 10.0.0.1:80 -s rr", "", "", ""},
		{"ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -m -w 3 -x 9 -y 4", "", "", ""},
		{"ipvsadm -Sn", "", "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 3 -x 9 -y 4\n", ""},
		{"ipvsadm -Ln", "", emptyTable + "TCP  10.0.0.1:80 rr\n  -> 10.0.0.2:80                  Masq    3      0          0         \n", ""},
		{"ipvsadm -A -t [fd00::1]:80", "", "", "ipvs: add service TCP [fd00::1]:80: IPv6 needs netlink, which refuses the caller\n"},
		{"ipvsadm -D -t 10.0.0.9:80", "", "", "No such service\n"},
		{"ipvsadm-restore", "-A -f 7\n-A -t 10.0.0.1:80\n-a -f 7 -r fd00::2 -i\n-A -u 10.0.0.1:5060 -p 60 --pe sip -o\n", "",
			"line 3: ipvs: add server [fd00::2]:0 of FWM 7: IPv6 needs netlink, which refuses the caller\n" +
				"line 4: ipvs: add service UDP 10.0.0.1:5060: persistence engine \"sip\" needs netlink, which refuses the caller\n" +
				"nothing was changed\n"},
		{"ipvsadm -R", "-C\n-A -f 7 -6\n", "", "line 2: ipvs: add service FWM 7 IPv6: IPv6 needs netlink, which refuses the caller\nnothing was changed\n"},
		{"ipvsadm-restore --clear", "-A -f 7 -6\n", "", "line 1: ipvs: add service FWM 7 IPv6: IPv6 needs netlink, which refuses the caller\nnothing was changed\n"},
		{"ipvsadm-save -n", "", "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 3 -x 9 -y 4\n", ""},
		{"ipvsadm-restore", "-A -t 10.0.0.1:80 -s wlc\n-A -f 7\n", "", ""},
		{"ipvsadm -Sn", "", "-A -t 10.0.0.1:80 -s wlc\n-A -f 7 -s wlc\n", ""},
		{"ipvsadm -C", "", "", ""},
		{"ipvsadm -L", "", emptyTable, ""},
	} {
		var stdout, stderr strings.Builder
		words := strings.Fields(step.line)
		status := run(words, strings.NewReader(step.stdin), &stdout, &stderr, h)
		if status == 0 != (step.stderr == "") || stdout.String() != step.stdout || stderr.String() != words[0]+sockoptNotice+step.stderr {
			t.Errorf("%s: status %d\n%s%s", step.line, status, stdout.String(), stderr.String())
		}
	}
	for _, line := range []string{"ipvsadm -h", "ipvsadm -v"} {
		var stderr strings.Builder
		if status := run(strings.Fields(line), strings.NewReader(""), io.Discard, &stderr, h); status != 0 || stderr.Len() > 0 {
			t.Errorf("%s: status %d, %s", line, status, stderr.String())
		}
	}
}
