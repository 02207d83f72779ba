package ipvs

import "strconv"

// The names and numbers of the generic netlink family, in the order of
// include/uapi/linux/ip_vs.h. The kernel's spelling stands beside each block.

const (
	familyName    = "IPVS" // IPVS_GENL_NAME
	familyVersion = 1      // IPVS_GENL_VERSION
)

// Command is a kernel command: IPVS_CMD_*.
type Command uint8

// The commands. SetInfo exists only as the kernel's reply to GetInfo.
const (
	CommandNewService Command = iota + 1 // IPVS_CMD_NEW_SERVICE
	CommandSetService
	CommandDelService
	CommandGetService
	CommandNewDestination // IPVS_CMD_NEW_DEST
	CommandSetDestination
	CommandDelDestination
	CommandGetDestinations
	CommandNewDaemon // IPVS_CMD_NEW_DAEMON
	CommandDelDaemon
	CommandGetDaemons
	CommandSetConfig // IPVS_CMD_SET_CONFIG
	CommandGetConfig
	CommandSetInfo // IPVS_CMD_SET_INFO
	CommandGetInfo
	CommandZero  // IPVS_CMD_ZERO
	CommandFlush // IPVS_CMD_FLUSH
)

var commandNames = [...]string{
	CommandNewService: "add service", CommandSetService: "edit service", CommandDelService: "delete service",
	CommandGetService: "get service", CommandNewDestination: "add server", CommandSetDestination: "edit server",
	CommandDelDestination: "delete server", CommandGetDestinations: "get servers",
	CommandNewDaemon: "start daemon", CommandDelDaemon: "stop daemon", CommandGetDaemons: "get daemons",
	CommandSetConfig: "set timeouts", CommandGetConfig: "get timeouts", CommandSetInfo: "info",
	CommandGetInfo: "get info", CommandZero: "zero", CommandFlush: "flush",
}

// String says what the command does, as "add service".
func (c Command) String() string {
	if int(c) < len(commandNames) && commandNames[c] != "" {
		return commandNames[c]
	}
	return "command " + strconv.Itoa(int(c))
}

// Attributes of the first level: IPVS_CMD_ATTR_*.
const (
	attrService = iota + 1
	attrDestination
	attrDaemon
	attrTimeoutTCP
	attrTimeoutTCPFin
	attrTimeoutUDP
)

// Attributes of a service: IPVS_SVC_ATTR_*.
const (
	svcFamily = iota + 1
	svcProtocol
	svcAddr
	svcPort
	svcFWMark
	svcScheduler
	svcFlags
	svcTimeout
	svcNetmask
	svcStats
	svcPEName
	svcStats64
)

// Attributes of a destination: IPVS_DEST_ATTR_*.
const (
	destAddr = iota + 1
	destPort
	destForward
	destWeight
	destUpperThreshold
	destLowerThreshold
	destActiveConns
	destInactiveConns
	destPersistentConns
	destStats
	destFamily
	destStats64
	destTunnelType
	destTunnelPort
	destTunnelFlags
)

// Attributes of a sync daemon: IPVS_DAEMON_ATTR_*.
const (
	daemonState = iota + 1
	daemonInterface
	daemonSyncID
	daemonMaxLen
	daemonGroup
	daemonGroup6
	daemonPort
	daemonTTL
)

// Attributes of counters: IPVS_STATS_ATTR_*.
const (
	statsConns = iota + 1
	statsInPkts
	statsOutPkts
	statsInBytes
	statsOutBytes
	statsCPS
	statsInPPS
	statsOutPPS
	statsInBPS
	statsOutBPS
)

// Attributes of the reply to CommandGetInfo: IPVS_INFO_ATTR_*.
const (
	infoVersion = iota + 1
	infoConnTabSize
)

// Lengths with the closing NUL: IP_VS_SCHEDNAME_MAXLEN and its two siblings.
const (
	maxNameLen = 16
)
