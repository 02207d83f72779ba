package main

import (
	"bufio"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"sync"

	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

const (
	hostsPath    = "/etc/hosts"
	nsswitchPath = "/etc/nsswitch.conf"
)

// hostsSources are the places where hosts are looked up, in their order.
var hostsSources = sync.OnceValue(func() []string {
	order, err := sysconfig.Open("/", nsswitchPath)
	if err != nil {
		return parseSources(strings.NewReader(""))
	}
	defer func() { _ = order.Close() }()
	return parseSources(order)
})

// parseSources reads the places to look up hosts in nsswitch.conf(5): files and
// dns if it says nothing.
func parseSources(order io.Reader) []string {
	for lines := bufio.NewScanner(order); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		database, sources, _ := strings.Cut(line, ":")
		if strings.TrimSpace(database) == "hosts" {
			return configFields(sources)
		}
	}
	return []string{"files", "dns"}
}

// onlyInFiles tells whether no name server is to be asked for hosts.
func onlyInFiles() bool {
	sources := hostsSources()
	return len(sources) == 1 && sources[0] == "files"
}

// hostsFile has the names of the addresses in /etc/hosts, and is empty if that is
// not the first place to look. The resolver knows them too, but takes 150 us for
// each of 1000 (emulated), so that a listing takes twice as long.
var hostsFile = sync.OnceValue(func() map[netip.Addr]string {
	if sources := hostsSources(); len(sources) == 0 || sources[0] != "files" {
		return nil
	}
	return readHosts(hostsPath)
})

func readHosts(path string) map[netip.Addr]string {
	file, err := sysconfig.Open("/", path)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	return parseHosts(file)
}

// resolverEnds tells whether the resolver gets to the end of its files. It would
// wait for ever for somebody at the other end of a pipe.
var resolverEnds = sync.OnceValue(func() bool { return haveEnds(hostsPath, nsswitchPath, "/etc/resolv.conf") })

func haveEnds(paths ...string) bool {
	null, nullErr := os.Stat(os.DevNull)
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeDevice) != 0 && (nullErr != nil || !os.SameFile(info, null)) {
			return false
		}
	}
	return true
}

// parseHosts reads hosts(5). The first name of an address counts; if that is no
// host name, the address has none here.
func parseHosts(file io.Reader) map[netip.Addr]string {
	names := map[netip.Addr]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := configFields(line)
		if len(fields) < 2 {
			continue
		}
		a, err := netip.ParseAddr(fields[0])
		if _, known := names[a]; err != nil || known {
			continue
		}
		names[a] = ""
		if isHostName(fields[1]) {
			names[a] = fields[1]
		}
	}
	return names
}

// configFields splits at those blanks that resolvers know.
func configFields(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' })
}

// isHostName tells whether a name is one that a rule may have in the place of an
// address: parts of letters, digits, hyphens and underscores, not all digits. Nor
// does such a name break the columns of a listing.
func isHostName(name string) bool {
	name = strings.TrimSuffix(name, ".")
	letter := false
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || len(part) > 63 || part[0] == '-' || part[len(part)-1] == '-' {
			return false
		}
		for _, c := range []byte(part) {
			switch {
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-', c == '_':
				letter = true
			case c < '0' || '9' < c:
				return false
			}
		}
	}
	return letter && len(name) <= 253
}
