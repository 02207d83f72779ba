// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// The change that a command line makes has the command and operands of its edit.
func TestChangeOfEdit(t *testing.T) {
	parser := NewParser(noDNS())
	for line, command := range map[string]ipvs.Command{
		"-A -t 10.0.0.1:80 -s wrr -p 60 -M 255.255.255.0 --pe sip -b flag-1": ipvs.CommandNewService,
		"-E -f 7 -6 -s mh":   ipvs.CommandSetService,
		"-D -u [fd00::1]:53": ipvs.CommandDelService,
		"-a -t 10.0.0.1:80 -r 10.0.0.2:80 -i -w 3 -x 9 -y 2 --tun-type gue --tun-port 6080 --tun-csum": ipvs.CommandNewDestination,
		"-e -f 7 -r 10.0.0.2 -m":           ipvs.CommandSetDestination,
		"-d -t 10.0.0.1:80 -r 10.0.0.2:80": ipvs.CommandDelDestination,
		"-C":                               ipvs.CommandFlush,
		"-Z":                               ipvs.CommandZero,
		"-Z -f 7":                          ipvs.CommandZero,
		"--set 1 0 3":                      ipvs.CommandSetConfig,
		"--start-daemon backup --mcast-interface eth1 --syncid 5 --sync-maxlen 1400 --mcast-group ff02::1 --mcast-port 99 --mcast-ttl 3": ipvs.CommandNewDaemon,
		"--stop-daemon master": ipvs.CommandDelDaemon,
	} {
		c, err := parser.Parse(strings.Fields(line))
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		ch := c.Edit.Change()
		got := Edit{ch.Command(), ch.Service(), ch.Destination(), ch.Daemon(), ch.Timeouts(), 0}
		if got != c.Edit || got.Command != command || ch.Err() != nil {
			t.Errorf("%s: the edit  %+v\nbecame the change %+v", line, c.Edit, got)
		}
	}
}
