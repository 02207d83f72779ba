// SPDX-License-Identifier: Apache-2.0

package kubeproxy

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// VirtualServer is one port of a Kubernetes Service at one of its addresses.
type VirtualServer struct {
	Address net.IP
	// Protocol is TCP, UDP or SCTP. Interface takes lower case too, and returns upper case.
	Protocol  string
	Port      uint16
	Scheduler string
	Flags     ServiceFlags
	// Timeout is the persistence timeout in seconds.
	Timeout uint32
}

// ServiceFlags are the kernel's flags of a virtual server.
type ServiceFlags = ipvs.ServiceFlags

// The flags that kube-proxy uses. The kernel sets FlagHashed itself, and Interface does not return it. Despite its name,
// FlagSourceHash makes the schedulers sh and mh hash the port of the client besides its address.
const (
	FlagPersistent = ipvs.Persistent
	FlagHashed     = ipvs.Hashed
	FlagSourceHash = ipvs.SourceHashingPort
)

// Equal reports whether both are the same virtual server with the same settings.
func (vs *VirtualServer) Equal(other *VirtualServer) bool {
	return vs.Address.Equal(other.Address) && vs.Port == other.Port && vs.Protocol == other.Protocol &&
		vs.Scheduler == other.Scheduler && vs.Flags == other.Flags && vs.Timeout == other.Timeout
}

// String returns the virtual server without its settings, such as "10.96.0.1:443/TCP".
func (vs *VirtualServer) String() string { return endpoint(vs.Address, vs.Port) + "/" + vs.Protocol }

func (vs *VirtualServer) id() (id ipvs.ServiceID, err error) {
	if vs == nil {
		return id, errors.New("kubeproxy: virtual server is nil")
	}
	if err := id.Protocol.UnmarshalText([]byte(vs.Protocol)); err != nil {
		return id, fmt.Errorf("kubeproxy: virtual server %s: %w", vs, err)
	}
	id.AddrPort, err = toAddrPort(vs.Address, vs.Port)
	return id, err
}

func (vs *VirtualServer) service() (ipvs.Service, error) {
	id, err := vs.id()
	if err != nil {
		return ipvs.Service{}, err
	}
	return ipvs.Service{ServiceID: id, Scheduler: vs.Scheduler, Flags: vs.Flags, Timeout: vs.Timeout}, nil
}

func toVirtualServer(s ipvs.Service) *VirtualServer {
	vs := &VirtualServer{
		Address: s.AddrPort.Addr().AsSlice(), Protocol: s.Protocol.String(), Port: s.AddrPort.Port(),
		Scheduler: s.Scheduler, Flags: s.Flags &^ FlagHashed, Timeout: s.Timeout,
	}
	if s.FWMark != 0 {
		vs.Address, vs.Protocol = make(net.IP, net.IPv4len), ""
		if s.IPv6 {
			vs.Address = make(net.IP, net.IPv6len)
		}
	}
	return vs
}

// RealServer is an endpoint of a Kubernetes Service. The numbers of connections are read only.
type RealServer struct {
	Address      net.IP
	Port         uint16
	Weight       int
	ActiveConn   int
	InactiveConn int
}

// Equal reports whether both have the same address and port. It compares neither weights nor connections.
func (rs *RealServer) Equal(other *RealServer) bool {
	return rs.Address.Equal(other.Address) && rs.Port == other.Port
}

// String returns the address and the port, such as "10.244.1.7:8443".
func (rs *RealServer) String() string { return endpoint(rs.Address, rs.Port) }

func (rs *RealServer) id() (id ipvs.DestinationID, err error) {
	if rs == nil {
		return id, errors.New("kubeproxy: real server is nil")
	}
	id.AddrPort, err = toAddrPort(rs.Address, rs.Port)
	return id, err
}

// destination leaves the forwarding method zero, which is Masquerade.
func (rs *RealServer) destination() (ipvs.Destination, error) {
	id, err := rs.id()
	if err != nil {
		return ipvs.Destination{}, err
	}
	if rs.Weight < 0 || rs.Weight > math.MaxInt32 {
		return ipvs.Destination{}, fmt.Errorf("kubeproxy: real server %s: weight %d is not from 0 to %d", rs, rs.Weight, math.MaxInt32)
	}
	return ipvs.Destination{DestinationID: id, Weight: uint32(rs.Weight)}, nil
}

func toRealServer(d ipvs.Destination) *RealServer {
	return &RealServer{
		Address: d.AddrPort.Addr().AsSlice(), Port: d.AddrPort.Port(), Weight: int(d.Weight),
		ActiveConn: int(d.ActiveConns), InactiveConn: int(d.InactiveConns),
	}
}

// toAddrPort converts an address of either family. A net.IP has 4 or 16 bytes for an IPv4 address.
func toAddrPort(ip net.IP, port uint16) (netip.AddrPort, error) {
	addr, ok := netip.AddrFromSlice(ip)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("kubeproxy: address of %s is neither IPv4 nor IPv6", endpoint(ip, port))
	}
	return netip.AddrPortFrom(addr.Unmap(), port), nil
}

func endpoint(ip net.IP, port uint16) string {
	return net.JoinHostPort(ip.String(), strconv.Itoa(int(port)))
}
