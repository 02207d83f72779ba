// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose/diagnosetest"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// diagnosed runs --diagnose on a machine with facts.
func diagnosed(t *testing.T, facts string, words ...string) want {
	t.Helper()
	h := fakeHost(ipvstest.New(), "")
	h.facts = func(string, *ipvs.Client) (diagnose.Facts, func()) { return diagnosetest.New(t, facts), func() {} }
	var stdout, stderr strings.Builder
	status := run(append([]string{"ipvsadm", "--diagnose"}, words...), strings.NewReader(""), &stdout, &stderr, h)
	return want{stdout.String(), stderr.String(), status}
}

func checkDiagnosis(t *testing.T, facts string, w want, words ...string) {
	t.Helper()
	if got := diagnosed(t, facts, words...); got != w {
		t.Errorf("--diagnose %q\n got %s\nwant %s", words, got, w)
	}
}

// noAddress is a director without the address of its service.
const noAddress = `
	address 10.0.0.254/24 eth0
	route default via 10.0.0.253 eth0
	-A -t 10.0.0.1:80 -s rr
	-a -t 10.0.0.1:80 -r 10.0.0.11 -g
	-a -t 10.0.0.1:80 -r 10.0.0.12 -g
	-A -t 10.0.0.254:443 -s rr
	-a -t 10.0.0.254:443 -r 10.0.0.11 -g
`

func TestDiagnosisOfDirector(t *testing.T) {
	got := diagnosed(t, noAddress)
	if got.status != exitFaults || got.stderr != "" {
		t.Errorf("status %d, %s", got.status, got.stderr)
	}
	const head = `Director with 2 services, 3 servers; Linux 6.1.0-56-amd64

FAULT    vip-missing     TCP 10.0.0.1:80
  No interface has 10.0.0.1, and no local route.
  Clients see a timeout or "no route to host": packets to the address never reach IPVS.
  Mend: Add the address; keepalived or the network configuration of the system does that at boot.
    ip address add 10.0.0.1/32 dev eth0

Not checked: who answers ARP requests for the addresses (--probe).

On the real servers, to which this program can be copied:
  10.0.0.11, 10.0.0.12:
    ipvsadm --diagnose real-server -t 10.0.0.1:80 -g --director 10.0.0.254
  10.0.0.11:
    ipvsadm --diagnose real-server -t 10.0.0.254:443 -g --director 10.0.0.254

1 fault; `
	if tail, ok := strings.CutPrefix(got.stdout, head); !ok || !strings.HasSuffix(tail, " checks passed\n") {
		t.Errorf("got\n%s", got.stdout)
	}
}

func TestReadmeShowsDiagnosis(t *testing.T) {
	shown := diagnosed(t, noAddress, "-t", "10.0.0.1:80").stdout
	example := "    # ipvsadm --diagnose\n"
	for line := range strings.Lines(shown) {
		example += strings.TrimRight("    "+strings.TrimSuffix(line, "\n"), " ") + "\n"
	}
	if !strings.Contains(readFile(t, "../../README.md"), "\n"+example) {
		t.Errorf("README.md does not have\n%s", example)
	}
}

func TestDiagnosisOfOneService(t *testing.T) {
	if got := diagnosed(t, noAddress, "-t", "10.0.0.254:443"); got.status != exitOK || !strings.HasPrefix(got.stdout, "Director with 1 service, 1 server;") {
		t.Errorf("got %s", got)
	}
	checkDiagnosis(t, noAddress, want{stderr: "No such service\n", status: exitKernel}, "-t", "10.0.0.9:80")
}

// Only with --probe other machines are asked.
func TestDiagnosisProbes(t *testing.T) {
	facts := noAddress + "address 10.0.0.1/32 eth0\nanswer 10.0.0.1 eth0 02:00:00:00:00:12\n"
	const asked = "who answers ARP requests"
	if got := diagnosed(t, facts); got.status != exitOK || !strings.Contains(got.stdout, asked) {
		t.Errorf("without --probe got %s", got)
	}
	got := diagnosed(t, facts, "--probe")
	if got.status != exitFaults || !strings.Contains(got.stdout, "\nFAULT    vip-elsewhere   TCP 10.0.0.1:80\n") || strings.Contains(got.stdout, asked) {
		t.Errorf("with --probe got %s", got)
	}
}

