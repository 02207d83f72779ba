package ipvs_test

import (
	"embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// The files hold what was said on the socket of a kernel 6.1: a line of
// hexadecimal bytes for each send (>) and each datagram that came back (<), then
// what the calls returned (=). The ids of family and port are zeroed, and sequence
// numbers begin at 1. Numbers are little-endian.
//
// To record them anew, run this test on a kernel with IPVS_WIRE naming a
// directory to write to.
//
//go:embed testdata/wire/*.hex
var wireFiles embed.FS

// conversations are short uses of a client, the same in each recording. The
// functions return what there is to compare.
var conversations = map[string]func(*ipvs.Client) []any{
	"services": func(c *ipvs.Client) []any {
		id := tcp("10.0.0.1:80")
		added := c.NewService(service(id, func(s *ipvs.Service) {
			s.Flags, s.Timeout, s.PersistenceEngine, s.Netmask = ipvs.Persistent|ipvs.SchedulerFlag1, 300, "sip", 0xffffff00
		}))
		v6 := c.NewService(service(mark(0xfffffffe, ipvs.IPv6), func(s *ipvs.Service) { s.Scheduler, s.Netmask = "mh", 64 }))
		all, allErr := c.Services()
		one, oneErr := c.Service(id)
		edited := c.SetService(service(id, func(s *ipvs.Service) { s.Flags, s.FlagsMask = ipvs.OnePacket, ipvs.OnePacket }))
		again, againErr := c.Service(id)
		return []any{added, v6, all, allErr, one, oneErr, edited, again, againErr, c.DelService(id), c.ZeroAll(), c.Flush()}
	},
	"destinations": func(c *ipvs.Client) []any {
		id := tcp("[2001:db8::80]:443")
		added := c.Apply([]ipvs.Change{
			ipvs.NewService(service(id)),
			ipvs.NewDestination(id, destination("[2001:db8::2]:443")),
			ipvs.NewDestination(id, destination("[2001:db8::3]:444", func(d *ipvs.Destination) {
				d.Forward, d.Weight, d.UpperThreshold, d.LowerThreshold = ipvs.DirectRoute, 7, 10, 5
			})),
			ipvs.NewDestination(id, destination("10.0.0.2:443", func(d *ipvs.Destination) {
				d.Forward, d.TunnelType, d.TunnelPort, d.TunnelFlags = ipvs.Tunnel, ipvs.GUE, 6080, ipvs.TunnelRemoteChecksum
			})),
		})
		all, err := c.Destinations(id)
		edited := c.SetDestination(id, destination("[2001:db8::2]:443", func(d *ipvs.Destination) { d.Weight = 0 }))
		deleted := c.DelDestination(id, destID("10.0.0.2:443"))
		entry, entryErr := c.TableEntry(id)
		return []any{added, all, err, edited, deleted, entry, entryErr}
	},
	"daemons": func(c *ipvs.Client) []any {
		master := c.StartDaemon(ipvs.Daemon{State: ipvs.Master, Interface: "eth0", SyncID: 9})
		backup := c.StartDaemon(ipvs.Daemon{ipvs.Backup, "eth0", 10, 2000, addr("ff05::9"), 1000, 4})
		all, err := c.Daemons()
		return []any{master, backup, all, err}
	},
	"timeouts": func(c *ipvs.Client) []any {
		info, infoErr := c.Info()
		info.ConnTabSize = 0 // differs between kernels
		before, beforeErr := c.Config()
		set := c.SetConfig(ipvs.Config{TCP: 1000, UDP: 77})
		after, afterErr := c.Config()
		return []any{info, infoErr, before, beforeErr, set, after, afterErr}
	},
	"refusals": func(c *ipvs.Client) []any {
		id := tcp("10.0.0.1:80")
		_, missing := c.Service(id)
		none, noneErr := c.Destinations(id)
		empty, emptyErr := c.Services()
		return []any{missing, none, noneErr, empty, emptyErr, c.Apply([]ipvs.Change{
			ipvs.DelService(id), ipvs.NewService(service(id)), ipvs.NewService(service(id)),
			ipvs.NewDestination(id, destination("224.0.0.1:80")), ipvs.ZeroService(mark(1, ipvs.IPv4)),
			ipvs.SetDestination(id, destination("10.0.0.2:80", func(d *ipvs.Destination) { d.Weight = 1 << 31 })),
			ipvs.DelDestination(id, destID("10.0.0.2:80")),
		})}
	},
}

// The kernel, the fake and the files say the same.
func TestWire(t *testing.T) {
	for name, converse := range conversations {
		file, err := wireFiles.ReadFile("testdata/wire/" + name + ".hex")
		must(t, err)
		if !sameOrder() {
			file = turnTranscript(t, file, wireOrder)
		}
		t.Run(name, func(t *testing.T) {
			t.Run("replay", func(t *testing.T) {
				var replayed transcript
				socket := &replaySocket{t: t, file: parseTranscript(t, file), said: &replayed}
				c, err := ipvs.New(netlink.NewConn(socket, 1))
				must(t, err)
				replayed.results(converse(c))
				compareTranscripts(t, replayed.String(), string(file))
			})
			t.Run("fake", func(t *testing.T) {
				k := newFake()
				c, err := k.Dial()
				must(t, err)
				var said transcript
				k.Trace(said.add)
				said.results(converse(c))
				compareTranscripts(t, said.String(), string(file))
			})
			onEveryBackend(t, func(t *testing.T, w *world) {
				var said transcript
				if dir := os.Getenv("IPVS_WIRE"); dir != "" {
					c, err := ipvs.New(netlink.NewConn(newRecordingSocket(t, &said), 0))
					must(t, err)
					said = transcript{} // without the look-up of the family
					said.results(converse(c))
					recorded := []byte(said.String())
					if !sameOrder() {
						recorded = turnTranscript(t, recorded, binary.BigEndian)
					}
					must(t, os.WriteFile(filepath.Join(dir, name+".hex"), recorded, 0o666))
					return
				}
				said.results(converse(w.client(t)))
				_, results, _ := strings.Cut(string(file), "\n=")
				compareTranscripts(t, said.String(), "="+results)
			})
		})
	}
}

func compareTranscripts(t *testing.T, got, want string) {
	t.Helper()
	if d := diff(strings.Split(got, "\n"), strings.Split(want, "\n")); d != "" {
		t.Errorf("got -, want +:\n%s", d)
	}
}

// transcript makes the lines of a file. Before is the sequence number before the
// first one. What is about families is left out: each kernel has others.
type transcript struct {
	lines      []string
	before     uint32
	ofFamilies bool
}

func (s *transcript) add(sent bool, messages []netlink.Message) {
	mark := "<"
	if sent {
		mark = ">"
		s.ofFamilies = messages[0].Header.Type == unix.GENL_ID_CTRL
	}
	if s.ofFamilies {
		return
	}
	if s.lines == nil {
		s.before = messages[0].Header.Sequence - 1
	}
	var b []byte
	for _, m := range messages {
		b = append(b, s.plain(m)...)
	}
	s.lines = append(s.lines, mark+" "+hex.EncodeToString(b))
}

func (s *transcript) results(values []any) {
	for _, v := range values {
		s.lines = append(s.lines, fmt.Sprintf("= %+v", v))
	}
}

func (s *transcript) String() string { return strings.Join(s.lines, "\n") + "\n" }

// plain is a message as bytes, without the ids that differ from run to run.
func (s *transcript) plain(m netlink.Message) []byte {
	m.Header.Length = uint32(16 + (len(m.Data)+3)&^3)
	data := append([]byte{}, m.Data...)
	if m.Header.Type > unix.GENL_ID_CTRL {
		m.Header.Type = 0
	}
	if m.Header.Type == netlink.Error {
		// struct nlmsgerr: an errno and the header of the request.
		if binary.NativeEndian.Uint16(data[8:]) > unix.GENL_ID_CTRL {
			copy(data[8:10], []byte{0, 0})
		}
		binary.NativeEndian.PutUint32(data[12:], m.Header.Sequence-s.before)
		copy(data[16:20], []byte{0, 0, 0, 0})
	}
	b := binary.NativeEndian.AppendUint32(nil, m.Header.Length)
	b = binary.NativeEndian.AppendUint16(b, uint16(m.Header.Type))
	b = binary.NativeEndian.AppendUint16(b, uint16(m.Header.Flags))
	b = binary.NativeEndian.AppendUint32(b, m.Header.Sequence-s.before)
	b = append(b, 0, 0, 0, 0)
	b = append(b, data...)
	return append(b, make([]byte, int(m.Header.Length)-len(b))...)
}

// split takes a datagram apart.
func split(b []byte) (messages []netlink.Message) {
	for len(b) >= 16 {
		n := binary.NativeEndian.Uint32(b)
		messages = append(messages, netlink.Message{
			Header: netlink.Header{
				Length:   n,
				Type:     netlink.HeaderType(binary.NativeEndian.Uint16(b[4:])),
				Flags:    netlink.HeaderFlags(binary.NativeEndian.Uint16(b[6:])),
				Sequence: binary.NativeEndian.Uint32(b[8:]),
				PID:      binary.NativeEndian.Uint32(b[12:]),
			},
			Data: b[16:n:n],
		})
		b = b[min(len(b), int(n+3)&^3):]
	}
	return messages
}

func parseTranscript(t *testing.T, file []byte) (lines [][2]string) {
	for line := range strings.Lines(string(file)) {
		mark, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			t.Fatalf("line %q", line)
		}
		lines = append(lines, [2]string{mark, rest})
	}
	return lines
}

