// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"bytes"
	"encoding/binary"
	"syscall"
)

// attributes are the payloads of one level by type. A missing attribute is nil.
type attributes map[uint16][]byte

// attrPolicy is a struct nla_policy. The payload has at least min bytes, and at most
// max unless max is 0. With text set it is a NUL-terminated string of at most max
// bytes.
type attrPolicy struct {
	min, max int
	text     bool
}

var (
	policyU8     = attrPolicy{min: 1}
	policyU16    = attrPolicy{min: 2}
	policyU32    = attrPolicy{min: 4}
	policyNested = attrPolicy{}
	policyName   = attrPolicy{max: 15, text: true}
	policyAddr   = attrPolicy{max: 16}
)

var commandPolicy = map[uint16]attrPolicy{
	cmdService: policyNested, cmdDestination: policyNested, cmdDaemon: policyNested,
	cmdTimeoutTCP: policyU32, cmdTimeoutFin: policyU32, cmdTimeoutUDP: policyU32,
}

var servicePolicy = map[uint16]attrPolicy{
	svcAF: policyU16, svcProtocol: policyU16, svcAddr: policyAddr, svcPort: policyU16, svcFWMark: policyU32,
	svcSchedName: policyName, svcPEName: policyName, svcFlags: {max: 8}, svcTimeout: policyU32,
	svcNetmask: policyU32, svcStats: policyNested,
}

var destinationPolicy = map[uint16]attrPolicy{
	destAddr: policyAddr, destPort: policyU16, destFwdMethod: policyU32, destWeight: policyU32,
	destUThresh: policyU32, destLThresh: policyU32, destActiveConns: policyU32, destInactConns: policyU32,
	destPersistConns: policyU32, destStats: policyNested, destAddrFamily: policyU16,
	destTunType: policyU8, destTunPort: policyU16, destTunFlags: policyU16,
}

var daemonPolicy = map[uint16]attrPolicy{
	daemonState: policyU32, daemonMcastIfn: policyName, daemonSyncID: policyU32, daemonMaxLen: policyU16,
	daemonMcastGroup: policyU32, daemonMcast6: {min: 16}, daemonMcastPort: policyU16, daemonMcastTTL: policyU8,
}

var controlPolicy = map[uint16]attrPolicy{
	ctrlFamilyID: policyU16, ctrlFamilyName: {max: 15, text: true},
}

// parseAttributes is nla_parse_deprecated. It skips unknown attributes, keeps the last
// of several with the same type, and ignores trailing bytes.
func parseAttributes(b []byte, policy map[uint16]attrPolicy) (attributes, syscall.Errno) {
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

// parseNested is parseAttributes for a required attribute. Every error is EINVAL.
func parseNested(b []byte, policy map[uint16]attrPolicy) (attributes, syscall.Errno) {
	if b == nil {
		return nil, syscall.EINVAL
	}
	attrs, errno := parseAttributes(b, policy)
	if errno != 0 {
		return nil, syscall.EINVAL
	}
	return attrs, 0
}

func (r attrPolicy) check(value []byte) syscall.Errno {
	if r.text {
		if bytes.IndexByte(value[:min(len(value), r.max+1)], 0) < 0 {
			return syscall.EINVAL
		}
		if len(value) > 0 && value[len(value)-1] == 0 {
			value = value[:len(value)-1]
		}
	}
	if len(value) < r.min || r.max > 0 && len(value) > r.max {
		return syscall.ERANGE
	}
	return 0
}
