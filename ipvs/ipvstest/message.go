// SPDX-License-Identifier: Apache-2.0

package ipvstest

import "github.com/mdlayher/netlink"

// Message is a netlink message: the fields of struct nlmsghdr, whose length is that of
// the Data, and the Data. A message of IPVS begins with struct genlmsghdr: the command,
// the version 1 and two zeros. Its attributes follow.
type Message struct {
	Type, Flags      uint16
	Sequence, PortID uint32
	Data             []byte
}

func publicMessages(messages []netlink.Message) []Message {
	public := make([]Message, len(messages))
	for i, m := range messages {
		h := m.Header
		public[i] = Message{uint16(h.Type), uint16(h.Flags), h.Sequence, h.PID, m.Data}
	}
	return public
}

func wireMessages(messages []Message) []netlink.Message {
	wire := make([]netlink.Message, len(messages))
	for i, m := range messages {
		wire[i] = netlink.Message{
			Header: netlink.Header{
				Length: uint32(headerLen + len(m.Data)), Type: netlink.HeaderType(m.Type), Flags: netlink.HeaderFlags(m.Flags),
				Sequence: m.Sequence, PID: m.PortID,
			},
			Data: m.Data,
		}
	}
	return wire
}
