// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// names measures listings with names: those that /etc/hosts has, and those that nobody answers for.
func (b *bench) names() error {
	heading("Names")
	s := size{500, 1}
	if err := b.fill(s); err != nil {
		return err
	}
	var hosts strings.Builder
	for i, entry := range s.table() {
		fmt.Fprintf(&hosts, "%s service%d.example\n%s server%d.example\n", entry.Service.AddrPort.Addr(), i, entry.Destinations[0].AddrPort.Addr(), i)
	}
	if err := os.WriteFile("/etc/hosts", []byte(hosts.String()), 0o644); err != nil {
		return err
	}
	for _, c := range []comparison{
		{"`-Ln`, 500 x 1", 7, nothing, []job{words(ours + " -Ln"), words(original + " -Ln")}},
		{"`-L`, 500 x 1, all in /etc/hosts", 7, nothing, []job{words(ours + " -L"), words(original + " -L")}},
	} {
		if err := c.report(); err != nil {
			return err
		}
	}
	return b.deadResolver(s)
}

// deadResolver asks a name server that takes questions and never answers.
func (b *bench) deadResolver(s size) error {
	if err := deadNameServer(); err != nil {
		return err
	}
	took, err := words(ours + " -L").run()
	if err != nil {
		return err
	}
	one := size{1, 1}
	if err := errors.Join(b.fill(one), deadNameServer()); err != nil {
		return err
	}
	theirs, err := words(original + " -L").run()
	if err != nil {
		return err
	}
	fmt.Printf("\nWith a name server that does not answer, `-L` of %s took %s ms; the original's `-L` of %s took %s ms.\n",
		s, milliseconds(took), one, milliseconds(theirs))
	return b.client.Flush()
}

// deadNameServer makes a name server, of this network namespace, that never answers the only one to ask.
func deadNameServer() error {
	const setup = `ip link add dead type dummy && ip link set dead up && ip address add 192.0.2.1/24 dev dead &&
		echo 'nameserver 192.0.2.53' >/etc/resolv.conf && : >/etc/hosts && sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf`
	if out, err := exec.Command("sh", "-ec", setup).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
