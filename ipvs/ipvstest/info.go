// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

func (k *Kernel) getInfo(attributes) ([]netlink.Message, syscall.Errno) {
	return []netlink.Message{reply(ipvs.CommandSetInfo, func(ae *netlink.AttributeEncoder) {
		ae.Uint32(infoVersion, k.info.Version)
		ae.Uint32(infoTabSize, k.info.ConnTabSize)
	})}, 0
}
