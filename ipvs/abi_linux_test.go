// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// uapi is in Debian's package linux-libc-dev.
const uapi = "/usr/include/linux/ip_vs.h"

// Every constant of this package has the value in the kernel's header.
func TestConstantsMatchHeader(t *testing.T) {
	known := map[string]uint32{
		"IP_VS_SVC_F_PERSISTENT": uint32(Persistent), "IP_VS_SVC_F_HASHED": uint32(Hashed),
		"IP_VS_SVC_F_ONEPACKET": uint32(OnePacket), "IP_VS_SVC_F_SCHED1": uint32(SchedulerFlag1),
		"IP_VS_SVC_F_SCHED2": uint32(SchedulerFlag2), "IP_VS_SVC_F_SCHED3": uint32(SchedulerFlag3),
		"IP_VS_SVC_F_SCHED_SH_FALLBACK": uint32(SourceHashingFallback), "IP_VS_SVC_F_SCHED_SH_PORT": uint32(SourceHashingPort),
		"IP_VS_STATE_MASTER": uint32(Master), "IP_VS_STATE_BACKUP": uint32(Backup),
		"IP_VS_CONN_F_MASQ": uint32(Masquerade), "IP_VS_CONN_F_LOCALNODE": uint32(Local),
		"IP_VS_CONN_F_TUNNEL": uint32(Tunnel), "IP_VS_CONN_F_DROUTE": uint32(DirectRoute),
		"IP_VS_CONN_F_BYPASS":             uint32(Bypass),
		"IP_VS_CONN_F_FWD_MASK":           uint32(forwardMask),
		"IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM":  0,
		"IP_VS_TUNNEL_ENCAP_FLAG_CSUM":    uint32(TunnelChecksum),
		"IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM": uint32(TunnelRemoteChecksum),
		"IP_VS_SCHEDNAME_MAXLEN":          maxNameLen,
		"IP_VS_PENAME_MAXLEN":             maxNameLen,
		"IP_VS_IFNAME_MAXLEN":             maxNameLen,
		"IPVS_GENL_VERSION":               familyVersion,
		"IP_VS_CONN_F_TUNNEL_TYPE_IPIP":   uint32(IPIP),
		"IP_VS_CONN_F_TUNNEL_TYPE_GUE":    uint32(GUE),
		"IP_VS_CONN_F_TUNNEL_TYPE_GRE":    uint32(GRE),
		"IPVS_CMD_NEW_SERVICE":            uint32(CommandNewService),
		"IPVS_CMD_SET_SERVICE":            uint32(CommandSetService),
		"IPVS_CMD_DEL_SERVICE":            uint32(CommandDelService),
		"IPVS_CMD_GET_SERVICE":            uint32(CommandGetService),
		"IPVS_CMD_NEW_DEST":               uint32(CommandNewDestination),
		"IPVS_CMD_SET_DEST":               uint32(CommandSetDestination),
		"IPVS_CMD_DEL_DEST":               uint32(CommandDelDestination),
		"IPVS_CMD_GET_DEST":               uint32(CommandGetDestinations),
		"IPVS_CMD_NEW_DAEMON":             uint32(CommandNewDaemon),
		"IPVS_CMD_DEL_DAEMON":             uint32(CommandDelDaemon),
		"IPVS_CMD_GET_DAEMON":             uint32(CommandGetDaemons),
		"IPVS_CMD_SET_CONFIG":             uint32(CommandSetConfig),
		"IPVS_CMD_GET_CONFIG":             uint32(CommandGetConfig),
		"IPVS_CMD_SET_INFO":               uint32(CommandSetInfo),
		"IPVS_CMD_GET_INFO":               uint32(CommandGetInfo),
		"IPVS_CMD_ZERO":                   uint32(CommandZero),
		"IPVS_CMD_FLUSH":                  uint32(CommandFlush),
		"IPVS_CMD_ATTR_SERVICE":           attrService,
		"IPVS_CMD_ATTR_DEST":              attrDestination,
		"IPVS_CMD_ATTR_DAEMON":            attrDaemon,
		"IPVS_CMD_ATTR_TIMEOUT_TCP":       attrTimeoutTCP,
		"IPVS_CMD_ATTR_TIMEOUT_TCP_FIN":   attrTimeoutTCPFin,
		"IPVS_CMD_ATTR_TIMEOUT_UDP":       attrTimeoutUDP,
		"IPVS_SVC_ATTR_AF":                svcFamily,
		"IPVS_SVC_ATTR_PROTOCOL":          svcProtocol,
		"IPVS_SVC_ATTR_ADDR":              svcAddr,
		"IPVS_SVC_ATTR_PORT":              svcPort,
		"IPVS_SVC_ATTR_FWMARK":            svcFWMark,
		"IPVS_SVC_ATTR_SCHED_NAME":        svcScheduler,
		"IPVS_SVC_ATTR_FLAGS":             svcFlags,
		"IPVS_SVC_ATTR_TIMEOUT":           svcTimeout,
		"IPVS_SVC_ATTR_NETMASK":           svcNetmask,
		"IPVS_SVC_ATTR_STATS":             svcStats,
		"IPVS_SVC_ATTR_PE_NAME":           svcPEName,
		"IPVS_SVC_ATTR_STATS64":           svcStats64,
		"IPVS_DEST_ATTR_ADDR":             destAddr,
		"IPVS_DEST_ATTR_PORT":             destPort,
		"IPVS_DEST_ATTR_FWD_METHOD":       destForward,
		"IPVS_DEST_ATTR_WEIGHT":           destWeight,
		"IPVS_DEST_ATTR_U_THRESH":         destUpperThreshold,
		"IPVS_DEST_ATTR_L_THRESH":         destLowerThreshold,
		"IPVS_DEST_ATTR_ACTIVE_CONNS":     destActiveConns,
		"IPVS_DEST_ATTR_INACT_CONNS":      destInactiveConns,
		"IPVS_DEST_ATTR_PERSIST_CONNS":    destPersistentConns,
		"IPVS_DEST_ATTR_STATS":            destStats,
		"IPVS_DEST_ATTR_ADDR_FAMILY":      destFamily,
		"IPVS_DEST_ATTR_STATS64":          destStats64,
		"IPVS_DEST_ATTR_TUN_TYPE":         destTunnelType,
		"IPVS_DEST_ATTR_TUN_PORT":         destTunnelPort,
		"IPVS_DEST_ATTR_TUN_FLAGS":        destTunnelFlags,
		"IPVS_DAEMON_ATTR_STATE":          daemonState,
		"IPVS_DAEMON_ATTR_MCAST_IFN":      daemonInterface,
		"IPVS_DAEMON_ATTR_SYNC_ID":        daemonSyncID,
		"IPVS_DAEMON_ATTR_SYNC_MAXLEN":    daemonMaxLen,
		"IPVS_DAEMON_ATTR_MCAST_GROUP":    daemonGroup,
		"IPVS_DAEMON_ATTR_MCAST_GROUP6":   daemonGroup6,
		"IPVS_DAEMON_ATTR_MCAST_PORT":     daemonPort,
		"IPVS_DAEMON_ATTR_MCAST_TTL":      daemonTTL,
		"IPVS_STATS_ATTR_CONNS":           statsConns,
		"IPVS_STATS_ATTR_INPKTS":          statsInPkts,
		"IPVS_STATS_ATTR_OUTPKTS":         statsOutPkts,
		"IPVS_STATS_ATTR_INBYTES":         statsInBytes,
		"IPVS_STATS_ATTR_OUTBYTES":        statsOutBytes,
		"IPVS_STATS_ATTR_CPS":             statsCPS,
		"IPVS_STATS_ATTR_INPPS":           statsInPPS,
		"IPVS_STATS_ATTR_OUTPPS":          statsOutPPS,
		"IPVS_STATS_ATTR_INBPS":           statsInBPS,
		"IPVS_STATS_ATTR_OUTBPS":          statsOutBPS,
		"IPVS_INFO_ATTR_VERSION":          infoVersion,
		"IPVS_INFO_ATTR_CONN_TAB_SIZE":    infoConnTabSize,
	}
	header, err := os.ReadFile(uapi)
	if err != nil {
		t.Fatal(err)
	}
	kernel := parseHeader(t, string(header))
	for name, value := range known {
		got, ok := kernel[name]
		if !ok {
			t.Errorf("the kernel has no %s", name)
		} else if got != value {
			t.Errorf("%s is %d, not %d", name, got, value)
		}
	}
	for name := range kernel {
		if _, ok := known[name]; !ok && strings.HasPrefix(name, "IPVS_") && !strings.HasSuffix(name, "_UNSPEC") && !strings.HasSuffix(name, "_PAD") && !strings.HasSuffix(name, "MAX") {
			// The header is newer than this package: worth a look, but no failure.
			t.Logf("%s = %d is unknown here", name, kernel[name])
		}
	}
	if familyName != "IPVS" || !strings.Contains(string(header), `"`+familyName+`"`) {
		t.Errorf("family %q", familyName)
	}
}

