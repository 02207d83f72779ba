// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/moby/ipvs"
	"golang.org/x/sys/unix"
)

func openMoby(s size) (client, error) {
	c, err := ipvs.New("")
	if err != nil {
		return client{}, err
	}
	return client{func() error { return addToMoby(c, s) }, func() (int, error) { return countOfMoby(c) }, c.Flush}, nil
}

func addToMoby(c *ipvs.Handle, s size) error {
	for i := range s.services {
		a := s.service(i)
		service := &ipvs.Service{
			Address: a.Addr().AsSlice(), Port: a.Port(), Protocol: unix.IPPROTO_TCP, AddressFamily: unix.AF_INET,
			SchedName: ipvs.RoundRobin, Netmask: 0xffffffff,
		}
		if err := c.NewService(service); err != nil {
			return err
		}
		for j := range s.destinations {
			a := s.destination(j)
			d := &ipvs.Destination{
				Address: a.Addr().AsSlice(), Port: a.Port(), AddressFamily: unix.AF_INET,
				ConnectionFlags: ipvs.ConnectionFlagDirectRoute, Weight: 1,
			}
			if err := c.NewDestination(service, d); err != nil {
				return err
			}
		}
	}
	return nil
}

func countOfMoby(c *ipvs.Handle) (n int, err error) {
	services, err := c.GetServices()
	if err != nil {
		return 0, err
	}
	for _, s := range services {
		destinations, err := c.GetDestinations(s)
		if err != nil {
			return 0, err
		}
		n += len(destinations)
	}
	return n, nil
}
