// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
)

// offered returns the options that completion offers after those already used.
func (c *CommandDescription) offered(used []string) (offered []OptionDescription) {
	group := map[string]string{}
	for _, o := range c.Options {
		group[o.Long] = o.Group
	}
	isUsed := func(long string) bool { return slices.Contains(used, long) }
	for _, o := range c.Options {
		sameGroup := func(long string) bool { return o.Group != "" && group[long] == o.Group }
		if !slices.ContainsFunc(used, sameGroup) && !slices.ContainsFunc(o.Conflicts, isUsed) &&
			(len(o.Needs) == 0 || slices.ContainsFunc(o.Needs, isUsed)) {
			offered = append(offered, o)
		}
	}
	return offered
}

// sampleValues has a value for each option that takes one.
var sampleValues = map[string]string{
	"tcp-service": "192.0.2.1:80", "udp-service": "192.0.2.1:80", "sctp-service": "192.0.2.1:80", "fwmark-service": "1",
	"scheduler": "wlc", "persistent": "300", "netmask": "255.255.255.0", "pe": "sip", "sched-flags": "flag-1",
	"real-server": "10.0.0.1:80", "weight": "1", "u-threshold": "2", "l-threshold": "1", "tun-type": "gue", "tun-port": "6080",
	"output": "json", "watch": "2", "monitor": "2", "sort-by": "conns", "state": "ESTABLISHED", "client": "10.0.0.0/8", "virtual": "192.0.2.1:80",
	"destination": "10.0.0.1:80", "count-by": "state", "director": "10.0.0.254", "rules": "-", "skip": "vip-missing",
	"wait": "60", "at-end": "undo", "idle": "60", "over": "60", "steps": "10", "start-daemon": "master", "stop-daemon": "backup",
	"mcast-interface": "eth0", "mcast-group": "224.0.0.81", "mcast-port": "8848", "mcast-ttl": "1", "syncid": "1", "netns": "blue", "sync-maxlen": "1400",
}

// roleFor returns the value of --diagnose that the other options need.
func roleFor(used []string) string {
	for _, long := range []string{"real-server", "masquerading", "ipip", "gatewaying", "director"} {
		if slices.Contains(used, long) {
			return "real-server"
		}
	}
	return "director"
}

// words returns the words of an option on a command line.
func (o *OptionDescription) words() []string {
	words := []string{"--" + o.Long}
	if o.Argument != "" {
		words = append(words, sampleValues[o.Long])
	}
	return words
}

// Whatever options of those offered a command line has, it is valid once it has those
// that the command needs.
func TestOfferedOptionsFitCommand(t *testing.T) {
	parser := NewParser(resolve.New(nil))
	for _, c := range Describe() {
		for range 2000 {
			words, used := c.words(), []string(nil)
			if c.Long == "set" {
				words = append(words, "900", "120", "300")
			}
			for len(used) < rand.IntN(8) {
				offered := c.offered(used)
				if len(offered) == 0 {
					break
				}
				o := offered[rand.IntN(len(offered))]
				words, used = append(words, o.words()...), append(used, o.Long)
			}
			words = withIPv6Values(append(words, c.missing(used)...))
			if c.Long == "diagnose" {
				words = withAddresses(words, roleFor(used))
			}
			if _, err := parser.Parse(words); err != nil {
				t.Errorf("%q: %v", words, err)
			}
		}
	}
}

// missing returns options that a command needs besides those used.
func (c *CommandDescription) missing(used []string) (words []string) {
	needed := tableRow(c.Long).action.legality().needed
	for _, long := range []string{"udp-service", "real-server", "weight"} {
		element := tableRow(long).element
		if needed.has(element) && !slices.ContainsFunc(used, func(u string) bool { return tableRow(u).element == element }) {
			words = append(words, "--"+long, sampleValues[long])
		}
	}
	if c.Long == "diagnose" && roleFor(used) == "real-server" {
		for element, option := range map[string]string{"service-address": "--tcp-service=192.0.2.1:80", "forwarding-method": "--ipip"} {
			if !slices.ContainsFunc(used, func(u string) bool { return tableRow(u).element.name() == element }) {
				words = append(words, option)
			}
		}
	}
	if slices.Contains(used, "tun-type") && !slices.Contains(used, "tun-port") {
		words = append(words, "--tun-port", sampleValues["tun-port"])
	}
	if slices.Contains(used, "keep") {
		setting := map[string]string{"edit-service": "scheduler", "edit-server": "weight"}[c.Long]
		if !slices.Contains(used, setting) {
			words = append(words, "--"+setting, sampleValues[setting])
		}
	}
	return words
}

// withIPv6Values gives the options of a service with --ipv6 values that fit it.
func withIPv6Values(words []string) []string {
	for option, value := range map[string]string{"--netmask": "64", "--real-server": "[fd00::1]:80"} {
		if i := slices.Index(words, option); i >= 0 && slices.Contains(words, "--ipv6") {
			words[i+1] = value
		}
	}
	return words
}

// withAddresses gives the options of --diagnose values that fit the role: the address of one
// client, and a service with an address.
func withAddresses(words []string, role string) []string {
	words[1] = role
	client := "192.0.2.7"
	if role == "director" && slices.Contains(words, "--ipv6") {
		client = "fd00::7"
	}
	for option, value := range map[string]string{"--client": client, "--real-server": sampleValues["real-server"]} {
		if i := slices.Index(words, option); i >= 0 {
			words[i+1] = value
		}
	}
	if i := slices.Index(words, "--fwmark-service"); i >= 0 && role == "real-server" {
		words[i], words[i+1] = "--udp-service", "192.0.2.1:53"
	}
	return slices.DeleteFunc(words, func(word string) bool { return word == "--ipv6" && role == "real-server" })
}

func tableRow(long string) *option { return options().Lookup(long).Value.(*option) }

// Each option that a command allows is offered at some time, except for those without an
// effect.
func TestEveryAllowedOptionIsOffered(t *testing.T) {
	for _, c := range Describe() {
		l := tableRow(c.Long).action.legality()
		for _, o := range tableRows() {
			allowed := l.takes().has(o.element) && !(c.Long == "list" && o.element == pointless)
			offered := slices.ContainsFunc(c.Options, func(d OptionDescription) bool { return d.Long == o.long })
			if allowed && !offered {
				t.Errorf("--%s is not offered after --%s", o.long, c.Long)
			}
		}
	}
}

func TestEveryOptionHasText(t *testing.T) {
	for _, c := range Describe() {
		for _, o := range append(c.Options, c.OptionDescription) {
			if o.Text == "" {
				t.Errorf("--%s has no text", o.Long)
			}
			if takesValue := tableRow(o.Long).kind != NoValue; takesValue != (o.Argument != "") {
				t.Errorf("--%s: argument %q", o.Long, o.Argument)
			}
		}
	}
}
