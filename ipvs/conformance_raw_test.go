// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"encoding/binary"
	"maps"
	"slices"
	"syscall"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

// fields are the attributes of an object by number, so that a test can omit some.
type fields map[uint16][]byte

func (f fields) with(more fields) fields {
	all := maps.Clone(f)
	maps.Copy(all, more)
	return all
}

func (f fields) without(types ...uint16) fields {
	left := maps.Clone(f)
	for _, t := range types {
		delete(left, t)
	}
	return left
}

func (f fields) encode(ae *netlink.AttributeEncoder) {
	for _, typ := range slices.Sorted(maps.Keys(f)) {
		ae.Bytes(typ, f[typ])
	}
}

// request encodes objects, each in the attribute with its number.
func request(t *testing.T, objects map[uint16]fields) []byte {
	return attrs(t, func(ae *netlink.AttributeEncoder) {
		for _, typ := range slices.Sorted(maps.Keys(objects)) {
			ae.Nested(typ, func(ae *netlink.AttributeEncoder) error {
				objects[typ].encode(ae)
				return nil
			})
		}
	})
}

func n16(v uint16) []byte  { return binary.NativeEndian.AppendUint16(nil, v) }
func n32(v uint32) []byte  { return binary.NativeEndian.AppendUint32(nil, v) }
func be16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }

