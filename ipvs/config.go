package ipvs

import (
	"fmt"
)

// Config holds the timeouts of connections, in seconds. In SetConfig a zero
// leaves the kernel's value as it is.
type Config struct {
	TCP    uint32 // established TCP connections
	TCPFin uint32 // TCP connections after a FIN
	UDP    uint32
}

// MarshalBinary returns the attributes of IPVS_CMD_SET_CONFIG.
func (c Config) MarshalBinary() ([]byte, error) {
	return marshal(c.encode)
}

func (c *Config) encode(e *encoder) {
	e.uint32(attrTimeoutTCP, c.TCP)
	e.uint32(attrTimeoutTCPFin, c.TCPFin)
	e.uint32(attrTimeoutUDP, c.UDP)
}

// UnmarshalBinary reads the attributes of IPVS_CMD_SET_CONFIG.
func (c *Config) UnmarshalBinary(b []byte) error { return prefixed(c.decode(b)) }

func (c *Config) decode(b []byte) error {
	*c = Config{}
	a := decoder{rest: b}
	for a.next() {
		switch a.typ {
		case attrTimeoutTCP:
			c.TCP = a.uint32()
		case attrTimeoutTCPFin:
			c.TCPFin = a.uint32()
		case attrTimeoutUDP:
			c.UDP = a.uint32()
		}
	}
	if a.err != nil {
		return fmt.Errorf("timeouts: %w", a.err)
	}
	return nil
}

// Info is what the kernel's ip_vs says of itself.
type Info struct {
	// Version is three bytes, 0x010201 for 1.2.1: see VersionString.
	Version uint32
	// ConnTabSize is the number of buckets of the connection table.
	ConnTabSize uint32
}

// VersionString is the version in the usual form, as "1.2.1".
func (i Info) VersionString() string {
	return fmt.Sprintf("%d.%d.%d", i.Version>>16&0xff, i.Version>>8&0xff, i.Version&0xff)
}

// MarshalBinary returns the attributes of IPVS_CMD_SET_INFO.
func (i Info) MarshalBinary() ([]byte, error) { return marshal(i.encode) }

func (i *Info) encode(e *encoder) {
	e.uint32(infoVersion, i.Version)
	e.uint32(infoConnTabSize, i.ConnTabSize)
}

// UnmarshalBinary reads the attributes of IPVS_CMD_SET_INFO.
func (i *Info) UnmarshalBinary(b []byte) error { return prefixed(i.decode(b)) }

func (i *Info) decode(b []byte) error {
	*i = Info{}
	a := decoder{rest: b}
	for a.next() {
		switch a.typ {
		case infoVersion:
			i.Version = a.uint32()
		case infoConnTabSize:
			i.ConnTabSize = a.uint32()
		}
	}
	if a.err != nil {
		return fmt.Errorf("info: %w", a.err)
	}
	return nil
}
