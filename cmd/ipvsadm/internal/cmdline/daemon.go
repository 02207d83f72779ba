// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
)

func (b *builder) setStartDaemon(value string) error {
	return b.setDaemonState(value, "start-daemon parameter")
}

func (b *builder) setStopDaemon(value string) error {
	return b.setDaemonState(value, "start_daemon")
}

func (b *builder) setDaemonState(value, what string) error {
	for _, state := range format.DaemonStates {
		if state.String() == value {
			b.daemon.State = state
			return nil
		}
	}
	return WithHint(illegal(what), "it must be master or backup")
}

func (b *builder) setInterface(value string) error {
	b.daemon.Interface = cmp.Or(truncateName(value), defaultInterface)
	return nil
}

func (b *builder) setGroup(value string) error {
	group, err := netip.ParseAddr(value)
	family := 4
	if strings.Contains(value, ":") {
		family = 6
	}
	if err != nil || group.Zone() != "" || !group.IsMulticast() {
		return WithHint(Usagef("invalid IPv%d mcast-group `%s'", family, value), "it must be a multicast address, such as 224.0.0.81 or ff02::81")
	}
	b.daemon.Group = group
	return nil
}

func (b *builder) setMcastPort(value string) error {
	return setNumber(&b.daemon.Port, value, format.McastPortRange, "mcast-port")
}

func (b *builder) setTTL(value string) error {
	return setNumber(&b.daemon.TTL, value, format.McastTTLRange, "mcast-ttl")
}

func (b *builder) setSyncID(value string) error {
	return setNumber(&b.daemon.SyncID, value, format.SyncIDRange, "syncid")
}

func (b *builder) setMaxLen(value string) error {
	return setNumber(&b.daemon.MaxLen, value, format.SyncMaxLenRange, "sync-maxlen")
}
