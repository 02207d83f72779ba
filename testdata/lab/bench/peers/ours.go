// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func openOurs(s size) (client, error) {
	c, err := ipvs.Dial()
	if err != nil {
		return client{}, err
	}
	return client{func() error { return addOneByOne(c, s) }, func() (int, error) { return count(c) }, c.Flush}, nil
}

func openOursApply(s size) (client, error) {
	c, err := ipvs.Dial()
	if err != nil {
		return client{}, err
	}
	add := func() error { return errors.Join(c.Apply(ipvs.Diff(nil, s.table()))...) }
	return client{add, func() (int, error) { return count(c) }, c.Flush}, nil
}

func (s size) table() ipvs.Table {
	var table ipvs.Table
	for i := range s.services {
		entry := ipvs.TableEntry{Service: s.ourService(i)}
		for j := range s.destinations {
			entry.Destinations = append(entry.Destinations, s.ourDestination(j))
		}
		table = append(table, entry)
	}
	return table
}

func (s size) ourService(i int) ipvs.Service {
	id := ipvs.ServiceID{Protocol: ipvs.TCP, AddrPort: s.service(i)}
	return ipvs.Service{ServiceID: id, Scheduler: "rr"}
}

func (s size) ourDestination(i int) ipvs.Destination {
	id := ipvs.DestinationID{AddrPort: s.destination(i)}
	return ipvs.Destination{DestinationID: id, Forward: ipvs.DirectRoute, Weight: 1}
}

func addOneByOne(c *ipvs.Client, s size) error {
	for i := range s.services {
		service := s.ourService(i)
		if err := c.NewService(service); err != nil {
			return err
		}
		for j := range s.destinations {
			if err := c.NewDestination(service.ServiceID, s.ourDestination(j)); err != nil {
				return err
			}
		}
	}
	return nil
}

func count(c *ipvs.Client) (n int, err error) {
	table, err := c.Table()
	for _, entry := range table {
		n += len(entry.Destinations)
	}
	return n, err
}
