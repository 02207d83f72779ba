// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// fwmarkWord takes the place of a protocol in the text of a firewall mark service.
const fwmarkWord = "FWM"

// ParseServiceID parses what ServiceID.String returns: "TCP 10.0.0.1:80", "FWM 7" or
// "FWM 7 IPv6". Words are in upper or lower case, and a protocol may be a number. The
// address [::ffff:10.0.0.1] is one of IPv6.
func ParseServiceID(text string) (ServiceID, error) {
	var id ServiceID
	var err error
	words := strings.Fields(text)
	switch {
	case len(words) < 2 || len(words) > 3:
		err = errServiceText
	case strings.EqualFold(words[0], fwmarkWord):
		id, err = parseFWMark(words[1:])
	case len(words) > 2:
		err = errServiceText
	default:
		id, err = parseAddressService(words[0], words[1])
	}
	if err != nil {
		return ServiceID{}, fmt.Errorf("ipvs: service %q: %w", text, err)
	}
	return id, nil
}

var errServiceText = errors.New(`want a protocol, an address and a port, as in "TCP 10.0.0.1:80", or a firewall mark, as in "FWM 7" or "FWM 7 IPv6"`)

func parseFWMark(words []string) (id ServiceID, err error) {
	mark, err := strconv.ParseUint(words[0], 10, 32)
	if err != nil || mark == 0 {
		return id, fmt.Errorf("firewall mark %q is not a number from 1 to 4294967295", words[0])
	}
	id.FWMark = uint32(mark)
	if len(words) > 1 {
		var family Family
		if familyNames.parse(&family, []byte(words[1])) != nil || family != IPv4 && family != IPv6 {
			return id, fmt.Errorf("family %q of a firewall mark is neither IPv4 nor IPv6", words[1])
		}
		id.IPv6 = family == IPv6
	}
	return id, nil
}

func parseAddressService(protocol, endpoint string) (id ServiceID, err error) {
	if err = protocolNames.parse(&id.Protocol, []byte(protocol)); err != nil {
		return id, err
	}
	if id.AddrPort, err = netip.ParseAddrPort(endpoint); err != nil {
		return id, err
	}
	id.IPv6 = id.AddrPort.Addr().Is4In6()
	return id, id.check()
}

// MarshalText writes what String returns, so that a ServiceID serves as a key of a JSON
// object. The zero value has no text. Any other ServiceID that no service has is an
// error.
func (id ServiceID) MarshalText() ([]byte, error) {
	if id == (ServiceID{}) {
		return []byte{}, nil
	}
	if err := id.check(); err != nil {
		return nil, prefixed(err)
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what ParseServiceID reads. Empty text becomes the zero value.
func (id *ServiceID) UnmarshalText(text []byte) error { return readID(id, text, ParseServiceID) }

// ParseDestinationID parses what DestinationID.String returns: "10.0.0.2:80" or
// "[fd00::2]:80".
func ParseDestinationID(text string) (DestinationID, error) {
	addr, err := netip.ParseAddrPort(text)
	if err == nil {
		err = checkAddr("destination", addr.Addr())
	}
	if err != nil {
		return DestinationID{}, fmt.Errorf("ipvs: destination %q: %w", text, err)
	}
	return DestinationID{AddrPort: addr}, nil
}

// MarshalText writes what String returns, so that a DestinationID serves as a key of a
// JSON object. The zero value has no text. Any other DestinationID that no destination
// has is an error.
func (id DestinationID) MarshalText() ([]byte, error) {
	if id == (DestinationID{}) {
		return []byte{}, nil
	}
	if err := checkAddr("destination", id.AddrPort.Addr()); err != nil {
		return nil, prefixed(err)
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what ParseDestinationID reads. Empty text becomes the zero value.
func (id *DestinationID) UnmarshalText(text []byte) error {
	return readID(id, text, ParseDestinationID)
}

// readID sets an identity to what text says, and leaves it as it is after an error.
func readID[T any](id *T, text []byte, parse func(string) (T, error)) error {
	var parsed T
	if len(text) > 0 {
		var err error
		if parsed, err = parse(string(text)); err != nil {
			return err
		}
	}
	*id = parsed
	return nil
}
