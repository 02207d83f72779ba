package ipvstest

import (
	"math"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// setConfig is ip_vs_set_timeout: nothing changes if one timeout is too long,
// and zero leaves one as it is.
func (k *Kernel) setConfig(attrs attributes) syscall.Errno {
	timeouts := []struct {
		typ   uint16
		value *uint32
	}{
		{cmdTimeoutTCP, &k.config.TCP}, {cmdTimeoutFin, &k.config.TCPFin}, {cmdTimeoutUDP, &k.config.UDP},
	}
	for _, t := range timeouts {
		if attrs.has(t.typ) && u32(attrs[t.typ]) > math.MaxInt32/hz {
			return unix.EINVAL
		}
	}
	for _, t := range timeouts {
		if attrs.has(t.typ) && u32(attrs[t.typ]) != 0 {
			*t.value = u32(attrs[t.typ])
		}
	}
	return 0
}

func (k *Kernel) getConfig(attributes) ([]netlink.Message, syscall.Errno) {
	return []netlink.Message{reply(ipvs.CommandSetConfig, func(ae *netlink.AttributeEncoder) {
		ae.Uint32(cmdTimeoutTCP, k.config.TCP)
		ae.Uint32(cmdTimeoutFin, k.config.TCPFin)
		ae.Uint32(cmdTimeoutUDP, k.config.UDP)
	})}, 0
}

func (k *Kernel) getInfo(attributes) ([]netlink.Message, syscall.Errno) {
	return []netlink.Message{reply(ipvs.CommandSetInfo, func(ae *netlink.AttributeEncoder) {
		ae.Uint32(infoVersion, k.info.Version)
		ae.Uint32(infoTabSize, k.info.ConnTabSize)
	})}, 0
}
