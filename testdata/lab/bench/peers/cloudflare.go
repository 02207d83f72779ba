// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"

	"github.com/cloudflare/ipvs"
	"github.com/cloudflare/ipvs/netmask"
)

func openCloudflare(s size) (client, error) {
	c, err := ipvs.New()
	if err != nil {
		return client{}, err
	}
	return client{
		add:  func() error { return addToCloudflare(c, s) },
		list: func() (int, error) { return countOfCloudflare(c) },
		flush: func() error {
			for i := range s.services {
				if err := c.RemoveService(cloudflareService(s.service(i))); err != nil {
					return err
				}
			}
			return nil
		},
	}, nil
}

func cloudflareService(a netip.AddrPort) ipvs.Service {
	return ipvs.Service{
		Address: a.Addr(), Port: a.Port(), Family: ipvs.INET, Protocol: ipvs.TCP, Scheduler: "rr",
		Netmask: netmask.MaskFrom4([4]byte{255, 255, 255, 255}),
	}
}

func addToCloudflare(c ipvs.Client, s size) error {
	for i := range s.services {
		service := cloudflareService(s.service(i))
		if err := c.CreateService(service); err != nil {
			return err
		}
		for j := range s.destinations {
			a := s.destination(j)
			d := ipvs.Destination{Address: a.Addr(), Port: a.Port(), Family: ipvs.INET, FwdMethod: ipvs.DirectRoute, Weight: 1}
			if err := c.CreateDestination(service, d); err != nil {
				return err
			}
		}
	}
	return nil
}

func countOfCloudflare(c ipvs.Client) (n int, err error) {
	services, err := c.Services()
	if err != nil {
		return 0, err
	}
	for _, s := range services {
		destinations, err := c.Destinations(s.Service)
		if err != nil {
			return 0, err
		}
		n += len(destinations)
	}
	return n, nil
}
