// SPDX-License-Identifier: Apache-2.0

package resolve

import (
	"errors"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseHosts(t *testing.T) {
	const text = `# 10.0.0.9 comment
127.0.0.1	localhost
10.0.0.1 www.example.com. www # the first name counts
10.0.0.1 other
 fd00::1  six.example.com
::ffff:10.0.0.2 mapped
10.0.0.3
nonsense name
fe80::1%eth0 scoped
10.0.0.5 10.0.0.6
10.0.0.5 later
10.0.0.6 web:80
` + "10.0.0.7 a\vb\n" + `10.0.0.4 last`
	got := parseHosts(strings.NewReader(text))
	want := map[netip.Addr]string{
		netip.MustParseAddr("127.0.0.1"):       "localhost",
		netip.MustParseAddr("10.0.0.1"):        "www.example.com.",
		netip.MustParseAddr("fd00::1"):         "six.example.com",
		netip.MustParseAddr("::ffff:10.0.0.2"): "mapped",
		netip.MustParseAddr("fe80::1%eth0"):    "scoped",
		netip.MustParseAddr("10.0.0.5"):        "",
		netip.MustParseAddr("10.0.0.6"):        "",
		netip.MustParseAddr("10.0.0.7"):        "",
		netip.MustParseAddr("10.0.0.4"):        "last",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A pipe in the place of a file may never end.
func TestPipesAreNotRead(t *testing.T) {
	dir := t.TempDir()
	pipe, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "file")
	if err := errors.Join(unix.Mkfifo(pipe, 0o600), os.WriteFile(file, []byte("10.0.0.1 a\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if got := readHosts(pipe); got != nil {
		t.Errorf("hosts: %v", got)
	}
	if got := readServices(pipe); got.names != nil || got.ports != nil {
		t.Errorf("services: %v", got)
	}
	if got := readHosts(file); len(got) != 1 {
		t.Errorf("hosts of a file: %v", got)
	}
	for path, want := range map[string]bool{
		pipe: false, "/dev/zero": false, file: true, "/dev/null": true, dir: true, filepath.Join(dir, "none"): true,
	} {
		if got := areFinite(file, path); got != want {
			t.Errorf("the resolver may read %s: %v", path, got)
		}
	}
}

func TestParseSources(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "files dns",
		"passwd: files\n":                       "files dns",
		"# hosts: dns\nhosts:\tfiles dns\n":     "files dns",
		"hosts: files mymachines resolve dns\n": "files mymachines resolve dns",
		"hosts:dns files\n":                     "dns files",
		" hosts : dns files\n":                  "dns files",
		"hosts:files # dns\n":                   "files",
		"hosts:\n":                              "",
	} {
		if got := strings.Join(parseSources(strings.NewReader(text)), " "); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// A name that is not a host name, such as another address, would change the meaning of
// saved rules.
func TestIsHostName(t *testing.T) {
	long := strings.Repeat("x", 63)
	for name, want := range map[string]bool{
		"a": true, "www.example.com": true, "www.example.com.": true, "a-b.c_d": true, "_x": true, "1a": true, "3com.4": true, long: true,
		strings.Repeat(long+".", 3) + strings.Repeat("y", 61): true,
		strings.Repeat(long+".", 3) + strings.Repeat("y", 62): false,
		"": false, ".": false, "10.0.0.4": false, "1": false, "7.8": false, "web:80": false, "-n": false, "n-": false, "a.-b": false, "a..b": false,
		".a": false, "a,b": false, "[x]": false, "a%b": false, "a$(x)": false, "a b": false, "\u00e9": false, long + "x": false,
	} {
		if isHostName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
