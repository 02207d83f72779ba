// SPDX-License-Identifier: Apache-2.0

package ipvs

import "fmt"

// Info describes the kernel's ip_vs.
type Info struct {
	// Version has one byte per number: 0x010201 is 1.2.1. See VersionString.
	Version uint32
	// ConnTabSize is the number of buckets of the connection table. From Linux 7.1 on each
	// network namespace has a table of its own, which grows and shrinks, and none, with size
	// 0, before its first service or backup daemon.
	ConnTabSize uint32
}

// VersionString returns the version in the usual form, such as "1.2.1".
func (i Info) VersionString() string {
	return fmt.Sprintf("%d.%d.%d", i.Version>>16&0xff, i.Version>>8&0xff, i.Version&0xff)
}

// encode writes the attributes of IPVS_CMD_SET_INFO.
func (i *Info) encode(e *encoder) {
	e.Uint32(infoVersion, i.Version)
	e.Uint32(infoConnTabSize, i.ConnTabSize)
}

// decode reads the attributes of IPVS_CMD_SET_INFO.
func (i *Info) decode(b []byte) error {
	*i = Info{}
	a := decoder{Rest: b}
	for a.Next() {
		switch a.Type {
		case infoVersion:
			i.Version = a.Uint32()
		case infoConnTabSize:
			i.ConnTabSize = a.Uint32()
		}
	}
	if a.Err != nil {
		return fmt.Errorf("info: %w", a.Err)
	}
	return nil
}
