// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

// hinted is a command line that fails, and what it prints.
type hinted struct {
	line    string
	message string
	hint    string // below the message, on a terminal only; empty for none
	status  int
}

// check runs the command line on a kernel with services 10.0.0.1:80 and [fd00::1]:443,
// once without a terminal and once on one.
func (h hinted) check(t *testing.T, prepare func(*ipvstest.Kernel)) {
	t.Helper()
	for _, kind := range []func(*testing.T) (io.Writer, func() string){toBuilder, toTerminal} {
		k := ipvstest.New()
		runLines(t, k,
			"ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m",
			"ipvsadm -A -t [fd00::1]:443 -s rr", "ipvsadm -a -t [fd00::1]:443 -r fd00::2",
			"ipvsadm --start-daemon master --mcast-interface lo")
		if prepare != nil {
			prepare(k)
		}
		stderr, said := kind(t)
		status := run(strings.Fields(h.line), strings.NewReader(""), io.Discard, stderr, fakeHost(k, t.TempDir()))
		want := h.message + "\n"
		if _, terminal := stderr.(*os.File); terminal && h.hint != "" {
			want += "hint: " + h.hint + "\n"
		}
		if got := said(); got != want || status != h.status {
			t.Errorf("%s to a %T\n got status %d, %q\nwant status %d, %q", h.line, stderr, status, got, h.status, want)
		}
	}
}

