package difftest

import (
	"math/rand/v2"
	"strings"
)

// A generator makes up command lines: most of them plausible, many of them wrong in one place or another, all of them
// about a handful of services and servers, so that they meet. It leaves alone what is known to differ on purpose:
//
//	X1   -h and -v                              X2   fwmarks of 2^31 and more
//	X3   addresses that are 2^31 apart          X5   the character # in a rules stream
//	X12  flag-3 with sh and mh                  X13  brackets around IPv4 addresses and names, names of IPv6 hosts only
//	X14  lists of nothing but commas            X15  -r and -M before the service
//
// What cannot be avoided is in known.go.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 0))} }

// sequence makes up the steps of one case.
func (g generator) sequence(n int) []Step {
	// Without services and servers most lines could only fail.
	steps := []Step{
		{Words: []string{"ipvsadm", "-A", "-t", "10.0.0.1:80"}},
		{Words: []string{"ipvsadm", "-a", "-t", "10.0.0.1:80", "-r", "10.0.0.3"}},
		{Words: []string{"ipvsadm", "-A", g.one("-u", "-t", "--sctp-service"), g.one("10.0.0.2:80", "[fd00::1]:80", "[fd00::1]:443")}},
		{Words: []string{"ipvsadm", "-A", "-f", g.one("1", "2")}},
	}
	for len(steps) < n {
		steps = append(steps, g.step())
	}
	return steps
}

func (g generator) step() Step {
	s := Step{Words: append([]string{"ipvsadm"}, g.line()...)}
	if g.chance(5) {
		return Step{Words: []string{"ipvsadm-restore"}, Stdin: Input{Bytes: []byte(g.table())}}
	}
	if g.chance(8) {
		s.Words = []string{"ipvsadm", g.one("-R", "-R", "--restore")}
		for range 1 + g.IntN(5) {
			s.Stdin.Bytes = append(s.Stdin.Bytes, g.rule()...)
		}
	}
	for _, word := range s.Words {
		s.Marks.Same = s.Marks.Same || word == "--nosort"
	}
	return s
}

// rule makes up a line of a rules stream.
func (g generator) rule() string {
	for {
		words := g.line()
		line := strings.Join(words, " ")
		if strings.ContainsAny(line, "#\"'\n\r\x00") || strings.Contains(line, "  ") || strings.Contains(line, "nosort") ||
			strings.HasSuffix(line, " ") || len(line) > 1000 || len(words) == 0 || strings.Contains(line, "aemon") {
			continue
		}
		switch words[0] {
		case "-R", "--restore":
			continue
		}
		if g.chance(10) {
			line = "ipvsadm " + line
		}
		return line + g.one("\n", "\n", "\n", " \n", "\r\n", "\n\n")
	}
}

// line makes up the words of a command line without the program's name.
func (g generator) line() []string {
	for {
		words := g.command()
		if g.chance(15) {
			words = g.spoil(words)
		}
		if !avoided(words) {
			return words
		}
	}
}

func (g generator) command() []string {
	switch g.IntN(20) {
	case 0, 1, 2, 3:
		return g.withOptions(append([]string{g.one("-A", "-A", "--add-service")}, g.service()...), serviceOptions, 5)
	case 4, 5:
		return g.withOptions(append([]string{g.one("-E", "--edit-service")}, g.service()...), serviceOptions, 5)
	case 6, 7, 8, 9:
		return g.withOptions(g.server(g.one("-a", "-a", "--add-server")), serverOptions, 4)
	case 10, 11:
		return g.withOptions(g.server(g.one("-e", "--edit-server")), serverOptions, 4)
	case 12:
		return g.server(g.one("-d", "--delete-server"))
	case 13:
		return append([]string{g.one("-D", "-Z", "--delete-service", "--zero")}, g.service()...)
	case 14:
		return []string{g.one("-C", "-Z", "-S", "-S", "--clear", "--save", "--zero")}
	case 15:
		if g.chance(50) {
			return []string{"--set", g.value(timeouts), g.value(timeouts), g.value(timeouts)}
		}
		return g.withOptions([]string{g.one("--start-daemon", "--start-daemon", "--stop-daemon"), g.value("master master master backup MASTER \"\"")},
			daemonOptions, 3)
	case 16:
		words := append([]string{g.one("-L", "-Ln", "-l", "--list")}, g.service()...)
		return g.withOptions(words, listOptions, 2)
	default:
		return g.withOptions([]string{g.one("-L", "-Ln", "-Ln", "-Ln", "-S", "-Sn", "--list", "-l")}, listOptions, 2)
	}
}