// Protocols and families are not in the header of ip_vs.
func TestProtocolsAndFamiliesAreThoseOfLinux(t *testing.T) {
	if TCP != unix.IPPROTO_TCP || UDP != unix.IPPROTO_UDP || SCTP != unix.IPPROTO_SCTP {
		t.Error("protocols", TCP, UDP, SCTP)
	}
	if IPv4 != unix.AF_INET || IPv6 != unix.AF_INET6 {
		t.Error("families", IPv4, IPv6)
	}
}

var (
	comment    = regexp.MustCompile(`(?s)/\*.*?\*/`)
	enumBody   = regexp.MustCompile(`(?s)enum\s*\{(.*?)\}`)
	alias      = regexp.MustCompile(`(?m)^#define\s+(\w+)\s+(\w+)\s*$`)
	definition = regexp.MustCompile(`(?m)^#define\s+(\w+)\s+\(?(0x[0-9a-fA-F]+|\d+|1\s*<<\s*\d+)\)?\s*$`)
)

// parseHeader finds the values of enumerators, of simple definitions and of their aliases.
func parseHeader(t *testing.T, header string) map[string]uint32 {
	t.Helper()
	values := map[string]uint32{}
	header = comment.ReplaceAllString(header, "")
	for _, m := range definition.FindAllStringSubmatch(header, -1) {
		base, shift, shifted := strings.Cut(m[2], "<<")
		value, err := strconv.ParseUint(strings.TrimSpace(base), 0, 32)
		if err != nil {
			t.Fatal(err)
		}
		if shifted {
			n, err := strconv.Atoi(strings.TrimSpace(shift))
			if err != nil {
				t.Fatal(err)
			}
			value <<= n
		}
		values[m[1]] = uint32(value)
	}
	for _, m := range alias.FindAllStringSubmatch(header, -1) {
		if value, ok := values[m[2]]; ok {
			values[m[1]] = value
		}
	}
	for _, m := range enumBody.FindAllStringSubmatch(header, -1) {
		next := uint32(0)
		for entry := range strings.SplitSeq(m[1], ",") {
			name, value, set := strings.Cut(strings.TrimSpace(entry), "=")
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			if set {
				v, err := strconv.ParseUint(strings.TrimSpace(value), 0, 32)
				if err != nil {
					continue // an alias of another enumerator
				}
				next = uint32(v)
			}
			values[name] = next
			next++
		}
	}
	return values
}