func TestProbeIsForDirectors(t *testing.T) {
	for words, message := range map[string]string{
		"real-server -t 10.0.0.1:80 -g --probe": "The option 'probe' is for a director, not for --diagnose real-server",
		"--rules - --probe":                     "The option 'probe' conflicts with the 'rules' option",
	} {
		if got := diagnosed(t, "", strings.Fields(words)...); got.status != exitUsage || !strings.HasPrefix(got.stderr, message+"\n") {
			t.Errorf("%s: got %s, want %s", words, got, message)
		}
	}
}

func TestDiagnosisSkipsChecks(t *testing.T) {
	if got := diagnosed(t, noAddress, "--skip", "vip-missing,vip-down"); got.status != exitOK || strings.Contains(got.stdout, "vip-missing") {
		t.Errorf("got %s", got)
	}
}

// Only --verbose prints all of many findings.
func TestDiagnosisLimitsFindings(t *testing.T) {
	facts := "address 192.0.2.1/24 eth0\n"
	for _, addr := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7"} {
		facts += "-A -t " + addr + ":80\n-a -t " + addr + ":80 -r 192.0.2.9\n"
	}
	got := diagnosed(t, facts)
	if strings.Count(got.stdout, "vip-missing ") != 6 || !strings.Contains(got.stdout, "\n  vip-missing is found 2 more times; --verbose prints all.\n") ||
		!strings.Contains(got.stdout, "\n  2 more lines; --verbose prints all.\n") || !strings.Contains(got.stdout, "\n7 faults") {
		t.Errorf("got\n%s", got.stdout)
	}
	if got := diagnosed(t, facts, "--verbose"); strings.Count(got.stdout, "vip-missing ") != 7 || strings.Contains(got.stdout, "--verbose") {
		t.Errorf("with --verbose\n%s", got.stdout)
	}
}

func TestDiagnosisAsJSON(t *testing.T) {
	got := diagnosed(t, noAddress, "--json")
	schema, err := jsonschema.NewCompiler().Compile("../../format/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(got.stdout))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Error(err)
	}
	var d struct {
		Role     string
		Services int
		Findings []struct {
			ID       string
			Commands [][]string
		}
		RealServers []struct{ Command []string } `json:"real_servers"`
	}
	if err := json.Unmarshal([]byte(got.stdout), &d); err != nil {
		t.Fatal(err)
	}
	if d.Role != "director" || d.Services != 2 || len(d.RealServers) != 2 || len(d.Findings) != 1 || d.Findings[0].ID != "vip-missing" ||
		strings.Join(d.Findings[0].Commands[0], " ") != "ip address add 10.0.0.1/32 dev eth0" {
		t.Errorf("got\n%s", got.stdout)
	}
}

// A check without its facts is reported as such.
func TestDiagnosisNamesWhatIsNotChecked(t *testing.T) {
	got := diagnosed(t, noAddress+"unreadable policy\n")
	if got.status != exitOK || !strings.Contains(got.stdout, "Not checked: vip-missing, vip-down (policy: permission denied)") {
		t.Errorf("got %s", got)
	}
}

