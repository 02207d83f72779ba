// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// A generator makes up command lines: most of them plausible, many of them wrong in one place or another, all of them
// about a handful of services and servers, so that they meet. It leaves alone what is known to differ on purpose and
// changes what is in the kernel:
//
//	X13  ports after brackets around IPv4 addresses and names, hosts that have IPv6 addresses only
//	X14  lists of nothing but commas            X15  a name of a port, no port, or an IPv6 mask, before the service
//	X17  words of ipvsadm-restore               X18  rules without a command
//	X19  connections without privileges
//
// The other rows of the table are in known.go.
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
		if g.chance(3) {
			steps = append(steps, g.connections(), Step{Words: g.withOptions([]string{"ipvsadm", g.one("-Lc", "-Lnc", "-Lcn")}, listOptions, 2)})
		} else {
			steps = append(steps, g.step())
		}
	}
	for i := range steps {
		if steps[i].IsCommand() && slices.Contains(steps[i].Words, "--nosort") {
			steps[i].Marks.Same = true
		}
	}
	return steps
}

// connections makes up a list of connections as the kernel writes it.
func (g generator) connections() Step {
	var list strings.Builder
	list.WriteString("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n")
	for range g.IntN(6) {
		end := func(six bool) string {
			host := g.one("0A000001", "0A000003", "0A000009", "C0A80001", "7F000001", "00000000", "FFFFFFFF")
			if six { // the last has no name: whether libc finds one for 10.0.0.1 in it differs by version
				host = g.one("FD00:0000:0000:0000:0000:0000:0000:0001", "fd00:0db8:1111:2222:3333:4444:5555:6666", "0000:0000:0000:0000:0000:FFFF:0A00:0063")
			}
			return host + " " + g.one("0050", "0035", "0000", "01BB", "FFFF", "13C4", "1F90")
		}
		// Only the server may be of another family, through a tunnel.
		six := g.chance(25)
		fmt.Fprintf(&list, "%-3s %s %s %s %-11s %7d", g.one("TCP", "TCP", "UDP", "SCTP", "IP"), end(six), end(six), end(g.chance(25)),
			g.one("ESTABLISHED", "FIN_WAIT", "NONE", "UDP", "SYN_RECV", "ERR!"), g.IntN(7000))
		if g.chance(20) {
			list.WriteString(" sip " + g.one("abc@def", "0123456789abcdef-0123456789abcdef@192.0.2.1", "x"))
		}
		list.WriteByte('\n')
	}
	return Step{Words: []string{"conn"}, Stdin: Input{Bytes: []byte(list.String())}}
}

func (g generator) step() Step {
	if g.chance(5) {
		return Step{Words: []string{"ipvsadm-restore"}, Stdin: Input{Bytes: []byte(g.table())}}
	}
	if g.chance(5) {
		return Step{Words: append([]string{"ipvsadm-save"}, g.saveWords()...)}
	}
	if g.chance(8) {
		return g.stream()
	}
	s := Step{Words: append([]string{"ipvsadm"}, g.line()...)}
	switch {
	case g.chance(2):
		s.Marks.As = g.one("/sbin/ipvsadm", "./ipvsadm", "lvs", "ipvsadm-saved")
	case g.chance(2) && !strings.Contains(strings.Join(s.Words, " "), "c") && len(s.Words) > 1 && !asksForHelp(s.Words[1]): // X19, X1
		s.Marks.Nobody = true
	}
	return s
}

// saveWords makes up words of ipvsadm-save.
func (g generator) saveWords() []string {
	var words []string
	for range g.IntN(4) {
		words = append(words, g.one("-n", "-n", "-n", "-n", "foo", "", "n", "-h", "--help", "-x", "-", "--", "-nn", "-n=", "--numeric"))
	}
	return words
}

// stream makes up a step with a rules stream.
func (g generator) stream() Step {
	s := Step{Words: []string{"ipvsadm", g.one("-R", "-R", "--restore")}}
	for range 1 + g.IntN(5) {
		if g.chance(8) {
			s.Stdin.Bytes = append(s.Stdin.Bytes, g.one("# -C\n", "\n", " \t \n", "#\n", "#!/sbin/ipvsadm -C\n")...)
		}
		s.Stdin.Bytes = append(s.Stdin.Bytes, g.rule()...)
	}
	if g.chance(10) {
		s.Stdin.Bytes = bytes.TrimSuffix(s.Stdin.Bytes, []byte("\n"))
	}
	return s
}

