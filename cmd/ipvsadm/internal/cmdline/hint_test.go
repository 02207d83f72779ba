// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"
	"testing"
)

// testHints checks the hints for command lines, none of which may be valid.
func testHints(t *testing.T, hints map[string]string) {
	t.Helper()
	parser := NewParser(noDNS())
	for line, want := range hints {
		if _, err := parser.Parse(strings.Fields(line)); err == nil || Hint(err) != want {
			t.Errorf("%s: %v\n got %q\nwant %q", line, err, Hint(err), want)
		}
	}
}

func TestAddressHints(t *testing.T) {
	hints := map[string]string{}
	for address, want := range map[string]string{
		"99999":                         "99999 is a number; give HOST:PORT, such as 192.0.2.1:99999",
		"10.0.0.1:99999":                "the port 99999 is not in the range 0 to 65535",
		"10.0.0.1:-1":                   "the port -1 is not in the range 0 to 65535",
		"10.0.0.1:htp":                  `the port "htp" is neither a number nor a TCP service in /etc/services`,
		"10.0.0.1:99999999999999999999": "the port 99999999999999999999 is not in the range 0 to 65535",
		"10.0.0.1:":                     "the port after the colon is missing",
		":80":                           "the host before the colon is missing",
		"300.1.1.1:80":                  "300.1.1.1 is not an IPv4 address: a part is too large",
		"10.0.0.1.5:80":                 "10.0.0.1.5 is not an IPv4 address: it has more than four parts",
		"10.0..1:80":                    "10.0..1 is not an IPv4 address: a part is empty",
		"10.0.0.08:80":                  "10.0.0.08 is not an IPv4 address: 08 is octal, because it begins with 0",
		"10.0.0.0/24:80":                `"10.0.0.0/24" is a network; give one address`,
		"nosuch.invalid:80":             `the name "nosuch.invalid" has no address in /etc/hosts or the DNS`,
		"nosuch.invalid":                `the name "nosuch.invalid" has no address in /etc/hosts or the DNS`,
		"http://10.0.0.1/":              "give HOST:PORT, not a URL",
		"fe80::1%eth0":                  "give the address without an interface or zone (%)",
		"[fd00::1":                      "the bracket [ is not closed; give [ADDRESS]:PORT",
		"[fd00::1]":                     "the port is missing after [fd00::1]; without a port the address has no brackets",
		"[fd00::1]80":                   "give [ADDRESS]:PORT, with a colon after the bracket",
		"[fd00::1]:":                    "the port after the colon is missing",
		"[fd00::1]:htp":                 `the port "htp" is neither a number nor a TCP service in /etc/services`,
		"[fd00::1::2]:80":               `"fd00::1::2" is not an IPv6 address; with a port it is '[ADDRESS]:PORT'`,
		"[300.1.1.1]:80":                "300.1.1.1 is not an IPv4 address: a part is too large",
		"fd00:1:2:3:4:5:6:7:8443":       "an IPv6 address with a port needs brackets: '[fd00:1:2:3:4:5:6:7]:8443'",
		"fd00::1:http":                  "an IPv6 address with a port needs brackets: '[fd00::1]:http'",
		"10.0.0.1:80:90":                `"10.0.0.1:80:90" is not an IPv6 address; with a port it is '[ADDRESS]:PORT'`,
		"--tcp-service=":                "the address is empty",
	} {
		if strings.HasPrefix(address, "--") {
			hints["-A "+address] = want
			continue
		}
		hints["-A -t "+address] = want
		hints["-a -t 10.0.0.1:80 -r "+address] = want
	}
	testHints(t, hints)
}