func TestDiagnosisOfRules(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules")
	if err := os.WriteFile(rules, []byte("-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.11 -g\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := diagnosed(t, "", "--rules", rules); got.status != exitOK || !strings.HasPrefix(got.stdout, rules+": rules with 1 service, 1 server\n") {
		t.Errorf("got %s", got)
	}
	if err := os.WriteFile(rules, []byte("-A -t 10.0.0.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	checkDiagnosis(t, "", want{stderr: rules + ": line 1: Zero port specified for non-persistent service\n", status: exitUsage}, "--rules", rules)
	checkDiagnosis(t, "", want{stderr: "ipvsadm: /no/such/file: no such file or directory\n", status: exitUsage}, "--rules", "/no/such/file")
}

// ipvsadm gives a server of direct routing the port of its service, whatever the rules say.
func TestDiagnosisOfRulesNamesPortsThatAreNotUsed(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules")
	const text = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.11:8080 -g\n-a -t 10.0.0.1:80 -r 10.0.0.12:80 -g\n-a -t 10.0.0.1:80 -r 10.0.0.13:8080 -m\n"
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := diagnosed(t, "", "--rules", rules)
	const finding = "\nWARNING  dr-port         TCP 10.0.0.1:80 -> 10.0.0.11:80\n  The rules give the server port 8080, and ipvsadm takes that of its service, 80.\n"
	if got.status != exitOK || !strings.Contains(got.stdout, finding) || !strings.Contains(got.stdout, "no faults, 1 warning; ") {
		t.Errorf("got %s", got)
	}
}

func TestDiagnosisIsNoRule(t *testing.T) {
	const want = "line 1: the command --diagnose is not allowed in a rules file\n"
	var stderr strings.Builder
	if status := run([]string{"ipvsadm-restore", "--check"}, strings.NewReader("--diagnose\n"), &stderr, &stderr, fakeHost(ipvstest.New(), "")); status != exitUsage || stderr.String() != want {
		t.Errorf("status %d, %s", status, &stderr)
	}
}

// A namespace that cannot be entered is no fault of the set-up.
func TestDiagnosisInAnotherNamespace(t *testing.T) {
	n := newTwoNamespaces()
	if stdout, stderr, status := n.run("", "ipvsadm --diagnose --netns blue"); status != exitOK || !strings.HasPrefix(stdout, "Director with 0 services") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
	if _, _, status := n.run("", "ipvsadm --diagnose real-server -t 10.0.0.1:80 -g --netns denied"); status != exitUsage {
		t.Errorf("status %d", status)
	}
}

// Without the capability, /proc tells enough for most checks.
func TestDiagnosisWithoutCapability(t *testing.T) {
	k := ipvstest.New()
	k.SetPrivileged(false)
	h := fakeHost(k, "")
	h.facts = func(_ string, client *ipvs.Client) (diagnose.Facts, func()) {
		if client != nil {
			t.Error("the client may read nothing")
		}
		return diagnosetest.New(t, noAddress+"without CAP_NET_ADMIN\n"), func() {}
	}
	var stdout strings.Builder
	if status := run([]string{"ipvsadm", "--diagnose"}, strings.NewReader(""), &stdout, &stdout, h); status != exitFaults ||
		!strings.Contains(stdout.String(), "Not checked: all-full, conn-tab (that needs the capability CAP_NET_ADMIN);") {
		t.Errorf("status %d, %s", status, &stdout)
	}
}

// Commands that mend something in another namespace are to be run there.
func TestDiagnosisInNamespaceMendsThere(t *testing.T) {
	h := fakeHost(ipvstest.New(), "")
	h.netns = func(string) (namespace, error) { return &fakeNamespace{kernel: ipvstest.New()}, nil }
	h.facts = func(string, *ipvs.Client) (diagnose.Facts, func()) { return diagnosetest.New(t, noAddress), func() {} }
	var stdout strings.Builder
	status := run([]string{"ipvsadm", "--netns", "blue", "--diagnose"}, strings.NewReader(""), &stdout, &stdout, h)
	for _, line := range []string{
		"\n    nsenter --net=/run/netns/blue ip address add 10.0.0.1/32 dev eth0\n",
		"\n    ipvsadm --diagnose real-server -t 10.0.0.1:80 -g --director 10.0.0.254\n",
	} {
		if !strings.Contains(stdout.String(), line) || status != exitFaults {
			t.Errorf("status %d, without%s%s", status, line, &stdout)
		}
	}
}

// It only reads, so it loads no module.
func TestDiagnosisLoadsNoModule(t *testing.T) {
	h := fakeHost(ipvstest.New(), "")
	h.moduleLoaded = func() (bool, error) { return false, nil }
	h.loadModule = func() bool { t.Error("it loads the module"); return false }
	var stderr strings.Builder
	if status := run([]string{"ipvsadm", "--diagnose"}, strings.NewReader(""), &stderr, &stderr, h); status != exitUsage {
		t.Errorf("status %d, %s", status, &stderr)
	}
}

// A wrong command line is what is wrong, also on a real server, which needs no IPVS.
func TestWrongDiagnosisNeedsNoIPVS(t *testing.T) {
	h := fakeHost(ipvstest.New(), "")
	h.dial = func() (*ipvs.Client, error) { return nil, ipvs.ErrNoIPVS }
	h.loadModule = func() bool { t.Error("it loads the module"); return false }
	for line, message := range map[string]string{
		"--diagnose real-server -t 10.0.0.1:80 -g --skip r-vp": "no check has the name `r-vp'; ipvsadm-diagnose(7) lists them\n",
		"--netns blue --diagnose --rules -":                    "The option 'netns' conflicts with the 'rules' option\n",
		"--diagnose=servers":                                   "invalid role `servers' specified; it must be one of director, real-server\n",
	} {
		var stdout, stderr strings.Builder
		status := run(append([]string{"ipvsadm"}, strings.Fields(line)...), strings.NewReader(""), &stdout, &stderr, h)
		if status != exitUsage || !strings.HasPrefix(stderr.String(), message) {
			t.Errorf("%s: status %d, %s", line, status, &stderr)
		}
	}
}

func TestDiagnosisRefusals(t *testing.T) {
	for words, text := range map[string]string{
		"servers":                      "invalid role `servers' specified; it must be one of director, real-server",
		"-g":                           "The option 'forwarding-method' is only for --diagnose real-server",
		"--director 10.0.0.1":          "The option 'director' is only for --diagnose real-server",
		"real-server":                  "--diagnose real-server needs a service with an address: -t, -u or --sctp-service VIP:PORT",
		"real-server -f 7 -g":          "--diagnose real-server needs a service with an address: -t, -u or --sctp-service VIP:PORT",
		"real-server -t 0.0.0.0:80 -g": "--diagnose real-server needs the virtual address of the service, and 0.0.0.0 is none",
		"real-server -t 10.0.0.1:80":   "--diagnose real-server needs the forwarding method: -g, -i or -m",
		"real-server -t 10.0.0.1:80 -g --rules -":             "The option 'rules' is for a director, not for --diagnose real-server",
		"real-server -t 10.0.0.1:80 -g --director fd00::1":    "The address of the option 'director' is not of the family of the service",
		"real-server -t 10.0.0.1:80 -g --director 10.0.0.0/8": "invalid director `10.0.0.0/8' specified; it must be an address, such as 10.0.0.254",
		"--client 10.0.0.0/8":                                 "--diagnose takes the address of one client, not a network",
		"--client 0.0.0.0":                                    "--diagnose takes the address of a client, and 0.0.0.0 is none",
		"--client ff02::1":                                    "--diagnose takes the address of a client, and ff02::1 is none",
		"real-server -t 10.0.0.1:80 -g --director ::":         "invalid director `::' specified; it must be an address, such as 10.0.0.254",
		"--skip vip-mising":                                   "no check has the name `vip-mising'; ipvsadm-diagnose(7) lists them",
		"--output prometheus":                                 "invalid output format `prometheus' specified for 'diagnose'; it must be one of table, json",
		"--rules - --netns blue":                              "The option 'netns' conflicts with the 'rules' option",
		"--stats":                                             "Illegal 'stats' option with the 'diagnose' command",
		"director real-server":                                "unexpected argument real-server",
	} {
		checkDiagnosis(t, "", want{stderr: text + "\n", status: exitUsage}, strings.Fields(words)...)
	}
}
