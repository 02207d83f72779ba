// SPDX-License-Identifier: Apache-2.0

// Package kubeproxy gives kube-proxy's ipvs mode what it needs of IPVS, on top of package ipvs. It is an example of a
// program that has a model of its own: net.IP, names of protocols, and int.
//
// Interface, VirtualServer and RealServer have the methods and fields of Kubernetes' package pkg/proxy/ipvs/util. An
// Adapter behaves as the implementation there, except in these points:
//
//   - An unknown protocol, a malformed address, or a weight or timeout out of range is an error without a request to
//     the kernel. A timeout of half a second is out of range; there, it becomes 0, which keeps the kernel's timeout.
//   - The kernel's errors match those of package ipvs, such as ipvs.ErrNoService, and fs.ErrExist.
package kubeproxy

import (
	"time"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Interface is what kube-proxy does with IPVS. It is safe for concurrent use.
//
// What does not exist is an ipvs.ErrNoService, ErrNoDestination or ErrNoScheduler, what exists already an fs.ErrExist.
type Interface interface {
	AddVirtualServer(*VirtualServer) error
	// UpdateVirtualServer replaces the settings of a virtual server; its real servers stay.
	UpdateVirtualServer(*VirtualServer) error
	// DeleteVirtualServer deletes a virtual server with its real servers. Like GetVirtualServer and the methods for
	// real servers, it needs no more of the virtual server than address, port and protocol.
	DeleteVirtualServer(*VirtualServer) error
	GetVirtualServer(*VirtualServer) (*VirtualServer, error)
	// GetVirtualServers lists all virtual servers. A firewall mark has a zero address and no protocol in the list.
	GetVirtualServers() ([]*VirtualServer, error)
	// AddRealServer adds a real server, with network address translation.
	AddRealServer(*VirtualServer, *RealServer) error
	// UpdateRealServer sets the weight of a real server.
	UpdateRealServer(*VirtualServer, *RealServer) error
	DeleteRealServer(*VirtualServer, *RealServer) error
	// GetRealServers lists the real servers of a virtual server. If there is no such virtual server, the list is empty.
	GetRealServers(*VirtualServer) ([]*RealServer, error)
	// ConfigureTimeouts sets the timeouts of connections. Those that are zero keep their values.
	ConfigureTimeouts(tcp, tcpFin, udp time.Duration) error
	// Flush deletes all virtual servers, whoever made them.
	Flush() error
}

// Adapter is the Interface to a client of package ipvs.
type Adapter struct{ client *ipvs.Client }

var _ Interface = (*Adapter)(nil)

// New returns an Adapter. The caller closes the client.
func New(client *ipvs.Client) *Adapter { return &Adapter{client} }

func (a *Adapter) AddVirtualServer(vs *VirtualServer) error {
	s, err := vs.service()
	if err != nil {
		return err
	}
	return a.client.NewService(s)
}

func (a *Adapter) UpdateVirtualServer(vs *VirtualServer) error {
	s, err := vs.service()
	if err != nil {
		return err
	}
	return a.client.SetService(s)
}

func (a *Adapter) DeleteVirtualServer(vs *VirtualServer) error {
	id, err := vs.id()
	if err != nil {
		return err
	}
	return a.client.DelService(id)
}

func (a *Adapter) GetVirtualServer(vs *VirtualServer) (*VirtualServer, error) {
	id, err := vs.id()
	if err != nil {
		return nil, err
	}
	s, err := a.client.Service(id)
	if err != nil {
		return nil, err
	}
	return toVirtualServer(s), nil
}

func (a *Adapter) GetVirtualServers() ([]*VirtualServer, error) {
	services, err := a.client.Services()
	if err != nil {
		return nil, err
	}
	list := make([]*VirtualServer, len(services))
	for i, s := range services {
		list[i] = toVirtualServer(s)
	}
	return list, nil
}

func (a *Adapter) AddRealServer(vs *VirtualServer, rs *RealServer) error {
	return withSettings(vs, rs, a.client.NewDestination)
}

func (a *Adapter) UpdateRealServer(vs *VirtualServer, rs *RealServer) error {
	return withSettings(vs, rs, a.client.SetDestination)
}

// withSettings calls a method of a client that sends all settings of a real server.
func withSettings(vs *VirtualServer, rs *RealServer, method func(ipvs.ServiceID, ipvs.Destination) error) error {
	id, err := vs.id()
	if err != nil {
		return err
	}
	d, err := rs.destination()
	if err != nil {
		return err
	}
	return method(id, d)
}

func (a *Adapter) DeleteRealServer(vs *VirtualServer, rs *RealServer) error {
	id, err := vs.id()
	if err != nil {
		return err
	}
	d, err := rs.id()
	if err != nil {
		return err
	}
	return a.client.DelDestination(id, d)
}

func (a *Adapter) GetRealServers(vs *VirtualServer) ([]*RealServer, error) {
	id, err := vs.id()
	if err != nil {
		return nil, err
	}
	destinations, err := a.client.Destinations(id)
	if err != nil {
		return nil, err
	}
	list := make([]*RealServer, len(destinations))
	for i, d := range destinations {
		list[i] = toRealServer(d)
	}
	return list, nil
}

func (a *Adapter) ConfigureTimeouts(tcp, tcpFin, udp time.Duration) error {
	t, err := ipvs.TimeoutsOf(tcp, tcpFin, udp)
	if err != nil {
		return err
	}
	return a.client.SetTimeouts(t)
}

func (a *Adapter) Flush() error { return a.client.Flush() }