// The answers to requests that this package does not make.
func TestRawRequests(t *testing.T) {
	// The numbers of include/uapi/linux/ip_vs.h.
	const svc, dest, daemon = 1, 2, 3
	id := fields{1: n16(uint16(ipvs.IPv4)), 2: n16(6), 3: {10, 0, 0, 1}, 4: be16(80)}
	full := id.with(fields{6: []byte("rr\x00"), 7: append(n32(0), n32(^uint32(0))...), 8: n32(0), 9: n32(^uint32(0))})
	full6 := full.with(fields{1: n16(uint16(ipvs.IPv6)), 3: {0x20, 1, 0xd, 0xb8, 15: 1}})
	server := fields{1: {10, 0, 0, 2}, 2: be16(80), 3: n32(0), 4: n32(1), 5: n32(0), 6: n32(0)}
	sync := fields{1: n32(1), 2: []byte("eth0\x00"), 3: n32(0)}
	type objects = map[uint16]fields
	cases := []struct {
		name  string
		cmd   ipvs.Command
		body  objects
		errno syscall.Errno
	}{
		{"add nothing", ipvs.CommandNewService, nil, syscall.EINVAL},
		{"add an empty service", ipvs.CommandNewService, objects{svc: {}}, syscall.EINVAL},
		{"add an identity alone", ipvs.CommandNewService, objects{svc: id}, syscall.EINVAL},
		{"no family", ipvs.CommandNewService, objects{svc: full.without(1)}, syscall.EINVAL},
		{"no protocol", ipvs.CommandNewService, objects{svc: full.without(2)}, syscall.EINVAL},
		{"no address", ipvs.CommandNewService, objects{svc: full.without(3)}, syscall.EINVAL},
		{"no port", ipvs.CommandNewService, objects{svc: full.without(4)}, syscall.EINVAL},
		{"no scheduler", ipvs.CommandNewService, objects{svc: full.without(6)}, syscall.EINVAL},
		{"no flags", ipvs.CommandNewService, objects{svc: full.without(7)}, syscall.EINVAL},
		{"no timeout", ipvs.CommandNewService, objects{svc: full.without(8)}, syscall.EINVAL},
		{"no netmask", ipvs.CommandNewService, objects{svc: full.without(9)}, syscall.EINVAL},
		{"short family", ipvs.CommandNewService, objects{svc: full.with(fields{1: {2}})}, syscall.EINVAL},
		{"long address", ipvs.CommandNewService, objects{svc: full.with(fields{3: make([]byte, 17)})}, syscall.EINVAL},
		{"long name", ipvs.CommandNewService, objects{svc: full.with(fields{6: []byte("0123456789abcdef\x00")})}, syscall.EINVAL},
		{"name without NUL", ipvs.CommandNewService, objects{svc: full.with(fields{6: []byte("rr")})}, syscall.EINVAL},
		{"IPv6 prefix 129", ipvs.CommandNewService, objects{svc: full6.with(fields{9: n32(129)})}, syscall.EINVAL},
		{"IPv6 prefix 2^32-1", ipvs.CommandNewService, objects{svc: full6}, syscall.EINVAL},
		{"unknown scheduler before IPv6 prefix 129", ipvs.CommandNewService, objects{svc: full6.with(fields{6: []byte("nosuch\x00"), 9: n32(129)})}, syscall.ENOENT},
		{"IPv6 prefix 128", ipvs.CommandNewService, objects{svc: full6.with(fields{9: n32(128)})}, 0},
		{"edit to IPv6 prefix 129", ipvs.CommandSetService, objects{svc: full6.with(fields{9: n32(129)})}, syscall.EINVAL},
		{"delete the IPv6 service", ipvs.CommandDelService, objects{svc: full6}, 0},
		{"family 0", ipvs.CommandNewService, objects{svc: full.with(fields{1: n16(0)})}, syscall.EAFNOSUPPORT},
		{"mark of family 1", ipvs.CommandNewService, objects{svc: full.without(2, 3, 4).with(fields{1: n16(1), 5: n32(1)})}, syscall.EAFNOSUPPORT},
		{"mark of family 1 with its identity alone", ipvs.CommandGetService, objects{svc: {1: n16(1), 5: n32(1)}}, syscall.EAFNOSUPPORT},
		{"unknown family before missing settings", ipvs.CommandNewService, objects{svc: id.with(fields{1: n16(1)})}, syscall.EAFNOSUPPORT},
		{"add to a missing service", ipvs.CommandNewDestination, objects{svc: id, dest: server}, syscall.ESRCH},
		{"missing service before missing destination", ipvs.CommandNewDestination, objects{svc: id}, syscall.ESRCH},
		{"mark 0 is a service", ipvs.CommandNewService, objects{svc: full.without(2, 3, 4).with(fields{5: n32(0)})}, 0},
		{"mark 0 is TCP 0.0.0.0:0", ipvs.CommandDelService, objects{svc: id.with(fields{3: make([]byte, 4), 4: be16(0)})}, 0},
		{"flag of a service in the table", ipvs.CommandNewService, objects{svc: full.with(fields{7: append(n32(2), n32(^uint32(0))...)})}, 0},
		{"which is in the table", ipvs.CommandDelService, objects{svc: id}, 0},
		{"add", ipvs.CommandNewService, objects{svc: full}, 0},
		{"an existing one before its settings", ipvs.CommandNewService, objects{svc: full.with(fields{6: []byte("nosuch\x00")})}, syscall.EEXIST},
		{"unknown attributes", ipvs.CommandSetService, objects{svc: full.with(fields{77: {1}}), 99: {}}, 0},
		{"short flags", ipvs.CommandSetService, objects{svc: full.with(fields{7: {1}})}, 0},
		{"no destination", ipvs.CommandNewDestination, objects{svc: id}, syscall.EINVAL},
		{"empty destination", ipvs.CommandNewDestination, objects{svc: id, dest: {}}, syscall.EINVAL},
		{"no address", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(1)}, syscall.EINVAL},
		{"no port", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(2)}, syscall.EINVAL},
		{"no method", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(3)}, syscall.EINVAL},
		{"no weight", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(4)}, syscall.EINVAL},
		{"no upper threshold", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(5)}, syscall.EINVAL},
		{"no lower threshold", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(6)}, syscall.EINVAL},
		{"unknown family", ipvs.CommandNewDestination, objects{svc: id, dest: server.with(fields{11: n16(1)})}, syscall.EAFNOSUPPORT},
		{"missing settings before unknown family", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(4).with(fields{11: n16(1)})}, syscall.EINVAL},
		{"add without a family", ipvs.CommandNewDestination, objects{svc: id, dest: server}, 0},
		{"add with family 0", ipvs.CommandNewDestination, objects{svc: id, dest: server.with(fields{11: n16(0)})}, syscall.EEXIST},
		{"delete of unknown family", ipvs.CommandDelDestination, objects{svc: id, dest: server.with(fields{11: n16(1)})}, syscall.EAFNOSUPPORT},
		{"delete of the other family", ipvs.CommandDelDestination, objects{svc: id, dest: server.with(fields{11: n16(uint16(ipvs.IPv6))})}, syscall.ENOENT},
		{"delete by identity", ipvs.CommandDelDestination, objects{svc: id, dest: server.without(3, 4, 5, 6)}, 0},
		{"zero an empty identity", ipvs.CommandZero, objects{svc: {}}, syscall.EINVAL},
		{"start nothing", ipvs.CommandNewDaemon, nil, syscall.EINVAL},
		{"no state", ipvs.CommandNewDaemon, objects{daemon: sync.without(1)}, syscall.EINVAL},
		{"no interface", ipvs.CommandNewDaemon, objects{daemon: sync.without(2)}, syscall.EINVAL},
		{"no sync id", ipvs.CommandNewDaemon, objects{daemon: sync.without(3)}, syscall.EINVAL},
		{"long interface", ipvs.CommandNewDaemon, objects{daemon: sync.with(fields{2: []byte("0123456789abcdef\x00")})}, syscall.EINVAL},
		{"short IPv6 group", ipvs.CommandNewDaemon, objects{daemon: sync.with(fields{6: make([]byte, 15)})}, syscall.EINVAL},
		{"stop nothing", ipvs.CommandDelDaemon, nil, syscall.EINVAL},
		{"stop without a state", ipvs.CommandDelDaemon, objects{daemon: {}}, syscall.EINVAL},
		{"unknown command", 200, nil, syscall.EOPNOTSUPP},
		{"command 0", 0, nil, syscall.EOPNOTSUPP},
		{"set info", ipvs.CommandSetInfo, nil, syscall.EOPNOTSUPP},
		{"get destinations, but no dump", ipvs.CommandGetDestinations, objects{svc: id}, syscall.EOPNOTSUPP},
		{"get daemons, but no dump", ipvs.CommandGetDaemons, nil, syscall.EOPNOTSUPP},
	}
	onEveryBackend(t, func(t *testing.T, w *world) {
		c := w.raw(t)
		for _, tc := range cases {
			_, errno := c.execute(t, tc.cmd, netlink.Acknowledge, request(t, tc.body))
			if errno != tc.errno {
				t.Errorf("%s: %s: got errno %d (%v), want %d", tc.cmd, tc.name, int(errno), errno, int(tc.errno))
			}
		}

		_, errno := c.execute(t, ipvs.CommandSetConfig, netlink.Acknowledge, attrs(t, fields{4: {1}}.encode))
		if errno != syscall.ERANGE {
			t.Errorf("a short attribute of the first level: %v", errno)
		}
		for _, cmd := range []ipvs.Command{ipvs.CommandGetInfo, ipvs.CommandGetConfig, ipvs.CommandNewService, ipvs.CommandFlush} {
			if _, errno := c.execute(t, cmd, netlink.Dump, nil); errno != syscall.EOPNOTSUPP {
				t.Errorf("dump of %s: %v", cmd, errno)
			}
		}
		for name, body := range map[string]objects{"nothing": nil, "a bad service": {svc: {}}} {
			if replies, errno := c.execute(t, ipvs.CommandGetDestinations, netlink.Dump, request(t, body)); len(replies) != 0 || errno != 0 {
				t.Errorf("destinations of %s: %d replies, %v", name, len(replies), errno)
			}
		}
	})
}