func TestAddressHintsOfOptionsTogether(t *testing.T) {
	testHints(t, map[string]string{
		"-A -t 10.0.0.1":                   "add the port, such as 10.0.0.1:80, or give -p for all ports",
		"-A -t fd00::1":                    "fd00::1 is the whole address; give '[ADDRESS]:PORT', or -p for all ports",
		"-A -t fd00::1:443":                "fd00::1:443 is the whole address; give '[ADDRESS]:PORT', or -p for all ports",
		"-a -t 10.0.0.1:80 -r fd00::1":     "the service is IPv4 and the server IPv6; give -i, or addresses of one family",
		"-a -f 9 -r fd00::9":               "give -6 after -f 9 for an IPv6 service, or -i for an IPv4 one",
		"-e -f 4294967295 -r [fd00::9]:80": "give -6 after -f 4294967295 for an IPv6 service, or -i for an IPv4 one",
		"-a -f 1 -6 -r 10.0.0.2 -m":        "leave out -6 for an IPv4 service, or give -i for an IPv6 one",
		"-a -r 10.0.0.2:http":              `the port "http" is a name; only -t, -u, --sctp-service or -f tells its protocol`,
		"-a -r 10.0.0.2:htp -u 10.0.0.1:1": `the port "htp" is neither a number nor a UDP service in /etc/services`,
		"-A -t [fd00::1]:1 -p -M 255.0.0":  "-M of an IPv6 service is a prefix length from 1 to 128",
		"-A -t 10.0.0.1:1 -p -M 255.0.0.x": "-M of an IPv4 service is a mask, such as 255.255.255.0",
		"-A -t 10.0.0.1:80 -6":             "-6 comes after -f MARK; -t and -u need no -6",
	})
}

func TestCommandHints(t *testing.T) {
	testHints(t, map[string]string{
		"list":                "did you mean --list?",
		"help":                "did you mean --help?",
		"show":                "did you mean --list?",
		"add -t 10.0.0.1:80":  "did you mean --add-service or --add-server?",
		"foo":                 "foo is not a command; the command comes first, such as -L, -A or -a",
		"-Q":                  "-Q is not a command; the command comes first, such as -L, -A or -a",
		"--":                  "-- is not a command; the command comes first, such as -L, -A or -a",
		"--lits":              "did you mean --list?",
		"--ouput json":        "did you mean --output?",
		"-t 10.0.0.1:80 -A":   "the command comes first: ipvsadm -A ...",
		"-n --list":           "the command comes first: ipvsadm -L ...",
		"-t 10.0.0.1:80 --se": "-t is not a command; the command comes first, such as -L, -A or -a",
		"-l -A":               "a line has one command, and it comes first",
		"":                    "",
	})
}

func TestOptionHints(t *testing.T) {
	testHints(t, map[string]string{
		"-L --ouput json":                     "did you mean --output?",
		"-L --stat":                           "did you mean --state or --stats?",
		"-L -N":                               "did you mean -n?",
		"-L -nQ":                              "",
		"-L -q":                               "",
		"-Ln -stats":                          "did you mean --stats?",
		"-A -tcp-service 10.0.0.1:80":         "did you mean --tcp-service?",
		"-a -t 10.0.0.1:80 -real-server x":    "did you mean --real-server?",
		"-A -t":                               "name the service: -t, -u or --sctp-service HOST:PORT, or -f MARK",
		"-A --udp-service":                    "name the service: -t, -u or --sctp-service HOST:PORT, or -f MARK",
		"-Lnt":                                "name the service: -t, -u or --sctp-service HOST:PORT, or -f MARK",
		"-a -t 10.0.0.1:80 -r":                "name the server: -r HOST[:PORT]",
		"-A -t 10.0.0.1:80 -s":                "",
		"-L -z":                               "",
		"-L --zeros":                          "",
		"-A -t 10.0.0.1:80 -r 10.0.0.2":       "it goes with -a, -d or -e",
		"-a -t 10.0.0.1:80 -r 10.0.0.2 -s rr": "it goes with -A or -E",
		"-L --mcast-ttl 3":                    "it goes with --start-daemon",
		"-A -c -t 10.0.0.1:80":                "it goes with -L",
		"-A":                                  "name the service: -t, -u or --sctp-service HOST:PORT, or -f MARK",
		"-a -t 10.0.0.1:80":                   "name the server: -r HOST[:PORT]",
		"-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type gue": "name the port: --tun-port PORT",
		"-a -t 10.0.0.1:80 -r 10.0.0.2 -w -1":             "it must be a number from 0 to 2147483647",
		"-A -f 0":                                         "it must be a number from 1 to 4294967295",
		"-A -t 10.0.0.1:80 -p 0":                          "it must be a number from 1 to 2678400",
		"--set 1 2":                                       "--set TCP TCPFIN UDP, in seconds; 0 keeps a value",
		"--set 1 2 x":                                     "it must be a number from 0 to 2678400",
		"--start-daemon slave":                            "it must be master or backup",
		"--start-daemon backup --mcast-group 10.0.0.1":    "it must be a multicast address, such as 224.0.0.81 or ff02::81",
		"-A -t 10.0.0.1:80 -b sh-port":                    "sh-port goes with -s sh",
		"-A -t 10.0.0.1:80 -s mh -b port":                 "the flags of mh are flag-1, flag-2, flag-3, mh-fallback, mh-port",
		"-a -t 10.0.0.1:80 -r 10.0.0.2 --tun-csum":        "tunnel options go with -i",
		"-a -t 10.0.0.1:80 -r 10.0.0.2 -i --tun-type ip":  "it must be ipip, gue or gre",
	})
}

