// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Overlay is what -e or -E with --keep says: the settings that its options name replace
// those that the kernel has, and the others stay.
type Overlay struct {
	// Service is the service to edit, or that of the server. It is zero for every
	// service that has the server.
	Service ipvs.ServiceID
	// Server selects the server by its address and, if HasPort is set, by its port. It
	// is zero for an edit of a service.
	Server ipvs.EndpointFilter

	named       optionSet
	service     ipvs.Service
	destination ipvs.Destination
	netmask     netmask
	schedFlags  string
}

// EditsServer tells whether the command edits servers, and not a service.
func (o *Overlay) EditsServer() bool { return o.Server.AddrPort.Addr().IsValid() }

// noSchedFlags is the value of -b that takes all scheduler flags away.
const noSchedFlags = "none"

// EditService edits the settings of a service that the kernel has. The error is a
// *UsageError if they do not go together then.
func (o *Overlay) EditService(s *ipvs.Service) error {
	if o.named.has(schedulerOption) {
		s.Scheduler = o.service.Scheduler
	}
	switch {
	case o.named.has(persistentOption):
		s.Flags |= ipvs.Persistent
		s.Timeout = o.service.Timeout
	case o.named.has(noPersistentOption):
		s.Flags &^= ipvs.Persistent
		s.Timeout = 0
	}
	if o.named.has(netmaskOption) {
		s.Netmask = o.netmask.value(s.AddressFamily())
	}
	switch {
	case o.named.has(opsOption):
		s.Flags |= ipvs.OnePacket
	case o.named.has(noOpsOption):
		s.Flags &^= ipvs.OnePacket
	}
	if o.named.hasAny(setOf(peOption, noPEOption)) {
		s.PersistenceEngine = o.service.PersistenceEngine
	}
	if !o.named.has(schedFlagsOption) {
		return nil
	}
	s.Flags &^= ipvs.SchedulerFlag1 | ipvs.SchedulerFlag2 | ipvs.SchedulerFlag3
	if o.schedFlags == noSchedFlags {
		return nil
	}
	flags, err := parseSchedFlags(s.Scheduler, o.schedFlags)
	s.Flags |= flags
	return err
}

// EditDestination edits the settings of a server that a service has. The error is a
// *UsageError if they do not go together then.
func (o *Overlay) EditDestination(id ipvs.ServiceID, d *ipvs.Destination) error {
	if o.named.has(weightOption) {
		d.Weight = o.destination.Weight
	}
	if o.named.has(upperOption) {
		d.UpperThreshold = o.destination.UpperThreshold
	}
	if o.named.has(lowerOption) {
		d.LowerThreshold = o.destination.LowerThreshold
	}
	if d.LowerThreshold > d.UpperThreshold && o.named.hasAny(setOf(upperOption, lowerOption)) {
		return Usagef("the lower threshold of %s of %s, %d, is above the upper one, %d", d.DestinationID, id, d.LowerThreshold, d.UpperThreshold)
	}
	if o.named.has(forwardOption) {
		if err := o.setForward(id, d); err != nil {
			return err
		}
	}
	return o.editTunnel(d)
}

// setForward sets the forwarding method, unless a server of that method cannot have the
// address or port of this one.
func (o *Overlay) setForward(id ipvs.ServiceID, d *ipvs.Destination) error {
	method := o.destination.Forward
	switch {
	case format.NeedsTunnel(id, d.AddrPort.Addr()) && method != ipvs.Tunnel:
		return WithHint(Usagef("Different address family is allowed only for tunneling servers"),
			familyHint(id, ipvs.FamilyOf(d.AddrPort.Addr())))
	case d.AddrPort.Port() != id.AddrPort.Port() && !format.AllowsOtherPort(id, method):
		return Usagef("server %s of %s needs -m, because it has another port than its service; delete it and add one with that port", d.DestinationID, id)
	}
	d.Forward = method
	return nil
}

