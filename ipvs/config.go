package ipvs

import (
	"fmt"

	"github.com/mdlayher/netlink"
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

func (c Config) encode(ae *netlink.AttributeEncoder) error {
	ae.Uint32(attrTimeoutTCP, c.TCP)
	ae.Uint32(attrTimeoutTCPFin, c.TCPFin)
	ae.Uint32(attrTimeoutUDP, c.UDP)
	return nil
}

// UnmarshalBinary reads the attributes of IPVS_CMD_SET_CONFIG.
func (c *Config) UnmarshalBinary(b []byte) error { return unmarshal(b, c.decode) }

func (c *Config) decode(ad *netlink.AttributeDecoder) error {
	*c = Config{}
	for ad.Next() {
		switch ad.Type() {
		case attrTimeoutTCP:
			c.TCP = ad.Uint32()
		case attrTimeoutTCPFin:
			c.TCPFin = ad.Uint32()
		case attrTimeoutUDP:
			c.UDP = ad.Uint32()
		}
	}
	if err := ad.Err(); err != nil {
		return fmt.Errorf("ipvs: timeouts: %w", err)
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

func (i Info) encode(ae *netlink.AttributeEncoder) error {
	ae.Uint32(infoVersion, i.Version)
	ae.Uint32(infoConnTabSize, i.ConnTabSize)
	return nil
}

// UnmarshalBinary reads the attributes of IPVS_CMD_SET_INFO.
func (i *Info) UnmarshalBinary(b []byte) error { return unmarshal(b, i.decode) }

func (i *Info) decode(ad *netlink.AttributeDecoder) error {
	*i = Info{}
	for ad.Next() {
		switch ad.Type() {
		case infoVersion:
			i.Version = ad.Uint32()
		case infoConnTabSize:
			i.ConnTabSize = ad.Uint32()
		}
	}
	if err := ad.Err(); err != nil {
		return fmt.Errorf("ipvs: info: %w", err)
	}
	return nil
}
