package main

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

// These tests show, row by row, where we differ from the original on purpose.
// The differential suite of the lab shows that we differ nowhere else.

const emptyTable = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`

func TestX01HelpAndVersionNeedNeitherRootNorModule(t *testing.T) {
	k := ipvstest.New()
	k.SetLoaded(false)
	k.SetPrivileged(false)
	line := "ipvsadm v1.31+go" + Version + " " + Date + " (compiled with pflag and IPVS v1.2.1)\n"
	check(t, k, "ipvsadm -v", want{stdout: line})
	check(t, k, "ipvsadm --version foo -z", want{stdout: line})
	check(t, k, "ipvsadm -h", want{stdout: line + usage})
	check(t, k, "ipvsadm --help -A", want{stdout: line + usage})
	check(t, k, "ipvsadm -L -h", want{
		stderr: "Can't initialize ipvs: Protocol not available\n" +
			"Are you sure that IP Virtual Server is built in the kernel or as module?\n",
		status: exitUsage,
	})
}

func TestX02FirewallMarksAreUnsigned(t *testing.T) {
	k := ipvstest.New()
	check(t, k, "ipvsadm -A -f 4294967295", want{})
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 4294967295 -s wlc\n"})
	check(t, k, "ipvsadm -L", want{stdout: emptyTable + "FWM  4294967295 wlc\n"})
}

func TestX03OrderIsAscending(t *testing.T) {
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

func TestX05CommentsAndTheLastLine(t *testing.T) {
	k := ipvstest.New()
	checkInput(t, k, "# a comment\n-A -f 1 # another\n-A -f 2", "ipvsadm -R", want{})
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n-A -f 2 -s wlc\n"})
}

func TestX06ABadStreamChangesNothing(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 9")
	before := len(k.Commands())
	checkInput(t, k, "-A -f 1\n-A -f\n-C\n-h\n", "ipvsadm -R", want{
		stderr: "line 2: -f: missing argument\nline 4: the command -h has no place in rules\n",
		status: exitUsage,
	})
	for _, c := range k.Commands()[before:] {
		if c != ipvs.CommandGetInfo && c != ipvs.CommandGetService {
			t.Errorf("the kernel was asked to %s", c)
		}
	}
}

func TestX07KernelErrorsOfAStreamNameTheirLine(t *testing.T) {
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
	for i := range maxComplaints {
		fmt.Fprintf(&messages, "line %d: Service already exists\n", i+1)
	}
	checkInput(t, k, strings.Repeat("-A -f 1\n", maxComplaints), "ipvsadm -R", want{stderr: messages.String(), status: exitKernel})
	messages.WriteString("... and 42 more\n")
	checkInput(t, k, strings.Repeat("-A -f 1\n", maxComplaints+42)+"-A -f 2\n", "ipvsadm -R", want{stderr: messages.String(), status: exitKernel})
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n-A -f 2 -s wlc\n"})
}

func TestX08RestoreReadsTheWholeFileFirst(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 9")
	var stderr strings.Builder
	status := run([]string{"/sbin/ipvsadm-restore"}, strings.NewReader("-A -f 1\ntypo\n"), nil, &stderr, fakeMachine(k, ""))
	if status != exitUsage {
		t.Errorf("exit status %d, want %d", status, exitUsage)
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 9 -s wlc\n"})
}

// failingWriter is a full disk or a closed pipe.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, unix.ENOSPC }

func TestX09AFailedWriteIsAnError(t *testing.T) {
	for _, line := range []string{"-L -n", "-S", "-h", "-v", "-L --timeout", "-L -c -n"} {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -f 1")
		var stderr strings.Builder
		status := run(append([]string{"ipvsadm"}, strings.Fields(line)...), strings.NewReader(""), failingWriter{}, &stderr, fakeMachine(k, ""))
		if status != exitList {
			t.Errorf("%s: exit status %d, want %d", line, status, exitList)
		}
		if line != "-L -c -n" && stderr.String() != "ipvsadm: cannot write the output: no space left on device\n" {
			t.Errorf("%s: stderr %q", line, stderr.String())
		}
	}
}

// Nor is it an error of each line among rules.
func TestX09AFailedWriteAmongRulesIsAnErrorOnce(t *testing.T) {
	k := ipvstest.New()
	var stderr strings.Builder
	status := run([]string{"ipvsadm", "-R"}, strings.NewReader("-L\n-A -f 1\n-L\n-L\n"), failingWriter{}, &stderr, fakeMachine(k, ""))
	if want := "ipvsadm: cannot write the output: no space left on device\n"; stderr.String() != want || status != exitList {
		t.Errorf("status %d, %s", status, stderr.String())
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n"})
}

func TestX10AVanishedServiceIsSkipped(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1", "ipvsadm -A -f 2")
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDestinations, Effect: ipvstest.Before(func() {
		k.SetTable(ipvs.Table{{Service: ipvs.Service{
			ServiceID: ipvs.ServiceID{FWMark: 2}, Scheduler: "wlc", Netmask: math.MaxUint32,
		}}})
	})})
	check(t, k, "ipvsadm -L -n", want{stdout: emptyTable + "FWM  2 wlc\n"})
}

func TestX10ErrorsOfTimeoutAndDaemonAreShown(t *testing.T) {
	k := ipvstest.New()
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetConfig, Effect: ipvstest.Refuse(unix.ENOMEM)})
	check(t, k, "ipvsadm -L --timeout", want{stderr: "Memory allocation problem\n", status: exitList})
	k.Inject(ipvstest.Fault{Command: ipvs.CommandGetDaemons, Effect: ipvstest.Refuse(unix.EIO)})
	check(t, k, "ipvsadm -L --daemon", want{stderr: "Input/output error\n", status: exitList})
}

func TestX11ServersHave64BitCounters(t *testing.T) {
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

func TestX12NamelessFlagsAreNumbers(t *testing.T) {
	k := ipvstest.New()
	id := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	k.SetTable(ipvs.Table{{
		Service: ipvs.Service{
			ServiceID: id, Scheduler: "mh", Netmask: math.MaxUint32,
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

func TestX13BracketsKeepThePortAndNamesMayBeIPv6(t *testing.T) {
	end, err := parseEndpoint("[10.0.0.1]:80", ipvs.TCP)
	if err != nil || end.AddrPort() != netip.MustParseAddrPort("10.0.0.1:80") {
		t.Errorf("[10.0.0.1]:80 is %v, %v", end.AddrPort(), err)
	}
	answeringDNS(t, map[string][]string{"six.test.": {"fd00::6"}, "both.test.": {"fd00::4", "10.0.0.4"}})
	for name, want := range map[string]string{"six.test:http": "[fd00::6]:80", "both.test:8080": "10.0.0.4:8080", "[both.test]:8080": "[fd00::4]:8080"} {
		end, err := parseEndpoint(name, ipvs.TCP)
		if err != nil || end.AddrPort() != netip.MustParseAddrPort(want) {
			t.Errorf("%s is %v, %v", name, end.AddrPort(), err)
		}
	}
}

func TestX14AnEmptyListOfSchedulerFlagsIsAnError(t *testing.T) {
	check(t, ipvstest.New(), "ipvsadm -A -f 1 -b ,", want{stderr: "invalid scheduler flag `,'\n", status: exitUsage})
}