// table makes up the rules of a table, as -S would print them: nothing in them is wrong.
func (g generator) table() string {
	var rules strings.Builder
	for _, service := range []string{
		"-t 10.0.0.1:80", "-t 10.0.0.2:80", "-u 10.0.0.1:53", "--sctp-service 10.0.0.3:9", "-t [fd00::1]:80", "-u [fd00::2]:53",
		"-f 1", "-f 2", "-f 1 -6", "-t 10.0.0.1:0", "-t [fd00::1]:0",
	} {
		if g.chance(60) {
			continue
		}
		rules.WriteString("-A " + service + " -s " + g.one("rr", "wrr", "lc", "wlc", "lblc", "sh -b sh-port", "mh -b mh-fallback,mh-port", "nq", "fo"))
		six := strings.Contains(service, ":") && strings.Contains(service, "[") || strings.HasSuffix(service, "-6")
		if strings.HasSuffix(service, ":0") || g.chance(30) {
			rules.WriteString(" -p " + g.one("1", "300", "360"))
			if g.chance(50) {
				rules.WriteString(" -M " + map[bool]string{false: "255.255.255.0", true: "64"}[six])
			}
		}
		rules.WriteByte('\n')
		for _, server := range []string{"10.0.0.3", "10.0.0.4", "127.0.0.1", "[fd00::3]", "[fd00::4]"} {
			// The kernel refuses mixed families while a daemon runs.
			if g.chance(60) || six != strings.Contains(server, "[") {
				continue
			}
			method := g.one("-g", "-m", "-i", "-i --tun-type gre --tun-csum", "-i --tun-type gue --tun-port 6080")
			limits := g.one("", "", " -x 10 -y 5", " -x 100")
			rules.WriteString("-a " + service + " -r " + server + ":" + g.one("80", "8080") + " " + method + " -w " + g.one("0", "1", "5") + limits + "\n")
		}
	}
	return rules.String()
}

// Values, good ones more often than bad ones; "" is the empty word.
const (
	addresses  = `10.0.0.1 10.0.0.1 10.0.0.1 10.0.0.1 10.0.0.2 10.0.0.2 10.0.0.3 vip 10.1 0x0a000001 10.0.0.256 nowhere 10.0.0.1.1 167772161`
	ports      = `80 80 80 80 443 http 0 65535 65536 x 080 +80`
	marks      = `1 1 1 2 2 3 01 0 -1 x 4294967296 2147483647`
	hosts6     = `[fd00::1]:80 [fd00::1]:80 [fd00::1]:443 [fd00::2]:80 [fd00::1]:0 fd00::1 [fd00::1] [fd00::g]:80 [fd00::1]:x`
	servers    = `10.0.0.3 10.0.0.3 10.0.0.3:80 10.0.0.3:80 10.0.0.4 10.0.0.4:8080 10.0.0.5:0 real1 real2:80 127.0.0.1 0.0.0.0 255.255.255.255 x 5 10.0.0.3:x`
	servers6   = `fd00::3 [fd00::3]:80 fd00::4 [fd00::4]:8080 [fd00::5] fd00::x :: ff02::1`
	schedulers = `rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf none nonsense ""`
	timeouts   = `1 300 2678400 0 2678401 -1 x 010 ""`
	masks      = `255.255.255.0 255.255.0.0 24 64 128 1 0 129 x vip 255.255.255.255`
	flagLists  = `flag-1 flag-2 flag-1,flag-2 sh-port sh-fallback sh-port,sh-fallback mh-port mh-fallback nonsense flag-1,x`
	numbers    = `0 1 2 10 100 2147483647 2147483648 -1 x "" 1x +3`
	bytes255   = `0 1 255 256 -1 x`
	tunnels    = `ipip gue gue gre nonsense`
	groups     = `224.0.0.99 239.1.1.1 ff02::99 1.2.3.4 x`
)

