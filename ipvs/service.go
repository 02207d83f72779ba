package ipvs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
)

// ServiceID tells one virtual service from all others. It is comparable, so it
// serves as a map key.
//
// A service is either an address (Protocol and AddrPort) or a firewall mark
// (FWMark and Family); the fields of the other kind are zero.
type ServiceID struct {
	Protocol Protocol
	// AddrPort is the virtual address. Port 0 takes all ports; the kernel accepts
	// it without the Persistent flag too, but ipvsadm does not.
	AddrPort netip.AddrPort
	// FWMark is the firewall mark, 1 to 4294967295; 0 means an address service.
	FWMark uint32
	// Family is the family of a firewall mark service; 0 means IPv4. The family
	// of an address service is that of its address: see AddressFamily.
	Family Family
}

// AddressFamily is the family of the service's addresses.
func (id ServiceID) AddressFamily() Family {
	switch {
	case id.FWMark == 0:
		return FamilyOf(id.AddrPort.Addr())
	case id.Family == 0:
		return IPv4
	}
	return id.Family
}

// String is "TCP 10.0.0.1:80", "FWM 7" or "FWM 7 IPv6".
func (id ServiceID) String() string {
	if id.FWMark == 0 {
		return id.Protocol.String() + " " + id.AddrPort.String()
	}
	s := "FWM " + strconv.FormatUint(uint64(id.FWMark), 10)
	if id.AddressFamily() == IPv6 {
		s += " IPv6"
	}
	return s
}

// Service is a virtual service. To change one, send it whole: the kernel
// replaces every field but the counters.
type Service struct {
	ServiceID

	// Scheduler is the scheduler's name, at most 15 bytes, such as wlc; "none"
	// stands for having none. The kernel refuses an empty name.
	Scheduler string
	// Flags as in IP_VS_SVC_F_*; the kernel reports Hashed by itself.
	Flags ServiceFlags
	// FlagsMask names the flags that an edit sets; the others stay as they are
	// in the kernel. Zero means all of them.
	FlagsMask ServiceFlags
	// Timeout is the persistence timeout in seconds, of meaning with the
	// Persistent flag only.
	Timeout uint32
	// Netmask groups the clients of a persistent service. IPv4: the mask as a
	// number, 0xffffff00 for 255.255.255.0. IPv6: the prefix length, 1 to 128.
	// Family.HostNetmask keeps every client apart.
	Netmask uint32
	// PersistenceEngine is the name of the engine, such as sip; empty means none.
	PersistenceEngine string

	// Stats are the counters, read only.
	Stats Stats
}

// MarshalBinary returns the attributes that identify the service: what the
// kernel wants to find one.
func (id ServiceID) MarshalBinary() ([]byte, error) {
	return marshal(id.encode)
}

func (id *ServiceID) encode(e *encoder) {
	family := id.AddressFamily()
	if family == 0 {
		e.fail(errors.New("service has neither an address nor a firewall mark"))
	}
	e.uint16(svcFamily, uint16(family))
	if id.FWMark != 0 {
		e.uint32(svcFWMark, id.FWMark)
		return
	}
	e.uint16(svcProtocol, uint16(id.Protocol))
	e.addr(svcAddr, id.AddrPort.Addr())
	e.port(svcPort, id.AddrPort.Port())
}

// MarshalBinary returns the attributes inside IPVS_CMD_ATTR_SERVICE. Counters
// are included if there are any; the kernel ignores them in a request.
func (s Service) MarshalBinary() ([]byte, error) {
	return marshal(s.encode)
}

func (s *Service) encode(e *encoder) {
	s.ServiceID.encode(e)
	e.name(svcScheduler, "scheduler", s.Scheduler)
	if s.PersistenceEngine != "" {
		e.name(svcPEName, "persistence engine", s.PersistenceEngine)
	}
	// struct ip_vs_flags
	mask := s.FlagsMask
	if mask == 0 {
		mask = ^ServiceFlags(0)
	}
	e.header(svcFlags, 8)
	e.b = binary.NativeEndian.AppendUint32(e.b, uint32(s.Flags))
	e.b = binary.NativeEndian.AppendUint32(e.b, uint32(mask))
	e.uint32(svcTimeout, s.Timeout)
	e.netmask(svcNetmask, s.AddressFamily(), s.Netmask)
	s.Stats.encode(e, svcStats, svcStats64)
}

// UnmarshalBinary reads the attributes inside IPVS_CMD_ATTR_SERVICE. Unknown
// attributes are skipped; attributes of a wrong length, or an address without
// its family, are errors.
func (s *Service) UnmarshalBinary(b []byte) error { return prefixed(s.decode(b)) }

func (s *Service) decode(b []byte) error {
	*s = Service{}
	a := decoder{rest: b}
	var (
		family      Family
		addr        []byte
		port        uint16
		netmask     []byte
		stats       statsDecoder
		hasIdentity bool
	)
	for a.next() {
		switch a.typ {
		case svcFamily:
			family = Family(a.uint16())
		case svcProtocol:
			s.Protocol = Protocol(a.uint16())
		case svcAddr:
			addr = a.value
			hasIdentity = true
		case svcPort:
			port = a.port()
		case svcFWMark:
			s.FWMark = a.uint32()
			hasIdentity = true
		case svcScheduler:
			s.Scheduler = a.text()
		case svcPEName:
			s.PersistenceEngine = a.text()
		case svcFlags:
			s.decodeFlags(&a)
		case svcTimeout:
			s.Timeout = a.uint32()
		case svcNetmask:
			netmask = a.value
		case svcStats:
			stats.old = a.value
		case svcStats64:
			stats.wide = a.value
		}
	}
	if a.err == nil {
		a.err = stats.decode(&s.Stats)
	}
	if a.err != nil {
		return fmt.Errorf("service: %w", a.err)
	}
	if !hasIdentity {
		return errors.New("service: no address and no firewall mark in the kernel's reply")
	}
	if s.FWMark != 0 {
		// The kernel keeps TCP as the protocol of a mark; it means nothing.
		s.Protocol = 0
		if family != IPv4 {
			s.Family = family
		}
	} else {
		ip, err := decodeAddr(family, addr)
		if err != nil {
			return fmt.Errorf("service: %w", err)
		}
		s.AddrPort = netip.AddrPortFrom(ip, port)
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
	if !a.has(8) {
		return
	}
	s.Flags = ServiceFlags(binary.NativeEndian.Uint32(a.value))
	s.FlagsMask = ServiceFlags(binary.NativeEndian.Uint32(a.value[4:]))
	if s.FlagsMask == ^ServiceFlags(0) {
		s.FlagsMask = 0
	}
}