func TestHintsForOptionsWithoutValue(t *testing.T) {
	testHints(t, map[string]string{
		"-S -f":                   "-S takes no -f",
		"-C -t":                   "-C takes no -t",
		"-R -t":                   "-R takes no -t",
		"-Sn --tcp-service":       "-S takes no -t",
		"-D -t 10.0.0.1:80 -r":    "-D takes no -r",
		"-A --mcast-ttl":          "-A takes no --mcast-ttl",
		"--stop-daemon master -t": "--stop-daemon takes no -t",
		"-Zt":                     "name the service: -t, -u or --sctp-service HOST:PORT, or -f MARK",
		"-E -f 7 -s":              "",
		"-e -t 10.0.0.1:80 -r":    "name the server: -r HOST[:PORT]",
	})
}

func TestTunnelOptionHints(t *testing.T) {
	const line = "-a -t 10.0.0.1:80 -r 10.0.0.4 -i "
	testHints(t, map[string]string{
		line + "--tun-type gre --tun-port 5":  "it goes with --tun-type gue",
		line + "--tun-type gre --tun-remcsum": "it goes with --tun-type gue",
		line + "--tun-type ipip --tun-csum":   "it goes with --tun-type gue or gre",
		line + "--tun-csum":                   "it goes with --tun-type gue or gre",
		line + "--tun-nocsum":                 "it goes with --tun-type gue or gre",
	})
}

func TestOptionsWithoutCommandHints(t *testing.T) {
	testHints(t, map[string]string{
		"-c":                      "options come after a command: ipvsadm -Lc",
		"-n":                      "options come after a command: ipvsadm -Ln",
		"-nc":                     "options come after a command: ipvsadm -Lnc",
		"-nQ":                     "options come after a command: ipvsadm -Ln",
		"-n -t 10.0.0.1:80":       "options come after a command: ipvsadm -Ln ...",
		"--stats":                 "options come after a command: ipvsadm -L --stats",
		"--rate -n":               "options come after a command: ipvsadm -L --rate ...",
		"--numeric":               "options come after a command: ipvsadm -L --numeric",
		"--numeric=1":             "options come after a command: ipvsadm -L --numeric",
		"--connection":            "options come after a command: ipvsadm -L --connection",
		"--timeout":               "options come after a command: ipvsadm -L --timeout",
		"--daemon":                "options come after a command: ipvsadm -L --daemon",
		"--json -A -t 10.0.0.1:1": "the command comes first: ipvsadm -A ...",
		"--output json -A":        "the command comes first: ipvsadm -A ...",
		"--scheduler rr":          "--scheduler goes with -A or -E, which come first",
		"--scheduler=rr":          "--scheduler goes with -A or -E, which come first",
		"-s rr":                   "-s goes with -A or -E, which come first",
		"-r 10.0.0.2":             "-r goes with -a, -d or -e, which come first",
		"--mcast-ttl 3":           "--mcast-ttl goes with --start-daemon, which comes first",
		"-6":                      "-6 is not a command; the command comes first, such as -L, -A or -a",
	})
}

// A hint proposes neither a command that destroys something because its letter is similar,
// nor what was typed.
func TestHintsThatProposeCommands(t *testing.T) {
	testHints(t, map[string]string{
		"-z":             "-z is not a command; the command comes first, such as -L, -A or -a",
		"-V":             "did you mean -v?",
		"-H":             "did you mean -h?",
		"-T":             "-T is not a command; the command comes first, such as -L, -A or -a",
		"--flush":        "did you mean --clear?",
		"--delete":       "did you mean --delete-service or --delete-server?",
		"--add":          "did you mean --add-service or --add-server?",
		"--start-daemon": "give a value: --start-daemon master or --start-daemon backup",
		"--list=all":     "--list takes no value",
	})
	parser := NewParser(noDNS())
	for letter := range 0x100 {
		word := "-" + string([]byte{byte(letter)})
		_, err := parser.Parse([]string{word})
		for _, proposed := range []string{"-C", "-D", "-d", "-Z", word} {
			if strings.HasPrefix(Hint(err), "did you mean "+proposed) {
				t.Errorf("%s: %s", word, Hint(err))
			}
		}
	}
}

