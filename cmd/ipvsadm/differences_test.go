// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/release"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

// The tests TestX01 to TestX21 cover the rows X1 to X21 of the README's table of
// differences from ipvsadm 1.31. testdata/compat checks that there are no others.

const emptyTable = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`

func TestX01HelpAndVersionWithoutIPVS(t *testing.T) {
	k := ipvstest.New()
	k.SetLoaded(false)
	k.SetPrivileged(false)
	version, date := release.Running()
	line := "ipvsadm v1.31+go" + version + " " + date + " (compiled with pflag and IPVS v1.2.1)\n"
	check(t, k, "ipvsadm -v", want{stdout: line})
	check(t, k, "ipvsadm --version foo -z", want{stdout: line})
	check(t, k, "ipvsadm -h", want{stdout: line + cmdline.Usage})
	check(t, k, "ipvsadm --help -A", want{stdout: line + cmdline.Usage})
	check(t, k, "ipvsadm -L -h", want{
		stderr: "Can't initialize ipvs: Protocol not available\n" +
			"Are you sure that IP Virtual Server is built in the kernel or as module?\n",
		status: exitUsage,
	})
}

func TestX02UnsignedFWMark(t *testing.T) {
	k := ipvstest.New()
	check(t, k, "ipvsadm -A -f 4294967295", want{})
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 4294967295 -s wlc\n"})
	check(t, k, "ipvsadm -L", want{stdout: emptyTable + "FWM  4294967295 wlc\n"})
}

func TestX03AscendingOrder(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -t 192.168.0.1:80", "ipvsadm -A -t 10.0.0.1:80")
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -t 10.0.0.1:80 -s wlc\n-A -t 192.168.0.1:80 -s wlc\n"})
}

func TestX04SaveKeepsThresholds(t *testing.T) {
	k := ipvstest.New()
	rules := "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 3 -x 10 -y 4\n"
	checkInput(t, k, rules, "ipvsadm -R", want{})
	check(t, k, "ipvsadm -S -n", want{stdout: rules})
}

func TestX05CommentsAndLastLine(t *testing.T) {
	k := ipvstest.New()
	checkInput(t, k, "# a comment\n-A -f 1 # another\n-A -f 2", "ipvsadm -R", want{})
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n-A -f 2 -s wlc\n"})
}

func TestX06BadLineChangesNothing(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 9")
	before := len(k.Commands())
	checkInput(t, k, "-A -f 1\n-A -f\n-C\n-h\n", "ipvsadm -R", want{
		stderr: "line 2: -f: missing argument\nline 4: the command -h is not allowed in a rules file\n",
		status: exitUsage,
	})
	for _, c := range k.Commands()[before:] {
		if c != ipvs.CommandGetInfo && c != ipvs.CommandGetService {
			t.Errorf("the kernel was asked to %s", c)
		}
	}
}

func TestX07KernelErrorsNameLine(t *testing.T) {
	k := ipvstest.New()
	checkInput(t, k, "-A -f 1\n-A -f 1\n-D -f 3\n-A -f 2\n", "ipvsadm -R", want{
		stderr: "line 2: Service already exists\nline 3: No such service\n",
		status: exitKernel,
	})
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n-A -f 2 -s wlc\n"})
}

func TestX07ManyErrorsAreCounted(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1")
	var messages strings.Builder
	for i := range rules.MaxReported {
		fmt.Fprintf(&messages, "line %d: Service already exists\n", i+1)
	}
	checkInput(t, k, strings.Repeat("-A -f 1\n", rules.MaxReported), "ipvsadm -R", want{stderr: messages.String(), status: exitKernel})
	messages.WriteString("... and 42 more\n")
	checkInput(t, k, strings.Repeat("-A -f 1\n", rules.MaxReported+42)+"-A -f 2\n", "ipvsadm -R", want{stderr: messages.String(), status: exitKernel})
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n-A -f 2 -s wlc\n"})
}

func TestX08RestoreReadsBeforeChanges(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 9")
	var stderr strings.Builder
	status := run([]string{"/sbin/ipvsadm-restore"}, strings.NewReader("-A -f 1\ntypo\n"), nil, &stderr, fakeHost(k, ""))
	if status != exitUsage {
		t.Errorf("exit status %d, want %d", status, exitUsage)
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 9 -s wlc\n"})
}

// failingWriter fails as a full disk does.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, unix.ENOSPC }

func TestX09FailedWriteIsError(t *testing.T) {
	for _, line := range []string{"-L -n", "-S", "-h", "-v", "-L --timeout", "-L -c -n"} {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -f 1")
		var stderr strings.Builder
		status := run(append([]string{"ipvsadm"}, strings.Fields(line)...), strings.NewReader(""), failingWriter{}, &stderr, fakeHost(k, ""))
		if status != exitList {
			t.Errorf("%s: exit status %d, want %d", line, status, exitList)
		}
		if line != "-L -c -n" && stderr.String() != "ipvsadm: cannot write the output: no space left on device\n" {
			t.Errorf("%s: stderr %q", line, stderr.String())
		}
	}
}

// Listings in rules do not report a failed write each.
func TestX09FailedWriteInRulesIsOneError(t *testing.T) {
	k := ipvstest.New()
	var stderr strings.Builder
	status := run([]string{"ipvsadm", "-R"}, strings.NewReader("-L\n-A -f 1\n-L\n-L\n"), failingWriter{}, &stderr, fakeHost(k, ""))
	if want := "ipvsadm: cannot write the output: no space left on device\n"; stderr.String() != want || status != exitList {
		t.Errorf("status %d, %s", status, stderr.String())
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n"})
}

func TestX10VanishedServiceIsSkipped(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1", "ipvsadm -A -f 2")
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Effect: ipvstest.Before(func() {
		k.SetTable(ipvs.Table{{Service: ipvs.Service{
			ServiceID: ipvs.ServiceID{FWMark: 2}, Scheduler: "wlc",
		}}})
	})})
	check(t, k, "ipvsadm -L -n", want{stdout: emptyTable + "FWM  2 wlc\n"})
}

func TestX10TimeoutAndDaemonErrors(t *testing.T) {
	k := ipvstest.New()
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetConfig, Effect: ipvstest.Refuse(unix.ENOMEM)})
	check(t, k, "ipvsadm -L --timeout", want{stderr: "Memory allocation problem\n", status: exitList})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDaemons, Effect: ipvstest.Refuse(unix.EIO)})
	check(t, k, "ipvsadm -L --daemon", want{stderr: "Input/output error\n", status: exitList})
}

func TestX11Server64BitCounters(t *testing.T) {
	k := ipvstest.New()
	server := netip.MustParseAddrPort("10.0.0.2:80")
	runLines(t, k, "ipvsadm -A -t 10.0.0.1:80", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2")
	k.UpdateDestination(ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")},
		ipvs.DestinationID{AddrPort: server}, func(d *ipvs.Destination) {
			d.Stats = ipvs.Stats{Conns: 1 << 32, InPkts: 5e9, OutPkts: 99_999_999, InBytes: 1e14, OutBytes: 123_456_789_012}
		})
	titles := "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n" +
		"  -> RemoteAddress:Port\n" +
		"TCP  10.0.0.1:80                         0        0        0        0        0\n"
	check(t, k, "ipvsadm -Ln --stats -t 10.0.0.1:80", want{stdout: titles +
		"  -> 10.0.0.2:80                     4294M    5000M 99999999     100T     123G\n"})
	check(t, k, "ipvsadm -LnX --stats -t 10.0.0.1:80", want{stdout: titles +
		"  -> 10.0.0.2:80                  4294967296 5000000000 99999999 100000000000000 123456789012\n"})
}

func TestX12UnknownValuesAreNumbers(t *testing.T) {
	k := ipvstest.New()
	id := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	k.SetTable(ipvs.Table{{
		Service: ipvs.Service{
			ServiceID: id, Scheduler: "mh",
			Flags: ipvs.SchedulerFlag3 | 0x4000_0000,
		},
		Destinations: []ipvs.Destination{
			{DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.2:80")}, Forward: 6, Weight: 1},
			{
				DestinationID: ipvs.DestinationID{AddrPort: netip.MustParseAddrPort("10.0.0.3:80")},
				Forward:       ipvs.Tunnel, TunnelType: 9, TunnelFlags: 0x80, Weight: 1,
			},
		},
	}})
	check(t, k, "ipvsadm -Ln --tun-info -t 10.0.0.1:80", want{stdout: `Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  10.0.0.1:80 mh (flag-3)
  -> 10.0.0.2:80                  6       n/a           1      0          0         
  -> 10.0.0.3:80                  Tunnel  9             1      0          0         
