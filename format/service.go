package format

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// schedFlagWords names the scheduler flags, as "sh-fallback,sh-port"; empty if
// there are none.
func schedFlagWords(scheduler string, flags ipvs.ServiceFlags) string {
	words := [3]string{"flag-1", "flag-2", "flag-3"}
	if scheduler == "sh" || scheduler == "mh" {
		words[0], words[1] = scheduler+"-fallback", scheduler+"-port"
	}
	var set []string
	for i, flag := range [3]ipvs.ServiceFlags{ipvs.SchedulerFlag1, ipvs.SchedulerFlag2, ipvs.SchedulerFlag3} {
		if flags&flag != 0 {
			set = append(set, words[i])
		}
	}
	return strings.Join(set, ",")
}

// netmask is the text of a netmask that groups clients, else empty.
func netmask(s *ipvs.Service) string {
	if s.Netmask == s.AddressFamily().HostNetmask() {
		return ""
	}
	return netmaskText(s)
}

// netmaskText is an IPv4 mask, or the length of an IPv6 prefix.
func netmaskText(s *ipvs.Service) string {
	if s.AddressFamily() == ipvs.IPv6 {
		return strconv.FormatUint(uint64(s.Netmask), 10)
	}
	var raw [4]byte
	binary.BigEndian.PutUint32(raw[:], s.Netmask)
	return netip.AddrFrom4(raw).String()
}