func TestHintsForAddressesWithoutOption(t *testing.T) {
	testHints(t, map[string]string{
		"-A 10.0.0.1:81":                "a service needs its protocol: -t 10.0.0.1:81, -u or --sctp-service",
		"-A [fd00::1]:81":               "a service needs its protocol: -t '[fd00::1]:81', -u or --sctp-service",
		"-a 10.0.0.1:80 -r 10.0.0.2":    "a service needs its protocol: -t 10.0.0.1:80, -u or --sctp-service",
		"-Ln 10.0.0.1:80":               "a service needs its protocol: -t 10.0.0.1:80, -u or --sctp-service",
		"-a -t 10.0.0.1:80 10.0.0.2":    "a server needs -r: -r 10.0.0.2",
		"-A -t 10.0.0.1:80 10.0.0.2":    "",
		"-A rr":                         "",
		"-C 10.0.0.1:80":                "",
		"--start-daemon master 1.2.3.4": "",
	})
}

func TestHintsForEmptyAndLongWords(t *testing.T) {
	long := strings.Repeat("x", 1000)
	short := strings.Repeat("x", 57) + "..."
	parser := NewParser(noDNS())
	for word, want := range map[string]string{
		"":    "'' is not a command; the command comes first, such as -L, -A or -a",
		"-é":  "'-é' is not a command; the command comes first, such as -L, -A or -a",
		"-né": "options come after a command: ipvsadm -Ln",
		"a b": "'a b' is not a command; the command comes first, such as -L, -A or -a",
		long:  short + " is not a command; the command comes first, such as -L, -A or -a",
	} {
		if _, err := parser.Parse([]string{word}); Hint(err) != want {
			t.Errorf("%.20q: %q, want %q", word, Hint(err), want)
		}
	}
	if _, err := parser.Parse([]string{"-A", "-t", "10.0.0.1:" + long}); !strings.Contains(Hint(err), "xxx...") || len(Hint(err)) > 150 {
		t.Error(Hint(err))
	}
}

// The message for a line of rules says already that it lacks a command.
func TestHintsForRulesWithoutCommand(t *testing.T) {
	parser := NewParser(noDNS())
	for line, want := range map[string]string{
		"foo": "", "-n": "-n goes with -L or -S, which come first", "--stats": "--stats goes with -L, which comes first", "-t 10.0.0.1:80": "", "add -t 10.0.0.1:80": "did you mean --add-service or --add-server?",
		"-t 10.0.0.1:80 -A": "the command comes first: -A ...", "-s rr": "-s goes with -A or -E, which come first",
	} {
		if _, err := parser.ParseRule(strings.Fields(line)); err == nil || Hint(err) != want {
			t.Errorf("%s: %q, want %q", line, Hint(err), want)
		}
	}
}

// Whatever is typed, hints do not panic and do not propose it again.
func TestHintsForAnyWords(t *testing.T) {
	parts := strings.Fields("- -- -L -A -t -c -z -x --stats --json --start-daemon --scheduler --tcp-service = é \xff -= --= --=list --list= -t= list rr [ 1.2.3.4:80")
	var words []string
	for _, a := range parts {
		words = append(words, a)
		for _, b := range parts {
			words = append(words, a+b)
		}
	}
	parser := NewParser(noDNS())
	for i, word := range words {
		for _, line := range [][]string{{word}, {word, words[(i*7)%len(words)]}, {"-L", word}, {"-A", word}, {"-a", "-t", "1.2.3.4:80", word}} {
			for _, parse := range []func([]string) (*Command, error){parser.Parse, parser.ParseRule} {
				if _, err := parse(line); err != nil && strings.Contains(Hint(err), "mean "+line[0]+"?") {
					t.Errorf("%q: %s", line, Hint(err))
				}
			}
		}
	}
}
