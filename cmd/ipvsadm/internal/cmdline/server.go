// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func (b *builder) setServer(value string) (err error) {
	if b.server, err = parseEndpoint(value, b.portProtocol(), b.hosts); err != nil {
		return illegalAddress(illegalServer(), value, b.portProtocol(), b.hosts)
	}
	if b.action == drainServers {
		b.servers = append(b.servers, b.server)
	}
	return nil
}

// portProtocol returns the protocol for looking up the port name of a real server, or 0
// while the service is not known. A firewall mark counts as TCP.
func (b *builder) portProtocol() ipvs.Protocol {
	if b.service.FWMark != 0 {
		return ipvs.TCP
	}
	return b.service.Protocol
}

func (b *builder) setMasquerading(string) error { return b.setForward(ipvs.Masquerade) }
func (b *builder) setIPIP(string) error         { return b.setForward(ipvs.Tunnel) }
func (b *builder) setGatewaying(string) error   { return b.setForward(ipvs.DirectRoute) }

func (b *builder) setForward(m ipvs.ForwardingMethod) error {
	b.destination.Forward = m
	return nil
}

func (b *builder) setWeight(value string) error {
	b.plus = b.plus || strings.HasPrefix(value, "+")
	return setNumber(&b.destination.Weight, value, format.WeightRange, "weight")
}

func (b *builder) setUpper(value string) error {
	return setNumber(&b.destination.UpperThreshold, value, format.ThresholdRange, "u_threshold")
}

func (b *builder) setLower(value string) error {
	return setNumber(&b.destination.LowerThreshold, value, format.ThresholdRange, "l_threshold")
}

var tunnelTypes = []ipvs.TunnelType{ipvs.IPIP, ipvs.GUE, ipvs.GRE}

func (b *builder) setTunType(value string) error {
	for _, t := range tunnelTypes {
		if t.String() == value {
			b.destination.TunnelType = t
			return nil
		}
	}
	return WithHint(illegal("tunnel type"), "it must be ipip, gue or gre")
}

func (b *builder) setTunPort(value string) error {
	return setNumber(&b.destination.TunnelPort, value, format.TunnelPortRange, "tunnel port")
}

func (b *builder) setTunCsum(string) error    { return b.setTunnelFlag(ipvs.TunnelChecksum) }
func (b *builder) setTunRemCsum(string) error { return b.setTunnelFlag(ipvs.TunnelRemoteChecksum) }

func (b *builder) setTunnelFlag(f ipvs.TunnelFlags) error {
	b.destination.TunnelFlags |= f
	return nil
}
