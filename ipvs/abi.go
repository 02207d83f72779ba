// SPDX-License-Identifier: Apache-2.0

package ipvs

import "strconv"

// The names and numbers of the generic netlink family, in the order of
// include/uapi/linux/ip_vs.h, with the kernel's names beside them.

const (
	familyName    = "IPVS" // IPVS_GENL_NAME
	familyVersion = 1      // IPVS_GENL_VERSION
)

// The generic netlink controller, which knows the number of the family
// (include/uapi/linux/genetlink.h).
const (
	genlIDControl  = 0x10 // GENL_ID_CTRL
	ctrlGetFamily  = 3    // CTRL_CMD_GETFAMILY
	ctrlFamilyID   = 1    // CTRL_ATTR_FAMILY_ID
	ctrlFamilyName = 2    // CTRL_ATTR_FAMILY_NAME
)

// Command is a kernel command: IPVS_CMD_*.
type Command uint8

// The commands. SetInfo exists only as the kernel's reply to GetInfo.
const (
	CommandNewService      Command = iota + 1 // IPVS_CMD_NEW_SERVICE
	CommandSetService                         // IPVS_CMD_SET_SERVICE
	CommandDelService                         // IPVS_CMD_DEL_SERVICE
	CommandGetService                         // IPVS_CMD_GET_SERVICE
	CommandNewDestination                     // IPVS_CMD_NEW_DEST
	CommandSetDestination                     // IPVS_CMD_SET_DEST
	CommandDelDestination                     // IPVS_CMD_DEL_DEST
	CommandGetDestinations                    // IPVS_CMD_GET_DEST
	CommandNewDaemon                          // IPVS_CMD_NEW_DAEMON
	CommandDelDaemon                          // IPVS_CMD_DEL_DAEMON
	CommandGetDaemons                         // IPVS_CMD_GET_DAEMON
	CommandSetConfig                          // IPVS_CMD_SET_CONFIG
	CommandGetConfig                          // IPVS_CMD_GET_CONFIG
	CommandSetInfo                            // IPVS_CMD_SET_INFO
	CommandGetInfo                            // IPVS_CMD_GET_INFO
	CommandZero                               // IPVS_CMD_ZERO
	CommandFlush                              // IPVS_CMD_FLUSH
)

var commandNames = [...]string{
	CommandNewService: "add service", CommandSetService: "edit service", CommandDelService: "delete service",
	CommandGetService: "get service", CommandNewDestination: "add server", CommandSetDestination: "edit server",
	CommandDelDestination: "delete server", CommandGetDestinations: "get servers",
	CommandNewDaemon: "start daemon", CommandDelDaemon: "stop daemon", CommandGetDaemons: "get daemons",
	CommandSetConfig: "set timeouts", CommandGetConfig: "get timeouts", CommandSetInfo: "info",
	CommandGetInfo: "get info", CommandZero: "zero", CommandFlush: "flush",
}

// String returns what the command does, such as "add service", or "command 99" for
// an unknown one.
func (c Command) String() string {
	if int(c) < len(commandNames) && commandNames[c] != "" {
		return commandNames[c]
	}
	return "command " + strconv.Itoa(int(c))
}

// Attributes of the first level: IPVS_CMD_ATTR_*.
const (
	attrService       = iota + 1 // IPVS_CMD_ATTR_SERVICE
	attrDestination              // IPVS_CMD_ATTR_DEST
	attrDaemon                   // IPVS_CMD_ATTR_DAEMON
	attrTimeoutTCP               // IPVS_CMD_ATTR_TIMEOUT_TCP
	attrTimeoutTCPFin            // IPVS_CMD_ATTR_TIMEOUT_TCP_FIN
	attrTimeoutUDP               // IPVS_CMD_ATTR_TIMEOUT_UDP
)