// rule makes up a line of a rules stream. That of an order of the kernel's own can only be compared in one namespace, what
// belongs to nothing but a command line is a bad line (X6), and a daemon is started or stopped a little later than it says.
func (g generator) rule() string {
	for {
		words := g.line()
		line := strings.Join(words, g.one(" ", " ", " ", "  ", "\t", " \r"))
		if strings.ContainsAny(line, "\n\x00") || strings.TrimSpace(line) == "" || strings.TrimSpace(line)[0] == '#' ||
			strings.Contains(line, "nosort") || len(line) > 1000 || strings.Contains(line, "aemon") {
			continue
		}
		if first := strings.Fields(line)[0]; strings.HasPrefix(first, "-R") || first == "--restore" || asksForHelp(first) {
			continue
		}
		if g.chance(10) {
			line = "ipvsadm " + line
		}
		if g.chance(5) {
			line = g.one(" ", "\t", "") + line + g.one(" # as before", " #", "#-x", " ipvsadm")
		}
		return line + g.one("\n", "\n", "\n", " \n", "\r\n", "\n\n")
	}
}

// asksForHelp tells whether a first word prints help or the version, whatever follows it.
func asksForHelp(word string) bool {
	return word == "--help" || word == "--version" || strings.HasPrefix(word, "-h") || strings.HasPrefix(word, "-v")
}

// line makes up the words of a command line without the program's name.
func (g generator) line() []string {
	for {
		words := g.command()
		if g.chance(10) {
			words = cluster(words)
		}
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
		return []string{g.one("-C", "-Z", "-S", "-S", "--clear", "--save", "--zero", "-h", "-v", "--help", "--version", "-vz", "-h=1")}
	case 15:
		if g.chance(50) {
			return []string{"--set", g.value(timeouts), g.value(timeouts), g.value(timeouts)}
		}
		words := g.give("", g.one("--start-daemon", "--start-daemon", "--stop-daemon"), g.value(`master master master backup MASTER ""`))
		return g.withOptions(words, daemonOptions, 3)
	case 16:
		words := append([]string{g.one("-L", "-Ln", "-l", "--list")}, g.service()...)
		return g.withOptions(words, listOptions, 2)
	default:
		return g.withOptions([]string{g.one("-L", "-Ln", "-Ln", "-Ln", "-S", "-Sn", "--list", "-l")}, listOptions, 2)
	}
}

// table makes up the rules of a table, as -S would print them: nothing in them is wrong, and there are some (X18).
func (g generator) table() string {
	for {
		if rules := g.rules(); rules != "" {
			return rules
		}
	}
}

func (g generator) rules() string {
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
	addresses = `10.0.0.1 10.0.0.1 10.0.0.1 10.0.0.1 10.0.0.2 10.0.0.2 10.0.0.3 vip 10.1 0x0a000001 10.0.0.256 nowhere 10.0.0.1.1 167772161 vip.example
		both VIP real1. localhost 192.168.0.1 200.0.0.1 [10.0.0.1 10.0.0.1] [] [nowhere] vip_x -vip ""`
	ports  = `80 80 80 80 443 http 0 65535 65536 x 080 +80 https domain ftp tftp ntp sip HTTP http-alt www -1 ""`
	marks  = `1 1 1 2 2 3 01 0 -1 x 4294967296 2147483647 2147483648 4294967295 0x1 1.0 ""`
	hosts6 = `[fd00::1]:80 [fd00::1]:80 [fd00::1]:443 [fd00::2]:80 [fd00::1]:0 fd00::1 [fd00::1] [fd00::g]:80 [fd00::1]:x [fd00::1]:http [fd00::1]:https
		fd00::1:80 [fd00::1]80 [fd00::1]: [fd00::1:80 fd00::1]:80 [::ffff:10.0.0.1]:80 ::ffff:10.0.0.1 [fd00::1%eth0]:80 [fd00::1]:tftp [[fd00::1]]:80`
	servers = `10.0.0.3 10.0.0.3 10.0.0.3:80 10.0.0.3:80 10.0.0.4 10.0.0.4:8080 10.0.0.5:0 real1 real2:80 127.0.0.1 0.0.0.0 255.255.255.255 x 5 10.0.0.3:x
		10.0.0.3:http real1:http real2:https both:http both real1.example:domain 10.0.0.3:tftp real1:ntp nowhere:http :80 :http 10.0.0.3: 10.0.0.3:80:80
		192.168.0.3 200.0.0.3:80 localhost VIP:http 0x0a000003:http [10.0.0.3 [nowhere]:http 10.0.0.3:+80 10.0.0.3:65536 5:http "" : []:http`
	servers6 = `fd00::3 [fd00::3]:80 fd00::4 [fd00::4]:8080 [fd00::5] fd00::x :: ff02::1 [fd00::3]:http [fd00::4]:https both [fd00::3]:x [fd00::3]:tftp
		[fd00::3]: [fd00::3]http ::ffff:10.0.0.3 [::1]:http 10.0.0.3:http real1:http`
	schedulers = `rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf none nonsense ""`
	timeouts   = `1 300 2678400 0 2678401 -1 x 010 ""`
	masks      = `255.255.255.0 255.255.0.0 24 64 128 1 0 129 x vip 255.255.255.255 real1.example nowhere 0xffffff00 255.255.255 64x "" 255.255.255.0:80`
	flagLists  = `flag-1 flag-2 flag-1,flag-2 sh-port sh-fallback sh-port,sh-fallback mh-port mh-fallback nonsense flag-1,x flag-3 flag-1,flag-3
		flag-1, ,flag-2 flag-1,,flag-2 flag-1,flag-1 FLAG-1 flag-`
	numbers  = `0 1 2 10 100 2147483647 2147483648 -1 x "" 1x +3`
	bytes255 = `0 1 255 256 -1 x`
	tunnels  = `ipip gue gue gre nonsense`
	groups   = `224.0.0.99 239.1.1.1 ff02::99 1.2.3.4 x vip "" 224.0.0.99: ff02::99%lo 0xe0000063 224.1`
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
	{"", "--mcast-interface", `eth0 eth0 lo nonsense ""`, false}, {"", "--syncid", bytes255, false},
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
		words := g.give("-f", "--fwmark-service", g.value(marks))
		if g.chance(40) {
			words = append(words, g.one("-6", "--ipv6"))
		}
		return words
	case 1, 2:
		return g.protocol(g.value(hosts6))
	}
	host := g.value(addresses)
	if !g.chance(10) {
		host += ":" + g.value(ports)
	}
	return g.protocol(host)
}