`})
	check(t, k, "ipvsadm -Sn", want{
		stdout: `# TCP 10.0.0.1:80: flags 0x40000000 cannot be saved
-A -t 10.0.0.1:80 -s mh -b flag-3
# 10.0.0.2:80 of TCP 10.0.0.1:80: forwarding method 6 cannot be saved
# -a -t 10.0.0.1:80 -r 10.0.0.2:80 -g -w 1
# 10.0.0.3:80 of TCP 10.0.0.1:80: tunnel type 9 cannot be saved
# 10.0.0.3:80 of TCP 10.0.0.1:80: tunnel flags 0x80 cannot be saved
# -a -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 1 --tun-type 9
`,
		stderr: `ipvsadm: TCP 10.0.0.1:80: flags 0x40000000 cannot be saved
ipvsadm: 10.0.0.2:80 of TCP 10.0.0.1:80: forwarding method 6 cannot be saved
ipvsadm: 10.0.0.3:80 of TCP 10.0.0.1:80: tunnel type 9 cannot be saved
ipvsadm: 10.0.0.3:80 of TCP 10.0.0.1:80: tunnel flags 0x80 cannot be saved
`,
	})
}

func TestX14EmptySchedulerFlags(t *testing.T) {
	check(t, ipvstest.New(), "ipvsadm -A -f 1 -b ,", want{stderr: "invalid scheduler flag `,'\n", status: exitUsage})
}

