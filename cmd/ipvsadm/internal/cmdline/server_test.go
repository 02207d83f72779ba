// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"net/netip"
	"strings"
	"testing"
)

// A firewall mark counts as TCP for the port name of a server, before and after -r.
func TestServerPortNameWithFWMark(t *testing.T) {
	for line, want := range map[string]string{
		"-a -f 1 -r 10.0.0.3:http": "10.0.0.3:80",
		"-a -r 10.0.0.4:http -f 1": "10.0.0.4:80",
	} {
		c, err := parse(strings.Fields(line)...)
		if err != nil || c.Edit.Service.FWMark != 1 || c.Edit.Destination.AddrPort != netip.MustParseAddrPort(want) {
			t.Errorf("%s: %+v, %v", line, c, err)
		}
	}
	for line, want := range map[string]string{
		"-a -f 1 -6 -r 10.9.0.1:http":   "Different address family is allowed only for tunneling servers",
		"-a -f 1 -r 10.9.0.1:tftp -w x": "illegal real server address[:port] specified",
	} {
		if _, err := parse(strings.Fields(line)...); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}

// A port name without a service is reported before any other error.
func TestServerPortNameWithoutServiceIsFirstError(t *testing.T) {
	for _, line := range []string{
		"-E -r 10.9.0.1:http", "-E -r 10.9.0.1:http foo", "-a -r 10.9.0.1:http --foo", "-a -r [fd00::9]:http -w",
		"-e -r 10.9.0.1:http -A", "-L -r 10.9.0.1:http", "--set -r 10.9.0.1:http 1 2 3", "-a -r 10.9.0.1:http -r 10.9.0.2",
	} {
		if _, err := parse(strings.Fields(line)...); err == nil || err.Error() != "illegal real server address[:port] specified" {
			t.Errorf("%s: %v", line, err)
		}
	}
	const want = "You need to supply the 'service-address' option for the 'add-server' command"
	if _, err := parse("-a", "-r", "10.9.0.1:80"); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