func TestHintsForRefusedChanges(t *testing.T) {
	for _, test := range []hinted{
		{"ipvsadm -A -t 10.0.0.1:80 -s wrr -p 300", "Service already exists", "it exists; edit its settings as they are now: ipvsadm -E -t 10.0.0.1:80 -s rr", exitKernel},
		{"ipvsadm -A -t [fd00::1]:443", "Service already exists", "it exists; edit its settings as they are now: ipvsadm -E -t '[fd00::1]:443' -s rr", exitKernel},
		{"ipvsadm -E -t 10.0.0.9:80 -s wrrr", "No such service", "-A adds it; did you mean wrr?", exitKernel},
		{
			"ipvsadm -E -t 10.0.0.9:80 -s roundrobin", "No such service",
			"-A adds it; the schedulers are rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos", exitKernel,
		},
		{"ipvsadm -E -t 10.0.0.9:80 -s rr -p --pe spi", "No such service", "-A adds it; the persistence engine is sip", exitKernel},
		{"ipvsadm -E -t 10.0.0.9:80 -s rr", "No such service", "add it: ipvsadm -A -t 10.0.0.9:80 -s rr", exitKernel},
		{"ipvsadm -D -t 10.0.0.9:80", "No such service", "ipvsadm -Ln lists the services", exitKernel},
		{"ipvsadm -Z -t 10.0.0.9:80", "No such service", "ipvsadm -Ln lists the services", exitKernel},
		{"ipvsadm -Ln -t 10.0.0.9:80", "No such service", "ipvsadm -Ln lists the services", exitList},

		{"ipvsadm -a -t 10.0.0.9:80 -r 10.0.0.2", "Service not defined", "add the service first: ipvsadm -A -t 10.0.0.9:80 -s wlc", exitKernel},
		{"ipvsadm -a -t [fd00::9]:80 -r fd00::2", "Service not defined", "add the service first: ipvsadm -A -t '[fd00::9]:80' -s wlc", exitKernel},
		{"ipvsadm -a -t 10.0.0.9 -r 10.0.0.2", "Service not defined", "add the service first: ipvsadm -A -t 10.0.0.9:0 -s wlc -p 360", exitKernel},
		{"ipvsadm -a -f 7 -6 -r fd00::2", "Service not defined", "add the service first: ipvsadm -A -f 7 -6 -s wlc", exitKernel},
		{"ipvsadm -e -t 10.0.0.9:80 -r 10.0.0.2", "Service not defined", "add the service first: ipvsadm -A -t 10.0.0.9:80 -s wlc", exitKernel},
		{"ipvsadm -d -t 10.0.0.9:80 -r 10.0.0.2", "Service not defined", "ipvsadm -Ln lists the services", exitKernel},
		{
			"ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 3", "Destination already exists",
			"it exists; edit its settings as they are now: ipvsadm -e -t 10.0.0.1:80 -r 10.0.0.2:8080 -m -w 1", exitKernel,
		},
		{
			"ipvsadm -e -t 10.0.0.1:80 -r 10.0.0.3 -w 0", "No such destination",
			"add it: ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3:80 -g -w 0", exitKernel,
		},
		{"ipvsadm -d -t 10.0.0.1:80 -r 10.0.0.2", "No such destination", "ipvsadm -Ln -t 10.0.0.1:80 lists the servers with their ports", exitKernel},
		{
			"ipvsadm -d -t [fd00::1]:443 -r fd00::3", "No such destination",
			"ipvsadm -Ln -t '[fd00::1]:443' lists the servers with their ports", exitKernel,
		},
		{
			"ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3 -x 10 -y 20", "Numerical result out of range",
			"the lower threshold, -y 20, is above the upper one, -x 10", exitKernel,
		},

		{"ipvsadm -A -f 1 -s wrrr", "Scheduler or persistence engine not found", "did you mean wrr? wrrr needs the module ip_vs_wrrr, which the kernel lacks", exitKernel},
		{
			"ipvsadm -A -f 1 -s roundrobin", "Scheduler or persistence engine not found",
			"the schedulers are rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos; roundrobin needs the module ip_vs_roundrobin, which the kernel lacks", exitKernel,
		},
		{"ipvsadm -A -f 1 -s WRR", "Scheduler or persistence engine not found", "did you mean wrr? WRR needs the module ip_vs_WRR, which the kernel lacks", exitKernel},
		{"ipvsadm -E -t 10.0.0.9:80 -s WRR", "No such service", "-A adds it; did you mean wrr?", exitKernel},
		{"ipvsadm -A -f 1 -s rr;", "Scheduler or persistence engine not found", "did you mean rr?", exitKernel},
		{
			"ipvsadm -A -f 1 -s ../../rr", "Scheduler or persistence engine not found",
			"the schedulers are rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf twos", exitKernel,
		},
		{"ipvsadm -A -f 1 -p --pe s;p", "Scheduler or persistence engine not found", "the persistence engine is sip", exitKernel},
		{"ipvsadm -A -f 1 -s sed", "Scheduler or persistence engine not found", `the kernel lacks the module; "modprobe ip_vs_sed" says why`, exitKernel},
		{"ipvsadm -E -t 10.0.0.1:80 -s sed", "Scheduler or persistence engine not found", `the kernel lacks the module; "modprobe ip_vs_sed" says why`, exitKernel},
		{"ipvsadm -A -f 1 -p --pe spi", "Scheduler or persistence engine not found", "the persistence engine is sip; spi needs the module ip_vs_pe_spi, which the kernel lacks", exitKernel},

		{"ipvsadm --start-daemon master --mcast-interface lo", "Daemon has already run", "stop it first: ipvsadm --stop-daemon master", exitKernel},
		{"ipvsadm --stop-daemon backup", "No daemon is running", "ipvsadm -L --daemon lists the daemons", exitKernel},
		{
			"ipvsadm --start-daemon backup --mcast-interface eth9", "No such device",
			"there is no interface eth9; name one with --mcast-interface", exitKernel,
		},
	} {
		test.check(t, func(k *ipvstest.Kernel) { k.SetScheduler("sed", false) })
	}
}

// A hint to edit something shows all settings that it has now.
func TestHintsToEdit(t *testing.T) {
	const edit = "it exists; edit its settings as they are now: "
	runFirst := func(lines ...string) func(*ipvstest.Kernel) {
		return func(k *ipvstest.Kernel) { runLines(t, k, lines...) }
	}
	hinted{"ipvsadm -A -t 10.0.0.3:80", "Service already exists", edit + "ipvsadm -E -t 10.0.0.3:80 -s wrr -p 300 -M 255.255.255.0", exitKernel}.
		check(t, runFirst("ipvsadm -A -t 10.0.0.3:80 -s wrr -p 300 -M 255.255.255.0"))
	hinted{"ipvsadm -A -f 7 -s nosuch", "Service already exists", edit + "ipvsadm -E -f 7 -s sh -b sh-port", exitKernel}.
		check(t, runFirst("ipvsadm -A -f 7 -s sh -b sh-port"))
	hinted{"ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3", "Destination already exists", edit + "ipvsadm -e -t 10.0.0.1:80 -r 10.0.0.3:80 -i -w 0 -x 9 -y 3 --tun-type gue --tun-port 5555 --tun-nocsum", exitKernel}.
		check(t, runFirst("ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3 -i -w 0 -x 9 -y 3 --tun-type gue --tun-port 5555"))
}

