// SPDX-License-Identifier: Apache-2.0

package format

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// expressibleServiceFlags are the flags that have an option, and the flag that the
// kernel sets itself.
const expressibleServiceFlags = ipvs.Persistent | ipvs.Hashed | ipvs.OnePacket |
	ipvs.SchedulerFlag1 | ipvs.SchedulerFlag2 | ipvs.SchedulerFlag3

// inexpressibleService lists the settings of a service that no option expresses.
// restorable tells whether a rule without them makes sense.
func inexpressibleService(s *ipvs.Service) (settings []string, restorable bool) {
	persistent, onePacket := s.Flags&ipvs.Persistent != 0, s.Flags&ipvs.OnePacket != 0
	_, hasOption := ServiceOption(s.Protocol)
	switch {
	case s.FWMark == 0 && !hasOption:
		settings = append(settings, "protocol "+s.Protocol.String())
	case NeedsPersistence(s.ServiceID) && !persistent:
		settings = append(settings, "port 0 without persistence")
	case onePacket && !AllowsOnePacket(s.ServiceID):
		settings = append(settings, "one-packet scheduling of "+s.Protocol.String())
	}
	if persistent && !PersistenceRange.Contains(s.Timeout) {
		settings = append(settings, fmt.Sprintf("persistence of %d seconds", s.Timeout))
	}
	if persistent && !expressibleNetmask(s) {
		settings = append(settings, "netmask "+s.Netmask.String())
	}
	if !isWord(s.Scheduler) {
		settings = append(settings, fmt.Sprintf("scheduler %q", s.Scheduler))
	}
	if s.PersistenceEngine != "" && !isWord(s.PersistenceEngine) {
		settings = append(settings, fmt.Sprintf("persistence engine %q", s.PersistenceEngine))
	}
	restorable = len(settings) == 0
	if flags := s.Flags &^ expressibleServiceFlags; flags != 0 {
		settings = append(settings, fmt.Sprintf("flags %#x", uint32(flags)))
	}
	return settings, restorable
}

// expressibleNetmask tells whether -M takes the mask of a service.
func expressibleNetmask(s *ipvs.Service) bool {
	if s.AddressFamily() == ipvs.IPv6 {
		bits, ok := s.Netmask.IPv6()
		return ok && PrefixRange.Contains(uint32(bits))
	}
	_, ok := s.Netmask.IPv4()
	return ok
}

// isWord tells whether a rules file can hold a name: package sysconfig splits its
// lines at blanks, cuts comments off and drops the word ipvsadm.
func isWord(name string) bool {
	return name != "" && name != "ipvsadm" &&
		!strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '#' })
}

// inexpressibleDestination does the same for a destination of a service.
func inexpressibleDestination(s *ipvs.Service, d *ipvs.Destination) (settings []string, restorable bool) {
	method := d.Forward & forwardMask
	_, hasOption := ForwardOption(method)
	tunnel, knownTunnel := TunnelOptionsOf(d.TunnelType)
	switch {
	case !hasOption && method != ipvs.Local:
		settings = append(settings, "forwarding method "+method.String())
	case method == ipvs.Tunnel && !knownTunnel:
		settings = append(settings, "tunnel type "+d.TunnelType.String())
	case method == ipvs.Tunnel && tunnel.Port && !TunnelPortRange.Contains(uint32(d.TunnelPort)):
		settings = append(settings, fmt.Sprintf("tunnel port %d", d.TunnelPort))
	case method != ipvs.Tunnel && NeedsTunnel(s.ServiceID, d.AddrPort.Addr()):
		settings = append(settings, "another address family without a tunnel")
	case d.AddrPort.Port() != s.AddrPort.Port() && !AllowsOtherPort(s.ServiceID, method):
		settings = append(settings, fmt.Sprintf("port %d without masquerading", d.AddrPort.Port()))
	}
	if !WeightRange.Contains(d.Weight) || !ThresholdRange.Contains(d.UpperThreshold) || !ThresholdRange.Contains(d.LowerThreshold) {
		settings = append(settings, fmt.Sprintf("a number above %d", WeightRange.Max))
	}
	restorable = len(settings) == 0
	if method == ipvs.Local {
		settings = append(settings, "forwarding method Local") // the rule without it is one for -g
	}
	checksum, _ := tunnel.checksum(d.TunnelFlags)
	if flags := d.TunnelFlags &^ checksum.Flags; method == ipvs.Tunnel && flags != 0 {
		settings = append(settings, fmt.Sprintf("tunnel flags %#x", uint16(flags)))
	}
	return settings, restorable
}

// expressibleTimeouts replaces the timeouts that --set does not take by 0, which leaves
// a timeout as it is, and lists them.
func expressibleTimeouts(timeouts ipvs.Timeouts) (expressible ipvs.Timeouts, settings []string) {
	expressible = timeouts
	for _, t := range [...]struct {
		name    string
		seconds *uint32
	}{{"TCP", &expressible.TCP}, {"TCP FIN", &expressible.TCPFin}, {"UDP", &expressible.UDP}} {
		if !TimeoutRange.Contains(*t.seconds) {
			settings = append(settings, fmt.Sprintf("%d seconds of %s", *t.seconds, t.name))
			*t.seconds = 0
		}
	}
	return expressible, settings
}

// inexpressibleDaemon lists the settings of a sync daemon that no option expresses. A
// rule without one of them would start another daemon.
func inexpressibleDaemon(d *ipvs.Daemon) (settings []string) {
	if !slices.Contains(DaemonStates[:], d.State) {
		settings = append(settings, "state "+d.State.String())
	}
	if !isWord(d.Interface) {
		settings = append(settings, fmt.Sprintf("interface %q", d.Interface))
	}
	if !SyncIDRange.Contains(d.SyncID) {
		settings = append(settings, fmt.Sprintf("syncid %d", d.SyncID))
	}
	if d.MaxLen != 0 && !SyncMaxLenRange.Contains(uint32(d.MaxLen)) {
		settings = append(settings, fmt.Sprintf("sync-maxlen %d", d.MaxLen))
	}
	if d.Group.IsValid() && !(d.Group.IsMulticast() && d.Group.Zone() == "") {
		settings = append(settings, "mcast-group "+d.Group.String())
	}
	return settings
}
