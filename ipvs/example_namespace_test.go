// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// Read the table of a namespace that "ip netns add" has named.
func ExampleInNetNSNamed() {
	client, err := ipvs.Dial(ipvs.InNetNSNamed("blue"))
	switch {
	case errors.Is(err, ipvs.ErrNoIPVS):
		fmt.Println("load the module ip_vs")
		return
	case errors.Is(err, fs.ErrNotExist):
		fmt.Println("there is no such namespace")
		return
	case err != nil:
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	for entry, err := range client.TableEntries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(entry.Service, len(entry.Destinations))
	}
}

// Read the connections of a container, given a process of it.
func ExampleInNetNSOfPID() {
	client, err := ipvs.Dial(ipvs.InNetNSOfPID(1234))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close() }()
	counts, err := ipvs.ByDestination.Count(client.ConnEntries())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range counts.Sorted() {
		fmt.Println(c.Protocol, c.Endpoint, c.Entries)
	}
}