// What cannot be read, or has settings without an option, is only named.
func TestHintsToListWhatExists(t *testing.T) {
	id := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: netip.MustParseAddrPort("10.0.0.1:80")}
	unknownFlag := func(k *ipvstest.Kernel) {
		k.UpdateService(id, func(s *ipvs.Service) { s.Flags |= 0x1000 })
	}
	hinted{"ipvsadm -A -t 10.0.0.1:80", "Service already exists", "it exists; ipvsadm -Ln -t 10.0.0.1:80 lists it", exitKernel}.check(t, unknownFlag)
	unreadable := func(k *ipvstest.Kernel) {
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetService, Effect: ipvstest.Refuse(unix.ENOMEM)})
	}
	hinted{"ipvsadm -A -t 10.0.0.1:80", "Service already exists", "it exists; ipvsadm -Ln -t 10.0.0.1:80 lists it", exitKernel}.check(t, unreadable)
	hinted{"ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2:8080 -m", "Destination already exists", "it exists; ipvsadm -Ln -t 10.0.0.1:80 lists it", exitKernel}.check(t, unreadable)
}

func TestHintsForWrongCommandLines(t *testing.T) {
	const try = "Try `ipvsadm -h' or 'ipvsadm --help' for more information."
	for _, test := range []hinted{
		{"ipvsadm list", try, "did you mean --list?", exitKernel},
		{"ipvsadm help", try, "did you mean --help?", exitKernel},
		{"ipvsadm -Q", try, "-Q is not a command; the command comes first, such as -L, -A or -a", exitKernel},
		{"ipvsadm -c", try, "options come after a command: ipvsadm -Lc", exitKernel},
		{"ipvsadm -z", try, "-z is not a command; the command comes first, such as -L, -A or -a", exitKernel},
		{"ipvsadm --stats", try, "options come after a command: ipvsadm -L --stats", exitKernel},
		{"ipvsadm --json -A -t 10.0.0.1:81", try, "the command comes first: ipvsadm -A ...", exitKernel},
		{"ipvsadm -A 10.0.0.1:81", "unexpected argument 10.0.0.1:81", "a service needs its protocol: -t 10.0.0.1:81, -u or --sctp-service", exitUsage},
		{"ipvsadm -A -t", "-t: missing argument", "name the service: -t, -u or --sctp-service HOST:PORT, or -f MARK", exitKernel},
		{"ipvsadm -L --ouput json", "--ouput: unknown option", "did you mean --output?", exitKernel},
		{"ipvsadm -L -q", "-q: unknown option", "", exitKernel},
		{"ipvsadm -A -t 10.0.0.1:99999", "illegal virtual server address[:port] specified", "the port 99999 is not in the range 0 to 65535", exitUsage},
		{
			"ipvsadm -A -t nosuch.invalid:80", "illegal virtual server address[:port] specified",
			`the name "nosuch.invalid" has no address in /etc/hosts or the DNS`, exitUsage,
		},
		{
			"ipvsadm -A -t fd00:1:2:3:4:5:6:7:8443", "illegal virtual server address[:port] specified",
			"an IPv6 address with a port needs brackets: '[fd00:1:2:3:4:5:6:7]:8443'", exitUsage,
		},
		{
			"ipvsadm -a -t 10.0.0.1:80 -r fd00::2", "Different address family is allowed only for tunneling servers",
			"the service is IPv4 and the server IPv6; give -i, or addresses of one family", exitUsage,
		},
		{"ipvsadm-save --al", strings.TrimSuffix(cmdline.SaveUsage, "\n"), "did you mean --all?", exitList},
		{"ipvsadm-save -x", strings.TrimSuffix(cmdline.SaveUsage, "\n"), "", exitList},
		{"ipvsadm-save --output", strings.TrimSuffix(cmdline.SaveUsage, "\n"), "name the file: --output FILE", exitList},
		{"ipvsadm-boot relaod", strings.TrimSuffix(cmdline.BootUsage, "\n"), "did you mean reload?", lsbUsage},
		{"ipvsadm-boot now", strings.TrimSuffix(cmdline.BootUsage, "\n"), "", lsbUsage},
		{"ipvsadm-boot", strings.TrimSuffix(cmdline.BootUsage, "\n"), "", lsbUsage},
		{"ipvsadm-restore --dryrun", "unknown option --dryrun; try 'ipvsadm-restore --help'", "did you mean --dry-run?", exitUsage},
	} {
		test.check(t, nil)
	}
}

