// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"net/netip"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// SetScheduler sets whether the kernel has a scheduler of that name.
func (k *Kernel) SetScheduler(name string, present bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.schedulers[name] = present
}

// SetPersistenceEngine sets whether the kernel has a persistence engine of that name.
func (k *Kernel) SetPersistenceEngine(name string, present bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.engines[name] = present
}

// SetInterface adds a network interface with an MTU in bytes. With MTU 0 it removes
// the interface.
func (k *Kernel) SetInterface(name string, mtu int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if mtu == 0 {
		delete(k.interfaces, name)
		return
	}
	k.interfaces[name] = mtu
}

// SetLargeThresholds sets whether destinations may have an upper threshold above 2^31-1.
// Kernels such as Debian's 6.1.172 take it, newer ones refuse it with EINVAL. New makes a
// newer one.
func (k *Kernel) SetLargeThresholds(allowed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.largeThresholds = allowed
}

// SetLocal replaces the kernel's own addresses. They matter only for link-local IPv6
// destinations, which the kernel accepts if they are its own.
func (k *Kernel) SetLocal(addrs ...netip.Addr) {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.local)
	for _, a := range addrs {
		k.local[a] = true
	}
}

// SetLoaded sets whether the module ip_vs is loaded. New loads it. Without it there is
// no generic netlink family. When the module is loaded again, its family has another
// number, the table and the connections are empty, no sync daemon runs, and the timeouts
// and sums of counters have their defaults.
func (k *Kernel) SetLoaded(loaded bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if loaded && k.unloaded {
		k.family++
		k.services, k.timeouts = nil, bootTimeouts
		k.conns, k.totals = nil, ipvs.Stats{}
		if k.status != nil {
			k.status = &ipvs.Status{}
		}
		clear(k.daemons)
	}
	k.unloaded = !loaded
}

// SetPrivileged sets whether clients have CAP_NET_ADMIN. They have it at first.
// Without it the kernel refuses every command, reads included, with EPERM.
func (k *Kernel) SetPrivileged(privileged bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unprivileged, k.sockopts = !privileged, false
}

// SetIPv6 sets whether IPv6 is enabled. It is enabled at first. Without it the kernel
// refuses IPv6 services and destinations with EAFNOSUPPORT.
func (k *Kernel) SetIPv6(enabled bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.noIPv6 = !enabled
}

// SetSendBuffer limits the bytes of one send, as SO_SNDBUF does. A larger send fails
// with EMSGSIZE. 0 means no limit.
func (k *Kernel) SetSendBuffer(bytes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sendLimit = bytes
}

// SetReceiveQueue limits the queued answers of a socket, as SO_RCVBUF does. Further
// answers are lost, and the next receive fails with ENOBUFS. 0 means no limit.
func (k *Kernel) SetReceiveQueue(answers int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queueLimit = answers
}