// A reply has 64-bit counters in addition to the old ones, and no attribute that this
// package does not know.
func TestReplyAttributes(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		client := w.client(t)
		id := tcp("10.0.0.1:80")
		must(t, client.NewService(service(id, func(s *ipvs.Service) { s.PersistenceEngine = "sip" })))
		must(t, client.NewService(service(mark(1, ipvs.IPv4))))
		must(t, client.NewDestination(id, destination("10.0.0.2:80")))
		must(t, client.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"}))
		key, err := ipvs.Encode(&id)
		must(t, err)
		c := w.raw(t)
		for _, tc := range []struct {
			cmd     ipvs.Command
			typ     uint16
			replies [][]uint16
		}{
			{ipvs.CommandGetService, 1, [][]uint16{{1, 2, 3, 4, 6, 11, 7, 8, 9, 10, 12}, {1, 5, 6, 7, 8, 9, 10, 12}}},
			{ipvs.CommandGetDestinations, 2, [][]uint16{{1, 2, 3, 4, 13, 14, 15, 5, 6, 7, 8, 9, 11, 10, 12}}},
			{ipvs.CommandGetDaemons, 3, [][]uint16{{1, 2, 3, 4, 7, 8, 5}}},
		} {
			replies, errno := c.execute(t, tc.cmd, netlink.Dump, attrs(t, fields{1: key}.encode))
			if errno != 0 {
				t.Fatalf("%s: %v", tc.cmd, errno)
			}
			var got [][]uint16
			for _, reply := range replies {
				ad, err := netlink.NewAttributeDecoder(reply.Data[4:])
				must(t, err)
				var types []uint16
				for ad.Next() {
					if ad.Type() != tc.typ {
						t.Errorf("%s: attribute %d", tc.cmd, ad.Type())
					}
					ad.Nested(func(nad *netlink.AttributeDecoder) error {
						for nad.Next() {
							types = append(types, nad.Type())
						}
						return nil
					})
				}
				must(t, ad.Err())
				got = append(got, types)
			}
			slices.SortFunc(got, slices.Compare) // the kernel's order of services is by hash
			if !slices.EqualFunc(got, tc.replies, slices.Equal) {
				t.Errorf("%s: attributes %v, want %v", tc.cmd, got, tc.replies)
			}
		}
	})
}