const areYouSure = "\nAre you sure that IP Virtual Server is built in the kernel or as module?"

func TestHintsWithoutIPVS(t *testing.T) {
	modprobe := `"modprobe ip_vs" says why the module is not loaded; in a container, run it on the host`
	for _, line := range []string{"ipvsadm -Ln", "ipvsadm -A -f 1", "ipvsadm -Q", "ipvsadm -Ln --json", "ipvsadm-save", "ipvsadm-restore"} {
		hinted{line, "Can't initialize ipvs: Protocol not available" + areYouSure, modprobe, exitUsage}.
			check(t, func(k *ipvstest.Kernel) { k.SetLoaded(false) })
	}
}

func TestHintsWithoutPrivilege(t *testing.T) {
	const root = "IPVS needs the capability CAP_NET_ADMIN, which root may lack in a container"
	const list = root + "; without it, ipvsadm -L --output table shows a part"
	for line, hint := range map[string]string{
		"ipvsadm -Ln": list, "ipvsadm list": root, "ipvsadm -L --stats": root, "ipvsadm -L --timeout": root,
		"ipvsadm -A -f 1": root, "ipvsadm-save": root, "ipvsadm-restore": root,
	} {
		hinted{line, "Can't initialize ipvs: Permission denied (you must be root)" + areYouSure, hint, exitUsage}.
			check(t, func(k *ipvstest.Kernel) { k.SetPrivileged(false) })
	}
}