func (g generator) protocol(host string) []string {
	switch g.IntN(6) {
	case 0:
		return g.give("-u", "--udp-service", host)
	case 1:
		return g.give("", "--sctp-service", host)
	}
	return g.give("-t", "--tcp-service", host)
}

func (g generator) server(command string) []string {
	service := g.service()
	host := g.value(servers)
	if strings.Contains(strings.Join(service, ""), "::") != g.chance(8) || service[len(service)-1] == "-6" {
		host = g.value(servers6)
	}
	server := g.give("-r", "--real-server", host)
	switch {
	case g.chance(3):
		return append([]string{command}, server...) // without a service
	case g.chance(5):
		return append(append([]string{command}, server...), service...)
	}
	return append(append([]string{command}, service...), server...)
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

// write writes an option.
func (g generator) write(o option) []string {
	if o.values == "" || o.mayLack && g.chance(50) {
		if o.short != "" && g.chance(70) {
			return []string{o.short}
		}
		return []string{o.long}
	}
	return g.give(o.short, o.long, g.value(o.values))
}

// give writes an option with its value in one of the ways that there are.
func (g generator) give(short, long, value string) []string {
	name, glue := long, "="
	if short != "" && g.chance(70) {
		name, glue = short, g.one("", "", "=")
	}
	if g.chance(70) || glue == "" && value == "" {
		return []string{name, value}
	}
	return []string{name + glue + value}
}

// cluster writes two words of one letter each as one: -A -t is -At.
func cluster(words []string) []string {
	for i := 1; i < len(words); i++ {
		if isLetter(words[i-1]) && isLetter(words[i]) {
			joined := append(append([]string{}, words[:i-1]...), words[i-1]+words[i][1:])
			return append(joined, words[i+1:]...)
		}
	}
	return words
}

func isLetter(word string) bool { return len(word) == 2 && word[0] == '-' && word[1] != '-' }

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
	line := " " + strings.Join(words, " ") + " "
	if bracketed.MatchString(line) || onlyIPv6.MatchString(line) || onlyCommas.MatchString(line) {
		return true
	}
	// X15
	service := serviceOption.FindStringIndex(line)
	if mask := maskOption.FindStringIndex(line); mask != nil {
		six := sixOption.FindStringIndex(line)
		if service != nil && mask[0] < service[0] || six != nil && mask[0] < six[0] {
			return true
		}
	}
	if service == nil {
		return false
	}
	named, without := namedPort.FindStringIndex(line), noPort.FindStringIndex(line)
	return named != nil && named[0] < service[0] || without != nil && without[0] < service[0] && portCounts.MatchString(line)
}

var (
	bracketed  = regexp.MustCompile(`\[[^\[\]: ]+\]:`) // X13
	onlyIPv6   = regexp.MustCompile(`\b(six|ip6-localhost)\b`)
	onlyCommas = regexp.MustCompile(`(-b=? ?|--sched-flags[= ]),+ `) // X14
	// The letters before the last one of a cluster take no value, else it would be one.
	serviceOption = regexp.MustCompile(` (-[ACDELRSXZacdeghilmnov6]*[tuf]|--(tcp|udp|sctp|fwmark)-service)`)
	maskOption    = regexp.MustCompile(` (-[ACDELRSXZacdeghilmnov6]*M|--netmask)`)
	sixOption     = regexp.MustCompile(` (-[A-Za-z]*6|--ipv6) `)
	noPort        = regexp.MustCompile(` (-[ACDELRSXZacdeghilmnov6]*r|--real-server)[= ]?[^ :]+ `)
	portCounts    = regexp.MustCompile(` (-[A-Za-z]*[dm][A-Za-z]*|--delete-server|--masquerading)[ =]`)
	namedPort     = regexp.MustCompile(` (-[ACDELRSXZacdeghilmnov6]*r|--real-server)[= ]?[^ ]*:[^ ]*[^ 0-9]`)
)
