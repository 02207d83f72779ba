// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"math"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// setConfig is ip_vs_set_timeout. No timeout changes if one is too long, and a
// timeout that is zero in the request stays as it is.
func (k *Kernel) setTimeouts(attrs attributes) syscall.Errno {
	timeouts := []struct {
		typ   uint16
		value *uint32
	}{
		{cmdTimeoutTCP, &k.timeouts.TCP}, {cmdTimeoutFin, &k.timeouts.TCPFin}, {cmdTimeoutUDP, &k.timeouts.UDP},
	}
	for _, t := range timeouts {
		if attrs.has(t.typ) && u32(attrs[t.typ]) > math.MaxInt32/hz {
			return syscall.EINVAL
		}
	}
	for _, t := range timeouts {
		if attrs.has(t.typ) && u32(attrs[t.typ]) != 0 {
			*t.value = u32(attrs[t.typ])
		}
	}
	return 0
}

func (k *Kernel) getTimeouts(attributes) ([]netlink.Message, syscall.Errno) {
	return []netlink.Message{reply(ipvs.CommandSetConfig, func(ae *netlink.AttributeEncoder) {
		ae.Uint32(cmdTimeoutTCP, k.timeouts.TCP)
		ae.Uint32(cmdTimeoutFin, k.timeouts.TCPFin)
		ae.Uint32(cmdTimeoutUDP, k.timeouts.UDP)
	})}, 0
}