// An option is how it is written, with the values that it takes.
type option struct {
	short, long string
	values      string // none: takes no value
	mayLack     bool   // the value may be left out
}

var serviceOptions = []option{
	{"-s", "--scheduler", schedulers, false}, {"-s", "--scheduler", schedulers, false},
	{"-p", "--persistent", timeouts, true}, {"-p", "--persistent", timeouts, true},
	{"-M", "--netmask", masks, false}, {"-o", "--ops", "", false}, {"", "--pe", `sip sip nonsense ""`, false},
	{"-b", "--sched-flags", flagLists, false},
}

var serverOptions = []option{
	{"-g", "--gatewaying", "", false}, {"-i", "--ipip", "", false}, {"-i", "--ipip", "", false}, {"-m", "--masquerading", "", false},
	{"-w", "--weight", numbers, false}, {"-x", "--u-threshold", numbers, false}, {"-y", "--l-threshold", numbers, false},
	{"", "--tun-type", tunnels, false}, {"", "--tun-port", `6080 1 65535 0 65536 x`, false},
	{"", "--tun-nocsum", "", false}, {"", "--tun-csum", "", false}, {"", "--tun-remcsum", "", false},
}

var listOptions = []option{
	{"-n", "--numeric", "", false}, {"-c", "--connection", "", false}, {"", "--stats", "", false}, {"", "--rate", "", false},
	{"", "--thresholds", "", false}, {"", "--persistent-conn", "", false}, {"", "--tun-info", "", false}, {"-X", "--exact", "", false},
	{"", "--sort", "", false}, {"", "--nosort", "", false}, {"", "--timeout", "", false}, {"", "--daemon", "", false},
	{"", "--syncid", bytes255, false},
}

var daemonOptions = []option{
	{"", "--mcast-interface", "eth0 eth0 lo nonsense", false}, {"", "--syncid", bytes255, false},
	{"", "--mcast-group", groups, false}, {"", "--mcast-port", "1 9000 65535 0 65536 x", false},
	{"", "--mcast-ttl", "1 255 0 256 x", false}, {"", "--sync-maxlen", "1000 1 65507 0 65508 x", false},
}

var allOptions = append(append(append(append([]option{}, serviceOptions...), serverOptions...), listOptions...), daemonOptions...)

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g generator) one(choices ...string) string { return choices[g.IntN(len(choices))] }

// value picks one of the values of a list; the first ones are the likelier.
func (g generator) value(list string) string {
	values := strings.Fields(list)
	value := values[min(g.IntN(len(values)), g.IntN(len(values)), g.IntN(len(values)))]
	if value == `""` {
		return ""
	}
	return value
}

func (g generator) service() []string {
	switch g.IntN(8) {
	case 0:
		words := []string{g.one("-f", "--fwmark-service"), g.value(marks)}
		if g.chance(40) {
			words = append(words, g.one("-6", "--ipv6"))
		}
		return words
	case 1, 2:
		return []string{g.one("-t", "-t", "-u", "--sctp-service", "--tcp-service"), g.value(hosts6)}
	}
	host := g.value(addresses)
	if !g.chance(10) {
		host += ":" + g.value(ports)
	}
	return []string{g.one("-t", "-t", "-t", "-u", "--sctp-service", "--udp-service"), host}
}

func (g generator) server(command string) []string {
	service := g.service()
	host := g.value(servers)
	if strings.Contains(strings.Join(service, ""), "::") != g.chance(8) || service[len(service)-1] == "-6" {
		host = g.value(servers6)
	}
	return append(append([]string{command}, service...), g.one("-r", "-r", "--real-server"), host)
}

