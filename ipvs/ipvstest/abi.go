// SPDX-License-Identifier: Apache-2.0

package ipvstest

// The attributes of include/uapi/linux/ip_vs.h. The fake does not use the constants
// of package ipvs, so that it does not share its mistakes.
const (
	cmdService     = 1
	cmdDestination = 2
	cmdDaemon      = 3
	cmdTimeoutTCP  = 4
	cmdTimeoutFin  = 5
	cmdTimeoutUDP  = 6

	svcAF        = 1
	svcProtocol  = 2
	svcAddr      = 3
	svcPort      = 4
	svcFWMark    = 5
	svcSchedName = 6
	svcFlags     = 7
	svcTimeout   = 8
	svcNetmask   = 9
	svcStats     = 10
	svcPEName    = 11
	svcStats64   = 12

	destAddr         = 1
	destPort         = 2
	destFwdMethod    = 3
	destWeight       = 4
	destUThresh      = 5
	destLThresh      = 6
	destActiveConns  = 7
	destInactConns   = 8
	destPersistConns = 9
	destStats        = 10
	destAddrFamily   = 11
	destStats64      = 12
	destTunType      = 13
	destTunPort      = 14
	destTunFlags     = 15

	daemonState      = 1
	daemonMcastIfn   = 2
	daemonSyncID     = 3
	daemonMaxLen     = 4
	daemonMcastGroup = 5
	daemonMcast6     = 6
	daemonMcastPort  = 7
	daemonMcastTTL   = 8

	infoVersion = 1
	infoTabSize = 2
)

// The generic netlink controller, in include/uapi/linux/genetlink.h.
const (
	genlIDControl = 0x10

	ctrlNewFamily = 1
	ctrlGetFamily = 3

	ctrlFamilyID   = 1
	ctrlFamilyName = 2
	ctrlVersion    = 3
	ctrlHeaderSize = 4
	ctrlMaxAttr    = 5
)