// Attributes of a service: IPVS_SVC_ATTR_*.
const (
	svcFamily    = iota + 1 // IPVS_SVC_ATTR_AF
	svcProtocol             // IPVS_SVC_ATTR_PROTOCOL
	svcAddr                 // IPVS_SVC_ATTR_ADDR
	svcPort                 // IPVS_SVC_ATTR_PORT
	svcFWMark               // IPVS_SVC_ATTR_FWMARK
	svcScheduler            // IPVS_SVC_ATTR_SCHED_NAME
	svcFlags                // IPVS_SVC_ATTR_FLAGS
	svcTimeout              // IPVS_SVC_ATTR_TIMEOUT
	svcNetmask              // IPVS_SVC_ATTR_NETMASK
	svcStats                // IPVS_SVC_ATTR_STATS
	svcPEName               // IPVS_SVC_ATTR_PE_NAME
	svcStats64              // IPVS_SVC_ATTR_STATS64
)

// Attributes of a destination: IPVS_DEST_ATTR_*.
const (
	destAddr            = iota + 1 // IPVS_DEST_ATTR_ADDR
	destPort                       // IPVS_DEST_ATTR_PORT
	destForward                    // IPVS_DEST_ATTR_FWD_METHOD
	destWeight                     // IPVS_DEST_ATTR_WEIGHT
	destUpperThreshold             // IPVS_DEST_ATTR_U_THRESH
	destLowerThreshold             // IPVS_DEST_ATTR_L_THRESH
	destActiveConns                // IPVS_DEST_ATTR_ACTIVE_CONNS
	destInactiveConns              // IPVS_DEST_ATTR_INACT_CONNS
	destPersistentConns            // IPVS_DEST_ATTR_PERSIST_CONNS
	destStats                      // IPVS_DEST_ATTR_STATS
	destFamily                     // IPVS_DEST_ATTR_ADDR_FAMILY
	destStats64                    // IPVS_DEST_ATTR_STATS64
	destTunnelType                 // IPVS_DEST_ATTR_TUN_TYPE
	destTunnelPort                 // IPVS_DEST_ATTR_TUN_PORT
	destTunnelFlags                // IPVS_DEST_ATTR_TUN_FLAGS
)

// Attributes of a sync daemon: IPVS_DAEMON_ATTR_*.
const (
	daemonState     = iota + 1 // IPVS_DAEMON_ATTR_STATE
	daemonInterface            // IPVS_DAEMON_ATTR_MCAST_IFN
	daemonSyncID               // IPVS_DAEMON_ATTR_SYNC_ID
	daemonMaxLen               // IPVS_DAEMON_ATTR_SYNC_MAXLEN
	daemonGroup                // IPVS_DAEMON_ATTR_MCAST_GROUP
	daemonGroup6               // IPVS_DAEMON_ATTR_MCAST_GROUP6
	daemonPort                 // IPVS_DAEMON_ATTR_MCAST_PORT
	daemonTTL                  // IPVS_DAEMON_ATTR_MCAST_TTL
)

// Attributes of counters: IPVS_STATS_ATTR_*.
const (
	statsConns    = iota + 1 // IPVS_STATS_ATTR_CONNS
	statsInPkts              // IPVS_STATS_ATTR_INPKTS
	statsOutPkts             // IPVS_STATS_ATTR_OUTPKTS
	statsInBytes             // IPVS_STATS_ATTR_INBYTES
	statsOutBytes            // IPVS_STATS_ATTR_OUTBYTES
	statsCPS                 // IPVS_STATS_ATTR_CPS
	statsInPPS               // IPVS_STATS_ATTR_INPPS
	statsOutPPS              // IPVS_STATS_ATTR_OUTPPS
	statsInBPS               // IPVS_STATS_ATTR_INBPS
	statsOutBPS              // IPVS_STATS_ATTR_OUTBPS
)

// Attributes of the reply to CommandGetInfo: IPVS_INFO_ATTR_*.
const (
	infoVersion     = iota + 1 // IPVS_INFO_ATTR_VERSION
	infoConnTabSize            // IPVS_INFO_ATTR_CONN_TAB_SIZE
)

// maxNameLen is the length of a name including its NUL: IP_VS_SCHEDNAME_MAXLEN,
// IP_VS_PENAME_MAXLEN and IP_VS_IFNAME_MAXLEN.
const maxNameLen = 16