// withOptions adds some options, now and then one of another command.
func (g generator) withOptions(words []string, options []option, most int) []string {
	for range g.IntN(most) {
		o := options[g.IntN(len(options))]
		if g.chance(3) {
			o = allOptions[g.IntN(len(allOptions))]
		}
		words = append(words, g.write(o)...)
	}
	return words
}

// write writes an option in one of the ways that there are.
func (g generator) write(o option) []string {
	name, short := o.long, false
	if o.short != "" && g.chance(70) {
		name, short = o.short, true
	}
	if o.values == "" || o.mayLack && g.chance(50) {
		return []string{name}
	}
	value := g.value(o.values)
	switch {
	case g.chance(70):
		return []string{name, value}
	case short && g.chance(50):
		return []string{name + value}
	default:
		return []string{name + "=" + value}
	}
}

// spoil does something to a command line that a hurried hand might.
func (g generator) spoil(words []string) []string {
	words = append([]string{}, words...)
	i := g.IntN(len(words))
	switch g.IntN(9) {
	case 0: // lose a word
		return append(words[:i], words[i+1:]...)
	case 1: // twice
		return append(words[:i+1], words[i:]...)
	case 2: // two words into one
		if i+1 < len(words) {
			words[i] += strings.TrimPrefix(words[i+1], "-")
			return append(words[:i+1], words[i+2:]...)
		}
	case 3: // in the wrong order
		j := g.IntN(len(words))
		words[i], words[j] = words[j], words[i]
	case 4: // something left over
		return append(words, g.one("foo", "-", "--", "", "-z", "--foo", "80", "-nX", "-An", "--stats=1", "-n="))
	case 5: // one letter
		if w := words[i]; w != "" {
			j := g.IntN(len(w))
			words[i] = w[:j] + g.one("", "a", "-", "=", ":", "9", ".", " ", "\xff", "%s") + w[j+1:]
		}
	case 6: // an option of anything
		return append(words[:i+1], append(g.write(allOptions[g.IntN(len(allOptions))]), words[i+1:]...)...)
	case 7: // a second command
		return append(words, g.one("-A", "-L", "-C", "--add-server", "-S", "-l"))
	case 8: // a value of its own
		words[i] = g.one("", "0", "-1", "99999999999999999999", "a b", "[", "]", ",x", "=", strings.Repeat("x", 300))
	}
	return words
}

// avoided reports that the outcome is known to differ on purpose.
func avoided(words []string) bool {
	first := func(names ...string) int {
		for i, word := range words {
			for _, name := range names {
				if strings.HasPrefix(word, name) || len(name) == 2 && word != "" && word[0] == '-' && !strings.HasPrefix(word, "--") &&
					strings.Contains(word, name[1:]) {
					return i
				}
			}
		}
		return len(words)
	}
	service := first("-t", "-u", "-f", "--tcp", "--udp", "--sctp", "--fwmark")
	for i, word := range words {
		switch {
		case strings.HasPrefix(word, "--help") || strings.HasPrefix(word, "--version"), // X1
			i == 0 && (strings.HasPrefix(word, "-h") || strings.HasPrefix(word, "-v")):
			return true
		case strings.Contains(word, "[") && !strings.Contains(word, "::"): // X13
			return true
		case strings.Trim(word, ",") == "" && strings.Contains(word, ","), strings.HasSuffix(word, "-b,"), strings.HasSuffix(word, "=,"): // X14
			return true
		case strings.Contains(word, "flag-3"), strings.Contains(word, "lag-9"): // X12
			return true
		}
	}
	// X15; -M also when -6 follows it
	mask := first("-M", "--netmask")
	return service < len(words) && (first("-r", "--real-server") < service || mask < service) ||
		mask < len(words) && mask < first("-6", "--ipv6") && first("-6", "--ipv6") < len(words)
}
