// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
)

// ServiceID identifies a virtual service. It is comparable, so it serves as a map key.
//
// A service has either an address or a firewall mark: either Protocol and AddrPort, or
// FWMark and IPv6 are set. Each service has one ServiceID, and a service that was read
// has the ServiceID with which it was written. A ServiceID that mixes the two kinds, or
// is of neither, is an error when it is sent.
type ServiceID struct {
	// AddrPort is the virtual address. Port 0 stands for all ports. ipvsadm accepts
	// it only with the Persistent flag; the kernel does not require the flag.
	//
	// An IPv4-mapped IPv6 address such as ::ffff:10.0.0.1, which net.IP often holds,
	// is an error unless IPv6 is set: call netip.Addr.Unmap for the IPv4 address. An
	// address with a zone is an error.
	AddrPort netip.AddrPort
	// FWMark is the firewall mark, 1 to 4294967295. 0 means an address service.
	FWMark uint32
	// Protocol is the protocol of an address service. NewService refuses 0, because no
	// packet reaches such a service. What another program has made can be read, edited
	// and deleted.
	Protocol Protocol
	// IPv6 makes a firewall mark service one of IPv6 instead of IPv4. The family of an
	// address service is that of its address, so IPv6 is not set, with one exception:
	// with an IPv4-mapped IPv6 address, IPv6 says that the address is meant as it is.
	// The kernel takes such a service, but no IPv4 packet reaches it.
	IPv6 bool
}

// AddressFamily returns the family of the service, for both kinds of services. It is
// 0 without an address and a mark.
func (id ServiceID) AddressFamily() Family {
	switch {
	case id.FWMark == 0:
		return FamilyOf(id.AddrPort.Addr())
	case id.IPv6:
		return IPv6
	}
	return IPv4
}

// String returns "TCP 10.0.0.1:80", "FWM 7" or "FWM 7 IPv6". ParseServiceID is its
// inverse.
func (id ServiceID) String() string {
	if id.FWMark == 0 {
		return id.Protocol.String() + " " + id.AddrPort.String()
	}
	s := fwmarkWord + " " + strconv.FormatUint(uint64(id.FWMark), 10)
	if id.IPv6 {
		s += " IPv6"
	}
	return s
}

// check returns an error if the kernel would take the service for another one, or has
// no such service.
func (id *ServiceID) check() error {
	if id.FWMark != 0 {
		if id.Protocol != 0 || id.AddrPort != (netip.AddrPort{}) {
			return errors.New("service has both a firewall mark and an address or a protocol: set one of them")
		}
		return nil
	}
	addr := id.AddrPort.Addr()
	switch {
	case *id == ServiceID{}:
		return errors.New("service has neither an address nor a firewall mark")
	case !addr.IsValid() && id.IPv6 && id.Protocol == 0:
		return errors.New("firewall mark of the service is missing")
	case addr.Is4In6() && !id.IPv6 && addr.Zone() == "":
		return fmt.Errorf("address %s of the service is an IPv4-mapped IPv6 address: call Unmap for IPv4, or set IPv6", addr)
	case addr.IsValid() && id.IPv6 && !addr.Is4In6():
		return fmt.Errorf("IPv6 is set for a service with the address %s: it is for firewall marks", addr)
	}
	return checkAddr("service", addr)
}

// checkAddr returns an error for an address that is not a host's. whose is its owner.
func checkAddr(whose string, addr netip.Addr) error {
	switch {
	case !addr.IsValid():
		return fmt.Errorf("address of the %s is missing", whose)
	case addr.Zone() != "":
		return fmt.Errorf("address %s of the %s has a zone: zones are not for IPVS", addr, whose)
	}
	return nil
}

// Service is a virtual service. An edit sends all fields: the kernel replaces every
// setting, except the flags outside FlagsMask.
//
// Its JSON form has lower-case names and words, as in
//
//	{"id": "TCP 10.0.0.1:80", "scheduler": "wlc", "flags": "persistent", "persistence_timeout": 300}
//
// and leaves out what is zero, except the scheduler. Names must be valid UTF-8 there.
type Service struct {
	ServiceID

	// Scheduler is the name of the scheduler, such as WeightedLeastConnection or "wlc",
	// at most 15 bytes. NoScheduler means none. The kernel refuses an empty name.
	Scheduler string
	// Flags are IP_VS_SVC_F_*. The kernel sets Hashed itself.
	Flags ServiceFlags
	// FlagsMask selects the flags that an edit sets; the others keep their values in
	// the kernel. Zero means all flags.
	FlagsMask ServiceFlags
	// Timeout is the persistence timeout in whole seconds. It applies only with the
	// Persistent flag. Seconds converts a time.Duration, TimeoutDuration the other
	// way. The kernel counts ticks with 32 bits: every kernel takes up to
	// 4294967 seconds, and stores another value for some larger ones without an error.
	Timeout uint32
	// Netmask groups the clients of a persistent service. The zero value makes each
	// client a group of its own.
	Netmask Netmask
	// PersistenceEngine is the name of the persistence engine, such as SIP. Empty
	// means none.
	PersistenceEngine string

	// Stats are the counters and rates, read only.
	Stats Stats
}

