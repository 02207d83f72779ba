package ipvstest

import "net/netip"

// SetScheduler says whether there is a scheduler of that name.
func (k *Kernel) SetScheduler(name string, present bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.schedulers[name] = present
}

// SetPersistenceEngine says whether there is a persistence engine of that name.
func (k *Kernel) SetPersistenceEngine(name string, present bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.engines[name] = present
}

// SetInterface gives the kernel a network interface with an MTU in bytes, or
// takes it away if the MTU is 0.
func (k *Kernel) SetInterface(name string, mtu int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if mtu == 0 {
		delete(k.interfaces, name)
		return
	}
	k.interfaces[name] = mtu
}

// SetLocal replaces the kernel's own addresses. They matter for link-local IPv6
// destinations only, which the kernel takes if they are its own.
func (k *Kernel) SetLocal(addrs ...netip.Addr) {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.local)
	for _, a := range addrs {
		k.local[a] = true
	}
}

// SetLoaded says whether the module ip_vs is loaded, as it is at first. Without
// it there is no generic netlink family. When it is loaded again its family has
// another number, the table is empty, no sync daemon runs and the timeouts are
// those of a fresh boot.
func (k *Kernel) SetLoaded(loaded bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if loaded && k.missing {
		k.family++
		k.services, k.config = nil, freshConfig
		clear(k.daemons)
	}
	k.missing = !loaded
}

// SetPrivileged says whether clients have CAP_NET_ADMIN, as they have at first.
// Without it every command, even a read, is answered with EPERM.
func (k *Kernel) SetPrivileged(privileged bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.powerless = !privileged
}

// SetIPv6 says whether IPv6 is enabled, as it is at first. Without it IPv6
// services and destinations are answered with EAFNOSUPPORT.
func (k *Kernel) SetIPv6(enabled bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.noIPv6 = !enabled
}

// SetSendBuffer limits how many bytes one send may have, as SO_SNDBUF does; a
// longer one fails with EMSGSIZE. 0 means any number.
func (k *Kernel) SetSendBuffer(bytes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sendLimit = bytes
}

// SetReceiveQueue limits how many answers may wait in a socket, as SO_RCVBUF
// does. Further ones are lost, and the next receive fails with ENOBUFS. 0 means
// any number.
func (k *Kernel) SetReceiveQueue(answers int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queueLimit = answers
}