func TestX15OptionOrder(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k,
		"ipvsadm -A -p -M 64 -t [fd00::1]:80", "ipvsadm -a -r [fd00::2]:80 -t [fd00::1]:80",
		"ipvsadm -A -p -M 255.255.255.0 -u 10.0.0.1:53", "ipvsadm -a -m -r 10.0.0.2:domain -u 10.0.0.1:53")
	check(t, k, "ipvsadm -S -n", want{stdout: `-A -u 10.0.0.1:53 -s wlc -p 360 -M 255.255.255.0
-a -u 10.0.0.1:53 -r 10.0.0.2:53 -m -w 1
-A -t [fd00::1]:80 -s wlc -p 360 -M 64
-a -t [fd00::1]:80 -r [fd00::2]:80 -g -w 1
`})
	check(t, k, "ipvsadm -A -p -M 255.255.255.0 -t [fd00::9]:80", want{stderr: "illegal ipv6 netmask specified\n", status: exitUsage})
}

// Users who can read /proc/net/ip_vs_conn can list connections. If it is missing, the
// error is that of IPVS.
func TestX19ConnectionsWithoutRoot(t *testing.T) {
	root := rootWith(t, listing.ConnectionsPath, connectionTable)
	for _, k := range []*ipvstest.Kernel{ipvstest.New(), unprivileged()} {
		var stdout, stderr strings.Builder
		status := run(strings.Fields("ipvsadm -Lcn --client 192.168.1.0/24 --state udp"), strings.NewReader(""), &stdout, &stderr, fakeHost(k, root))
		if lines := strings.Count(stdout.String(), "\n"); status != exitOK || stderr.Len() > 0 || lines != 3 {
			t.Errorf("status %d, %s%s", status, stdout.String(), stderr.String())
		}
	}
	var stderr strings.Builder
	status := run(strings.Fields("ipvsadm -Lcn"), strings.NewReader(""), &strings.Builder{}, &stderr, fakeHost(unprivileged(), t.TempDir()))
	if status != exitUsage || !strings.HasPrefix(stderr.String(), "Can't initialize ipvs: Permission denied") {
		t.Errorf("status %d, %s", status, stderr.String())
	}
}

