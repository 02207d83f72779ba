package main

import (
	"maps"
	"net/netip"
	"strings"
	"testing"
)

func TestHostsFile(t *testing.T) {
	const text = `# 10.0.0.9 comment
127.0.0.1	localhost
10.0.0.1 www.example.com. www # the first name counts
10.0.0.1 other
 fd00::1  six.example.com
::ffff:10.0.0.2 mapped
10.0.0.3
nonsense name
fe80::1%eth0 scoped
10.0.0.4 last`
	got := parseHosts(strings.NewReader(text))
	want := map[netip.Addr]string{
		netip.MustParseAddr("127.0.0.1"):       "localhost",
		netip.MustParseAddr("10.0.0.1"):        "www.example.com.",
		netip.MustParseAddr("fd00::1"):         "six.example.com",
		netip.MustParseAddr("::ffff:10.0.0.2"): "mapped",
		netip.MustParseAddr("fe80::1%eth0"):    "scoped",
		netip.MustParseAddr("10.0.0.4"):        "last",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestFilesComeFirst(t *testing.T) {
	for text, want := range map[string]bool{
		"":                                      true,
		"passwd: files\n":                       true,
		"# hosts: dns\nhosts:\tfiles dns\n":     true,
		"hosts: files mymachines resolve dns\n": true,
		"hosts: dns files\n":                    false,
		"hosts: myhostname files\n":             false,
		"hosts:\n":                              false,
	} {
		if got := filesComeFirst(strings.NewReader(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