// encode writes the attributes that identify the service.
func (id *ServiceID) encode(e *encoder) {
	if err := id.check(); err != nil {
		e.Fail(err)
		return
	}
	e.Uint16(svcFamily, uint16(id.AddressFamily()))
	if id.FWMark != 0 {
		e.Uint32(svcFWMark, id.FWMark)
		return
	}
	e.Uint16(svcProtocol, uint16(id.Protocol))
	encodeAddr(e, svcAddr, id.AddrPort.Addr())
	e.BigEndian16(svcPort, id.AddrPort.Port())
}

// encode writes the attributes inside IPVS_CMD_ATTR_SERVICE. It includes counters if they
// are not zero; the kernel ignores them in a request.
func (s *Service) encode(e *encoder) {
	s.ServiceID.encode(e)
	encodeName(e, svcScheduler, "scheduler", s.Scheduler)
	if s.PersistenceEngine != "" {
		encodeName(e, svcPEName, "persistence engine", s.PersistenceEngine)
	}
	// struct ip_vs_flags
	mask := s.FlagsMask
	if mask == 0 {
		mask = ^ServiceFlags(0)
	}
	e.TwoUint32(svcFlags, uint32(s.Flags), uint32(mask))
	e.Uint32(svcTimeout, s.Timeout)
	s.Netmask.encode(e, s.AddressFamily())
	s.Stats.encode(e, svcStats, svcStats64)
}

// decode reads the attributes inside IPVS_CMD_ATTR_SERVICE. It skips unknown attributes. An
// attribute of a wrong length, or an address without its family, is an error.
func (s *Service) decode(b []byte) error {
	*s = Service{}
	a := decoder{Rest: b}
	var (
		family      Family
		addr        []byte
		port        uint16
		netmask     []byte
		stats       statsDecoder
		hasIdentity bool
	)
	for a.Next() {
		switch a.Type {
		case svcFamily:
			family = Family(a.Uint16())
		case svcProtocol:
			s.Protocol = Protocol(a.Uint16())
		case svcAddr:
			addr = a.Value
			hasIdentity = true
		case svcPort:
			port = a.BigEndian16()
		case svcFWMark:
			s.FWMark = a.Uint32()
			hasIdentity = true
		case svcScheduler:
			s.Scheduler = a.Text()
		case svcPEName:
			s.PersistenceEngine = a.Text()
		case svcFlags:
			s.decodeFlags(&a)
		case svcTimeout:
			s.Timeout = a.Uint32()
		case svcNetmask:
			netmask = a.Value
		case svcStats:
			stats.attr32 = a.Value
		case svcStats64:
			stats.attr64 = a.Value
		}
	}
	if a.Err == nil {
		a.Err = stats.decode(&s.Stats)
	}
	if a.Err != nil {
		return fmt.Errorf("service: %w", a.Err)
	}
	if !hasIdentity {
		return errors.New("service: no address and no firewall mark in the kernel's reply")
	}
	if s.FWMark != 0 {
		if family != IPv4 && family != IPv6 {
			return fmt.Errorf("service: firewall mark of unknown family %s", family)
		}
		// The kernel reports TCP as the protocol of a mark, which has no effect.
		s.Protocol, s.IPv6 = 0, family == IPv6
	} else {
		ip, err := decodeAddr(family, addr)
		if err != nil {
			return fmt.Errorf("service: %w", err)
		}
		s.AddrPort, s.IPv6 = netip.AddrPortFrom(ip, port), ip.Is4In6()
	}
	if netmask != nil {
		var err error
		if s.Netmask, err = decodeNetmask(family, netmask); err != nil {
			return fmt.Errorf("service: %w", err)
		}
	}
	return nil
}

// decodeFlags reads struct ip_vs_flags. The kernel reports a mask of all ones.
func (s *Service) decodeFlags(a *decoder) {
	if !a.CheckSize(8) {
		return
	}
	s.Flags = ServiceFlags(binary.NativeEndian.Uint32(a.Value))
	s.FlagsMask = ServiceFlags(binary.NativeEndian.Uint32(a.Value[4:]))
	if s.FlagsMask == ^ServiceFlags(0) {
		s.FlagsMask = 0
	}
}