// editTunnel edits the settings of a tunnel. A new type of tunnel keeps those that it
// takes.
func (o *Overlay) editTunnel(d *ipvs.Destination) error {
	const known = ipvs.TunnelChecksum | ipvs.TunnelRemoteChecksum
	if !o.named.hasAny(tunnelOptions().with(tunTypeOption)) {
		return nil
	}
	if d.Forward != ipvs.Tunnel {
		return WithHint(Usagef("Tunnel options conflict with forward method"), "tunnel options go with -i")
	}
	if o.named.has(tunTypeOption) {
		d.TunnelType = o.destination.TunnelType
	}
	l := tunnelLegality(d.TunnelType)
	if o.named.has(tunTypeOption) {
		d.TunnelFlags &^= known &^ checksumsOf(d.TunnelType)
		if !l.takes().has(tunPortOption) {
			d.TunnelPort = 0
		}
	}
	if d.TunnelPort != 0 {
		l.needed, l.allowed = l.needed.without(tunPortOption), l.allowed.union(l.needed.and(setOf(tunPortOption)))
	}
	if err := l.check(o.named.and(tunnelOptions()), "tunnel type", element.name, goesWithTunnel); err != nil {
		return err
	}
	if o.named.has(tunPortOption) {
		d.TunnelPort = o.destination.TunnelPort
	}
	if o.named.hasAny(tunnelChecksums()) {
		d.TunnelFlags = d.TunnelFlags&^known | o.destination.TunnelFlags
	}
	return nil
}

// checksumsOf returns the flags that a type of tunnel can have.
func checksumsOf(t ipvs.TunnelType) (flags ipvs.TunnelFlags) {
	options, _ := format.TunnelOptionsOf(t)
	for _, c := range options.Checksums {
		flags |= c.Flags
	}
	return flags
}

// checkKeep checks the options of a command with --keep against each other.
func (b *builder) checkKeep() error {
	for _, pair := range []struct{ sets, takesAway element }{
		{persistentOption, noPersistentOption}, {netmaskOption, noPersistentOption}, {opsOption, noOpsOption}, {peOption, noPEOption},
	} {
		if b.has(pair.sets) && b.has(pair.takesAway) {
			return Usagef("The option '%s' conflicts with the '%s' option", pair.takesAway.name(), pair.sets.name())
		}
	}
	for _, empty := range []struct {
		option element
		is     bool
	}{
		{schedulerOption, b.noScheduler}, {peOption, b.service.PersistenceEngine == ""}, {schedFlagsOption, b.schedFlags == ""},
	} {
		if b.has(empty.option) && empty.is {
			return WithHint(Usagef("empty '%s' option specified", empty.option.name()), "without the option, --keep leaves the setting as it is")
		}
	}
	if b.plus {
		return WithHint(illegal("weight"), "there is no arithmetic, because two programs would both add; name the weight itself")
	}
	if !b.seen.hasAny(serviceOptions().union(serverOptions(), takeAwayOptions())) {
		what := "the server's settings, such as -w"
		if b.action == editService {
			what = "the service's settings, such as -s"
		}
		return WithHint(Usagef("nothing to change"), "--keep changes only what options name; name one of "+what)
	}
	return nil
}

// completeKeep completes a command with --keep, and checks what does not depend on the
// settings in the kernel.
func (b *builder) completeKeep() error {
	id := b.service.ServiceID
	if b.action == editServer {
		if err := b.lookUpServerPort(); err != nil {
			return err
		}
		if id != (ipvs.ServiceID{}) && !b.server.hasPort {
			b.server.port, b.server.hasPort = id.AddrPort.Port(), true
		}
		return nil
	}
	if b.has(netmaskOption) {
		if err := b.netmask.check(id.AddressFamily()); err != nil {
			return err
		}
	}
	if b.has(schedulerOption) && b.schedFlags != noSchedFlags {
		if _, err := parseSchedFlags(b.service.Scheduler, b.schedFlags); err != nil {
			return err
		}
	}
	// What is not named is as it may be.
	if !b.has(noPersistentOption) {
		b.service.Flags |= ipvs.Persistent
	}
	return b.checkService()
}

// overlay returns what a command with --keep says.
func (b *builder) overlay() Overlay {
	o := Overlay{
		Service: b.service.ServiceID, named: b.seen,
		service: b.service, destination: b.destination, netmask: b.netmask, schedFlags: b.schedFlags,
	}
	if b.action == editServer {
		o.Server = ipvs.EndpointFilter{AddrPort: b.server.AddrPort(), HasPort: b.server.hasPort}
	}
	return o
}