// Lines that the kernel refuses have the hints of single commands, each only once.
func TestHintsForRefusedRules(t *testing.T) {
	const (
		service = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2 -m -w 1\n"
		add     = "hint: add the service first: ipvsadm -A -t 10.0.0.9:80 -s wlc\n"
		scheds  = "hint: did you mean wrr? wrrr needs the module ip_vs_wrrr, which the kernel lacks\n"
		missing = "-a -t 10.0.0.9:80 -r 10.0.0.2\n"
		module  = "-A -f 1 -s wrrr\n"
		before  = "hint: add the line -A -t 10.0.0.9:80 -s wlc before it\n"
		undone  = "-a -t 10.0.0.9:80 -r 10.0.0.2\n-e -f 7 -r 10.0.0.2\n-a -t 10.0.0.9:80 -r 10.0.0.3\n-A -t 10.0.0.9:80\n-A -f 7\n-e -f 7 -r 10.0.0.2\n-a -f 7 -r 10.0.0.2\n-E -f 8\n-D -f 7\n-a -f 7 -r 10.0.0.4\n"
		moves   = "line 1: Service not defined\nhint: line 4 adds it: move it above line 1\n" +
			"line 2: Service not defined\nhint: line 5 adds it: move it above line 2\nline 3: Service not defined\n" +
			"line 6: No such destination\nhint: line 7 adds it: move it above line 6\nline 8: No such service\n"
		noneAdds = "hint: no line adds it; give -A instead of -E\nline 10: Service not defined\nhint: add the line -A -f 7 -s wlc before it\n"
	)
	for _, test := range []struct{ command, rules, want string }{
		{
			"ipvsadm -R", missing + module + missing + "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.2\n-D -f 9\n",
			"line 1: Service not defined\n" + add + "line 2: Scheduler or persistence engine not found\n" + scheds + "line 3: Service not defined\n" +
				"line 4: Service already exists\nhint: it exists; edit its settings as they are now: ipvsadm -E -t 10.0.0.1:80 -s rr\n" +
				"line 5: Destination already exists\nhint: it exists; edit its settings as they are now: ipvsadm -e -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 1\n" +
				"line 6: No such service\nhint: ipvsadm -Ln lists the services\n",
		},
		{
			"ipvsadm-restore", service + missing + module + missing + "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.0.0.2\n-D -f 9\n-d -t 10.0.0.1:80 -r 10.0.0.4\n",
			"line 3: Service not defined\n" + before + "line 5: Service not defined\n" +
				"line 6: Service already exists\nhint: line 1 gives it other settings; keep one of the two lines\n" +
				"line 7: Destination already exists\nhint: line 2 gives it other settings; keep one of the two lines\n" +
				"line 8: No such service\nhint: no earlier line adds it\nline 9: No such destination\n" +
				"line 4: Scheduler or persistence engine not found\n" + scheds,
		},
		{"ipvsadm-restore --check", service + missing, "line 3: Service not defined\n" + before},
		{"ipvsadm-restore --clear", service + missing, "line 3: Service not defined\n" + before},
		{"ipvsadm-restore", undone, moves + noneAdds},
		{"ipvsadm-restore --check", undone, moves + noneAdds},
		{"ipvsadm-restore --clear", undone, moves + noneAdds},
		{
			"ipvsadm -R", undone, moves + "hint: add it: ipvsadm -A -f 8 -s wlc\n" +
				"line 10: Service not defined\nhint: add the service first: ipvsadm -A -f 7 -s wlc\n",
		},
		{
			"ipvsadm-restore", "-A -f 7\n-e -f 7 -r 10.0.0.2\n",
			"line 2: No such destination\nhint: no line adds it; give -a instead of -e\n",
		},
	} {
		for _, kind := range []func(*testing.T) (io.Writer, func() string){toBuilder, toTerminal} {
			k := ipvstest.New()
			runLines(t, k, "ipvsadm -A -t 10.0.0.1:80 -s rr", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -m")
			stderr, said := kind(t)
			status := run(strings.Fields(test.command), strings.NewReader(test.rules), io.Discard, stderr, fakeHost(k, ""))
			want := test.want
			if _, terminal := stderr.(*os.File); !terminal {
				want = regexp.MustCompile("(?m)^hint: .*\n").ReplaceAllString(want, "")
			}
			if got := said(); got != want || status != exitKernel {
				t.Errorf("%s to a %T: status %d\n got %s\nwant %s", test.command, stderr, status, got, want)
			}
		}
	}
}

// A hint for a line of rules is not repeated below the next line.
func TestHintsForRules(t *testing.T) {
	const rules = "-A -t nosuch.invalid:80\n-a -t nosuch.invalid:80 -r 10.0.0.2\n-A -t 10.0.0.1:80 -s\n-A -t 10.0.0.1:99999\n"
	const message = "illegal virtual server address[:port] specified\n"
	for _, command := range []string{"ipvsadm -R", "ipvsadm-restore", "ipvsadm-restore --check"} {
		for _, kind := range []func(*testing.T) (io.Writer, func() string){toBuilder, toTerminal} {
			stderr, said := kind(t)
			status := run(strings.Fields(command), strings.NewReader(rules), io.Discard, stderr, fakeHost(ipvstest.New(), ""))
			name, port := "", ""
			if _, terminal := stderr.(*os.File); terminal {
				name = "hint: the name \"nosuch.invalid\" has no address in /etc/hosts or the DNS\n"
				port = "hint: the port 99999 is not in the range 0 to 65535\n"
			}
			want := "line 1: " + message + name + "line 2: " + message + "line 3: -s: missing argument\nline 4: " + message + port
			if got := said(); got != want || status != exitUsage {
				t.Errorf("%s to a %T: status %d\n got %s\nwant %s", command, stderr, status, got, want)
			}
		}
	}
}