// turnTranscript is a file in the other byte order.
func turnTranscript(t *testing.T, file []byte, from binary.ByteOrder) []byte {
	var turned []byte
	for _, line := range parseTranscript(t, file) {
		if line[0] != "=" {
			b, err := hex.DecodeString(line[1])
			must(t, err)
			line[1] = hex.EncodeToString(otherOrder(b, from))
		}
		turned = fmt.Appendln(turned, line[0], line[1])
	}
	return turned
}

// receiver makes ReceiveIter of Receive.
type receiver func() ([]netlink.Message, error)

func (receive receiver) iter() iter.Seq2[netlink.Message, error] {
	return func(yield func(netlink.Message, error) bool) {
		messages, err := receive()
		if err != nil {
			yield(netlink.Message{}, err)
			return
		}
		for _, m := range messages {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// replaySocket answers with the datagrams of a file.
type replaySocket struct {
	t      *testing.T
	file   [][2]string
	said   *transcript
	lookup []netlink.Message
}

func (s *replaySocket) Send(m netlink.Message) error {
	return s.SendMessages([]netlink.Message{m})
}

func (s *replaySocket) SendMessages(messages []netlink.Message) error {
	if messages[0].Header.Type == unix.GENL_ID_CTRL {
		reply := attrs(s.t, func(ae *netlink.AttributeEncoder) {
			ae.String(unix.CTRL_ATTR_FAMILY_NAME, "IPVS")
			ae.Uint16(unix.CTRL_ATTR_FAMILY_ID, 0x1f)
		})
		data, err := genetlink.Message{Header: genetlink.Header{Command: unix.CTRL_CMD_NEWFAMILY}, Data: reply}.MarshalBinary()
		s.lookup = []netlink.Message{{Header: netlink.Header{Type: unix.GENL_ID_CTRL, Sequence: messages[0].Header.Sequence}, Data: data}}
		return err
	}
	if len(s.file) == 0 || s.file[0][0] != ">" {
		s.t.Fatal("a send that is not in the file")
	}
	s.said.add(true, messages)
	s.file = s.file[1:]
	return nil
}

func (s *replaySocket) Receive() ([]netlink.Message, error) {
	if s.lookup != nil {
		m := s.lookup
		s.lookup = nil
		return m, nil
	}
	if len(s.file) == 0 || s.file[0][0] != "<" {
		s.t.Fatal("a receive that is not in the file")
	}
	b, err := hex.DecodeString(s.file[0][1])
	must(s.t, err)
	s.file = s.file[1:]
	messages := split(b)
	for i := range messages {
		messages[i].Header.Sequence += s.said.before
	}
	s.said.add(false, messages)
	return messages, nil
}

func (s *replaySocket) ReceiveIter() iter.Seq2[netlink.Message, error] {
	return receiver(s.Receive).iter()
}

func (s *replaySocket) Close() error { return nil }

// recordingSocket is a plain netlink socket that writes down what passes.
type recordingSocket struct {
	fd   int
	said *transcript
}

func newRecordingSocket(t *testing.T, said *transcript) *recordingSocket {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_GENERIC)
	must(t, err)
	must(t, unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}))
	must(t, unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1))
	t.Cleanup(func() { _ = unix.Close(fd) })
	return &recordingSocket{fd, said}
}

func (s *recordingSocket) Send(m netlink.Message) error {
	return s.SendMessages([]netlink.Message{m})
}

func (s *recordingSocket) SendMessages(messages []netlink.Message) error {
	s.said.add(true, messages)
	var b []byte
	for _, m := range messages {
		raw, err := m.MarshalBinary()
		if err != nil {
			return err
		}
		b = append(b, raw...)
	}
	return unix.Sendto(s.fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

func (s *recordingSocket) Receive() ([]netlink.Message, error) {
	b := make([]byte, 1<<16)
	n, _, err := unix.Recvfrom(s.fd, b, 0)
	if err != nil {
		return nil, os.NewSyscallError("recvmsg", err)
	}
	messages := split(b[:n])
	s.said.add(false, messages)
	return messages, nil
}

func (s *recordingSocket) ReceiveIter() iter.Seq2[netlink.Message, error] {
	return receiver(s.Receive).iter()
}

func (s *recordingSocket) Close() error { return nil }