func TestX15OrderOfOptionsDoesNotMatter(t *testing.T) {
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

// A resolver that never answers must not hold up a listing for longer than it
// may take, however many addresses there are. The time is synctest's, so that
// a busy machine makes no difference.
func TestX16NamesTakeTheirTimeOnce(t *testing.T) {
	silentDNS(t)
	addrs := make([]netip.Addr, 600)
	for i := range addrs {
		addrs[i] = netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
	}
	addrs = append(addrs, addrs...)
	addrs = append(addrs, netip.MustParseAddr("127.0.0.1"))
	synctest.Test(t, func(t *testing.T) {
		n := newNames()
		start := time.Now()
		n.lookUp(addrs)
		if took := time.Since(start); took != lookUpTime {
			t.Errorf("took %v, not %v", took, lookUpTime)
		}
		if name, _ := n.Host(netip.MustParseAddr("127.0.0.1")); name != "localhost" {
			t.Errorf("127.0.0.1 is %q", name)
		}
		if name, ok := n.Host(addrs[0]); ok {
			t.Errorf("%s is %q", addrs[0], name)
		}
	})
}

// Who may read the file may list it. Without it, the refusal of IPVS is the reason.
func TestX19ConnectionsAreListedWithoutRoot(t *testing.T) {
	root := rootWith(t, ipvs.ConnEntriesPath, connectionTable)
	for _, k := range []*ipvstest.Kernel{ipvstest.New(), unprivileged()} {
		var stdout, stderr strings.Builder
		status := run(strings.Fields("ipvsadm -Lcn --client 192.168.1.0/24 --state udp"), strings.NewReader(""), &stdout, &stderr, fakeMachine(k, root))
		if lines := strings.Count(stdout.String(), "\n"); status != exitOK || stderr.Len() > 0 || lines != 3 {
			t.Errorf("status %d, %s%s", status, stdout.String(), stderr.String())
		}
	}
	var stderr strings.Builder
	status := run(strings.Fields("ipvsadm -Lcn"), strings.NewReader(""), &strings.Builder{}, &stderr, fakeMachine(unprivileged(), t.TempDir()))
	if status != exitUsage || !strings.HasPrefix(stderr.String(), "Can't initialize ipvs: Permission denied") {
		t.Errorf("status %d, %s", status, stderr.String())
	}
}

// Without root, or without the module, every command but -c ends the same way.
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

func TestRulesThatCannotBeRead(t *testing.T) {
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

func TestArgumentsOf100kB(t *testing.T) {
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

func TestUnreadableRules(t *testing.T) {
	k := ipvstest.New()
	var stderr strings.Builder
	status := run([]string{"ipvsadm-restore"}, errReader{}, os.Stdout, &stderr, fakeMachine(k, ""))
	if status != exitUsage || stderr.String() != "line 1: is a directory\n" {
		t.Errorf("status %d, stderr %q", status, stderr.String())
	}
}
