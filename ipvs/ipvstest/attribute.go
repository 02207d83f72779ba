package ipvstest

import (
	"bytes"
	"encoding/binary"
	"syscall"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// The attributes of include/uapi/linux/ip_vs.h once more: the fake must not
// share a mistake with the package it tests.
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

// attributes are the payloads of one level, by type. A nil one is missing.
type attributes map[uint16][]byte

// rule is a struct nla_policy: at least min bytes, at most max if that is not
// 0, and a NUL-terminated string of at most max bytes if text is set.
type rule struct {
	min, max int
	text     bool
}

var (
	ruleU8     = rule{min: 1}
	ruleU16    = rule{min: 2}
	ruleU32    = rule{min: 4}
	ruleNested = rule{}
	ruleName   = rule{max: 15, text: true}
	ruleAddr   = rule{max: 16}
)

var commandPolicy = map[uint16]rule{
	cmdService: ruleNested, cmdDestination: ruleNested, cmdDaemon: ruleNested,
	cmdTimeoutTCP: ruleU32, cmdTimeoutFin: ruleU32, cmdTimeoutUDP: ruleU32,
}

var servicePolicy = map[uint16]rule{
	svcAF: ruleU16, svcProtocol: ruleU16, svcAddr: ruleAddr, svcPort: ruleU16, svcFWMark: ruleU32,
	svcSchedName: ruleName, svcPEName: ruleName, svcFlags: {max: 8}, svcTimeout: ruleU32,
	svcNetmask: ruleU32, svcStats: ruleNested,
}

var destinationPolicy = map[uint16]rule{
	destAddr: ruleAddr, destPort: ruleU16, destFwdMethod: ruleU32, destWeight: ruleU32,
	destUThresh: ruleU32, destLThresh: ruleU32, destActiveConns: ruleU32, destInactConns: ruleU32,
	destPersistConns: ruleU32, destStats: ruleNested, destAddrFamily: ruleU16,
	destTunType: ruleU8, destTunPort: ruleU16, destTunFlags: ruleU16,
}

var daemonPolicy = map[uint16]rule{
	daemonState: ruleU32, daemonMcastIfn: ruleName, daemonSyncID: ruleU32, daemonMaxLen: ruleU16,
	daemonMcastGroup: ruleU32, daemonMcast6: {min: 16}, daemonMcastPort: ruleU16, daemonMcastTTL: ruleU8,
}

var controlPolicy = map[uint16]rule{
	unix.CTRL_ATTR_FAMILY_ID: ruleU16, unix.CTRL_ATTR_FAMILY_NAME: {max: 15, text: true},
}

// parseAttributes is nla_parse_deprecated: unknown attributes are skipped, of
// several of a type the last counts, and what is left over at the end is ignored.
func parseAttributes(b []byte, policy map[uint16]rule) (attributes, syscall.Errno) {
	attrs := attributes{}
	for len(b) >= 4 {
		length := int(binary.NativeEndian.Uint16(b))
		typ := binary.NativeEndian.Uint16(b[2:]) & 0x3fff // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
		if length < 4 || length > len(b) {
			break
		}
		value := b[4:length:length]
		if r, ok := policy[typ]; ok {
			if errno := r.check(value); errno != 0 {
				return nil, errno
			}
			attrs[typ] = value
		}
		b = b[min(len(b), (length+3)&^3):]
	}
	return attrs, 0
}

// parseNested is parseAttributes for an attribute that must be there; anything
// wrong is EINVAL.
func parseNested(b []byte, policy map[uint16]rule) (attributes, syscall.Errno) {
	if b == nil {
		return nil, unix.EINVAL
	}
	attrs, errno := parseAttributes(b, policy)
	if errno != 0 {
		return nil, unix.EINVAL
	}
	return attrs, 0
}

func (r rule) check(value []byte) syscall.Errno {
	if r.text {
		if bytes.IndexByte(value[:min(len(value), r.max+1)], 0) < 0 {
			return unix.EINVAL
		}
		if len(value) > 0 && value[len(value)-1] == 0 {
			value = value[:len(value)-1]
		}
	}
	if len(value) < r.min || r.max > 0 && len(value) > r.max {
		return unix.ERANGE
	}
	return 0
}

// has tells whether all of the attributes are there.
func (a attributes) has(types ...uint16) bool {
	for _, t := range types {
		if a[t] == nil {
			return false
		}
	}
	return true
}

func u8(b []byte) uint8       { return b[0] }
func u16(b []byte) uint16     { return binary.NativeEndian.Uint16(b) }
func u32(b []byte) uint32     { return binary.NativeEndian.Uint32(b) }
func port(b []byte) uint16    { return binary.BigEndian.Uint16(b) }
func cString(b []byte) string { return string(b[:max(0, bytes.IndexByte(b, 0))]) }

func bigEndian16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }

// nest writes an attribute that holds others, without the flag NLA_F_NESTED, as
// ip_vs does.
func nest(ae *netlink.AttributeEncoder, typ uint16, encode func(*netlink.AttributeEncoder)) {
	nae := netlink.NewAttributeEncoder()
	encode(nae)
	b, err := nae.Encode()
	if err != nil {
		panic(err) // only names with a NUL byte can fail, and none gets in
	}
	ae.Bytes(typ, b)
}

// encodeStats writes both forms of the counters. The old one cuts off the upper
// half of all but the bytes.
func encodeStats(ae *netlink.AttributeEncoder, attr32, attr64 uint16, s ipvs.Stats) {
	counters := []uint64{
		s.Conns, s.InPkts, s.OutPkts, s.InBytes, s.OutBytes, s.CPS, s.InPPS, s.OutPPS, s.InBPS, s.OutBPS,
	}
	nest(ae, attr32, func(nae *netlink.AttributeEncoder) {
		for i, c := range counters {
			if i == 3 || i == 4 {
				nae.Uint64(uint16(i+1), c)
			} else {
				nae.Uint32(uint16(i+1), uint32(c))
			}
		}
	})
	nest(ae, attr64, func(nae *netlink.AttributeEncoder) {
		for i, c := range counters {
			nae.Uint64(uint16(i+1), c)
		}
	})
}