// Without root, or without the module, every command but -c fails with the same message.
func TestNoIPVS(t *testing.T) {
	for reason, k := range map[string]*ipvstest.Kernel{
		"Permission denied (you must be root)": unprivileged(),
		"Protocol not available":               unloaded(),
	} {
		for _, line := range []string{"-L", "-q", "-A -q", "-C", "-S", "-A -f 1", "-R"} {
			check(t, k, "ipvsadm "+line, want{
				stderr: "Can't initialize ipvs: " + reason + "\n" +
					"Are you sure that IP Virtual Server is built in the kernel or as module?\n",
				status: exitUsage,
			})
		}
	}
}

// A wrong command line of a command that ipvsadm 1.31 lacks is reported as such, and no module is loaded for it:
// --diagnose is for real servers too.
func TestNewCommandsAreCheckedWithoutIPVS(t *testing.T) {
	for line, message := range map[string]string{
		"--diagnose real-server":           "--diagnose real-server needs a service with an address: -t, -u or --sctp-service VIP:PORT",
		"--netns blue --diagnose -c":       "Illegal 'connection' option with the 'diagnose' command",
		"--drain":                          "You need to supply the 'real-server' option for the 'drain' command",
		"--ramp -r 10.0.0.2 -w 1":          "You need to supply the 'service-address' option for the 'ramp' command",
		"--sysctl --output prometheus":     "invalid output format `prometheus' specified for 'sysctl'; it must be one of table, json",
		"--list-netns --output prometheus": "invalid output format `prometheus' specified for 'list-netns'; it must be one of table, json",
		"--monitor -c":                     "Illegal 'connection' option with the 'monitor' command",
	} {
		h := fakeHost(unloaded(), "")
		h.loadModule = func() bool { t.Errorf("%s loads the module", line); return false }
		var stdout, stderr strings.Builder
		status := run(strings.Fields("ipvsadm "+line), strings.NewReader(""), &stdout, &stderr, h)
		if stdout.String() != "" || stderr.String() != message+"\n" || status != exitUsage {
			t.Errorf("%s: status %d, stdout %q, stderr %q", line, status, stdout.String(), stderr.String())
		}
	}
}

func unprivileged() *ipvstest.Kernel {
	k := ipvstest.New()
	k.SetPrivileged(false)
	return k
}

func unloaded() *ipvstest.Kernel {
	k := ipvstest.New()
	k.SetLoaded(false)
	return k
}

func TestRestoreRejectsMalformedInput(t *testing.T) {
	for name, stdin := range map[string]string{
		"one endless line": strings.Repeat("-A ", 1<<20),
		"a NUL byte":       "-A -f 1\x00\n",
		"invalid UTF-8":    "-A -t \xff\xfe:80\n",
		"a word of 100 kB": "-A -s " + strings.Repeat("x", 50_000) + " -f " + strings.Repeat("1", 50_000) + "\n",
	} {
		k := ipvstest.New()
		stdout, stderr, status := runFake(k, stdin, "-R")
		if stdout != "" || status != exitUsage || !strings.HasPrefix(stderr, "line 1: ") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: status %d, stdout %q, stderr %.200q", name, status, stdout, stderr)
		}
	}
}

func TestLongArguments(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, words := range [][]string{
		{long}, {"-" + long}, {"--" + long}, {"-A", "-t", long}, {"-A", "-t", "10.0.0.1:" + long},
		{"-A", "-f", strings.Repeat("9", 100_000)}, {"-A", "-f", "1", "-b", long}, {"-L", "-" + strings.Repeat("n", 100_000)},
		{"--set", long, "1", "1"}, {"-A", "-t", "[" + long + "]:80"}, {"-A", "-f", "1", "-M", long},
	} {
		if _, stderr, status := runFake(ipvstest.New(), "", words...); status == 0 || stderr == "" {
			t.Errorf("%.40q: status %d, stderr %.80q", words, status, stderr)
		}
	}
}

// errReader fails as a directory or a broken disk does.
type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("is a directory") }

func TestRestoreReadError(t *testing.T) {
	k := ipvstest.New()
	var stderr strings.Builder
	status := run([]string{"ipvsadm-restore"}, errReader{}, os.Stdout, &stderr, fakeHost(k, ""))
	if status != exitUsage || stderr.String() != "line 1: is a directory\n" {
		t.Errorf("status %d, stderr %q", status, stderr.String())
	}
}
