package ipvs_test

import (
	"encoding/binary"
	"maps"
	"slices"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// fields are the attributes of an object by number, to leave some out.
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

// request nests objects, by the number of the attribute that holds each.
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

// What requests other than those of this package get.
func TestRawRequests(t *testing.T) {
	// The numbers of include/uapi/linux/ip_vs.h.
	const svc, dest, daemon = 1, 2, 3
	id := fields{1: n16(unix.AF_INET), 2: n16(6), 3: {10, 0, 0, 1}, 4: be16(80)}
	full := id.with(fields{6: []byte("rr\x00"), 7: append(n32(0), n32(^uint32(0))...), 8: n32(0), 9: n32(^uint32(0))})
	server := fields{1: {10, 0, 0, 2}, 2: be16(80), 3: n32(0), 4: n32(1), 5: n32(0), 6: n32(0)}
	sync := fields{1: n32(1), 2: []byte("eth0\x00"), 3: n32(0)}
	type objects = map[uint16]fields
	cases := []struct {
		name  string
		cmd   ipvs.Command
		body  objects
		errno syscall.Errno
	}{
		{"add nothing", ipvs.CommandNewService, nil, unix.EINVAL},
		{"add an empty service", ipvs.CommandNewService, objects{svc: {}}, unix.EINVAL},
		{"add an identity alone", ipvs.CommandNewService, objects{svc: id}, unix.EINVAL},
		{"no family", ipvs.CommandNewService, objects{svc: full.without(1)}, unix.EINVAL},
		{"no protocol", ipvs.CommandNewService, objects{svc: full.without(2)}, unix.EINVAL},
		{"no address", ipvs.CommandNewService, objects{svc: full.without(3)}, unix.EINVAL},
		{"no port", ipvs.CommandNewService, objects{svc: full.without(4)}, unix.EINVAL},
		{"no scheduler", ipvs.CommandNewService, objects{svc: full.without(6)}, unix.EINVAL},
		{"no flags", ipvs.CommandNewService, objects{svc: full.without(7)}, unix.EINVAL},
		{"no timeout", ipvs.CommandNewService, objects{svc: full.without(8)}, unix.EINVAL},
		{"no netmask", ipvs.CommandNewService, objects{svc: full.without(9)}, unix.EINVAL},
		{"short family", ipvs.CommandNewService, objects{svc: full.with(fields{1: {2}})}, unix.EINVAL},
		{"long address", ipvs.CommandNewService, objects{svc: full.with(fields{3: make([]byte, 17)})}, unix.EINVAL},
		{"long name", ipvs.CommandNewService, objects{svc: full.with(fields{6: []byte("0123456789abcdef\x00")})}, unix.EINVAL},
		{"name without NUL", ipvs.CommandNewService, objects{svc: full.with(fields{6: []byte("rr")})}, unix.EINVAL},
		{"family 0", ipvs.CommandNewService, objects{svc: full.with(fields{1: n16(0)})}, unix.EAFNOSUPPORT},
		{"unknown family before missing settings", ipvs.CommandNewService, objects{svc: id.with(fields{1: n16(1)})}, unix.EAFNOSUPPORT},
		{"add to a missing service", ipvs.CommandNewDestination, objects{svc: id, dest: server}, unix.ESRCH},
		{"missing service before missing destination", ipvs.CommandNewDestination, objects{svc: id}, unix.ESRCH},
		{"mark 0 is a service", ipvs.CommandNewService, objects{svc: full.without(2, 3, 4).with(fields{5: n32(0)})}, 0},
		{"mark 0 is TCP 0.0.0.0:0", ipvs.CommandDelService, objects{svc: id.with(fields{3: make([]byte, 4), 4: be16(0)})}, 0},
		{"flag of a service in the table", ipvs.CommandNewService, objects{svc: full.with(fields{7: append(n32(2), n32(^uint32(0))...)})}, 0},
		{"which is in the table", ipvs.CommandDelService, objects{svc: id}, 0},
		{"add", ipvs.CommandNewService, objects{svc: full}, 0},
		{"an existing one before its settings", ipvs.CommandNewService, objects{svc: full.with(fields{6: []byte("nosuch\x00")})}, unix.EEXIST},
		{"unknown attributes", ipvs.CommandSetService, objects{svc: full.with(fields{77: {1}}), 99: {}}, 0},
		{"short flags", ipvs.CommandSetService, objects{svc: full.with(fields{7: {1}})}, 0},
		{"no destination", ipvs.CommandNewDestination, objects{svc: id}, unix.EINVAL},
		{"empty destination", ipvs.CommandNewDestination, objects{svc: id, dest: {}}, unix.EINVAL},
		{"no address", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(1)}, unix.EINVAL},
		{"no port", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(2)}, unix.EINVAL},
		{"no method", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(3)}, unix.EINVAL},
		{"no weight", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(4)}, unix.EINVAL},
		{"no upper threshold", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(5)}, unix.EINVAL},
		{"no lower threshold", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(6)}, unix.EINVAL},
		{"unknown family", ipvs.CommandNewDestination, objects{svc: id, dest: server.with(fields{11: n16(1)})}, unix.EAFNOSUPPORT},
		{"missing settings before unknown family", ipvs.CommandNewDestination, objects{svc: id, dest: server.without(4).with(fields{11: n16(1)})}, unix.EINVAL},
		{"add without a family", ipvs.CommandNewDestination, objects{svc: id, dest: server}, 0},
		{"add with family 0", ipvs.CommandNewDestination, objects{svc: id, dest: server.with(fields{11: n16(0)})}, unix.EEXIST},
		{"delete of unknown family", ipvs.CommandDelDestination, objects{svc: id, dest: server.with(fields{11: n16(1)})}, unix.EAFNOSUPPORT},
		{"delete of the other family", ipvs.CommandDelDestination, objects{svc: id, dest: server.with(fields{11: n16(unix.AF_INET6)})}, unix.ENOENT},
		{"delete by identity", ipvs.CommandDelDestination, objects{svc: id, dest: server.without(3, 4, 5, 6)}, 0},
		{"zero an empty identity", ipvs.CommandZero, objects{svc: {}}, unix.EINVAL},
		{"start nothing", ipvs.CommandNewDaemon, nil, unix.EINVAL},
		{"no state", ipvs.CommandNewDaemon, objects{daemon: sync.without(1)}, unix.EINVAL},
		{"no interface", ipvs.CommandNewDaemon, objects{daemon: sync.without(2)}, unix.EINVAL},
		{"no sync id", ipvs.CommandNewDaemon, objects{daemon: sync.without(3)}, unix.EINVAL},
		{"long interface", ipvs.CommandNewDaemon, objects{daemon: sync.with(fields{2: []byte("0123456789abcdef\x00")})}, unix.EINVAL},
		{"short IPv6 group", ipvs.CommandNewDaemon, objects{daemon: sync.with(fields{6: make([]byte, 15)})}, unix.EINVAL},
		{"stop nothing", ipvs.CommandDelDaemon, nil, unix.EINVAL},
		{"stop without a state", ipvs.CommandDelDaemon, objects{daemon: {}}, unix.EINVAL},
		{"unknown command", 200, nil, unix.EOPNOTSUPP},
		{"command 0", 0, nil, unix.EOPNOTSUPP},
		{"set info", ipvs.CommandSetInfo, nil, unix.EOPNOTSUPP},
		{"get destinations, but no dump", ipvs.CommandGetDestinations, objects{svc: id}, unix.EOPNOTSUPP},
		{"get daemons, but no dump", ipvs.CommandGetDaemons, nil, unix.EOPNOTSUPP},
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
		if errno != unix.ERANGE {
			t.Errorf("a short attribute of the first level: %v", errno)
		}
		for _, cmd := range []ipvs.Command{ipvs.CommandGetInfo, ipvs.CommandGetConfig, ipvs.CommandNewService, ipvs.CommandFlush} {
			if _, errno := c.execute(t, cmd, netlink.Dump, nil); errno != unix.EOPNOTSUPP {
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

// A reply has counters of 64 bits beside the old ones, and no other attribute
// that this package does not know.
func TestReplyAttributes(t *testing.T) {
	onEveryBackend(t, func(t *testing.T, w *world) {
		client := w.client(t)
		id := tcp("10.0.0.1:80")
		must(t, client.NewService(service(id, func(s *ipvs.Service) { s.PersistenceEngine = "sip" })))
		must(t, client.NewService(service(mark(1, ipvs.IPv4))))
		must(t, client.NewDestination(id, destination("10.0.0.2:80")))
		must(t, client.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0"}))
		key, err := id.MarshalBinary()
		must(t, err)
		c := w.raw(t)
		for _, tc := range []struct {
			cmd   ipvs.Command
			typ   uint16
			types []uint16
		}{
			{ipvs.CommandGetService, 1, []uint16{1, 2, 3, 4, 6, 11, 7, 8, 9, 10, 12}},
			{ipvs.CommandGetDestinations, 2, []uint16{1, 2, 3, 4, 13, 14, 15, 5, 6, 7, 8, 9, 11, 10, 12}},
			{ipvs.CommandGetDaemons, 3, []uint16{1, 2, 3, 4, 7, 8, 5}},
		} {
			replies, errno := c.execute(t, tc.cmd, netlink.Dump, attrs(t, fields{1: key}.encode))
			if errno != 0 || len(replies) == 0 {
				t.Fatalf("%s: %d replies, %v", tc.cmd, len(replies), errno)
			}
			ad, err := netlink.NewAttributeDecoder(replies[0].Data[4:])
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
			if !slices.Equal(types, tc.types) {
				t.Errorf("%s: attributes %v, want %v", tc.cmd, types, tc.types)
			}
		}
	})
}
