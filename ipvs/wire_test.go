// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"cmp"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/internal/nlsock"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
)

// The files hold conversations with Linux 6.1: a line of hexadecimal bytes for each send
// (>) and each received datagram (<), and then the results of the calls (=). The IDs of
// family and port are zeroed, and sequence numbers begin at 1. Numbers are
// little-endian.
//
// To record them again, run this test on a kernel with a directory in the environment
// variable IPVS_WIRE.
//
//go:embed testdata/wire/*.hex
var wireFiles embed.FS

// conversations are short uses of a client. The functions return the results to compare.
var conversations = map[string]func(*ipvs.Client) []any{
	"services": func(c *ipvs.Client) []any {
		id := tcp("10.0.0.1:80")
		added := c.NewService(service(id, func(s *ipvs.Service) {
			s.Flags, s.Timeout, s.PersistenceEngine, s.Netmask = ipvs.Persistent|ipvs.SchedulerFlag1, 300, "sip", ipvs.IPv4Prefix(24)
		}))
		v6 := c.NewService(service(mark(0xfffffffe, ipvs.IPv6), func(s *ipvs.Service) { s.Scheduler, s.Netmask = "mh", ipvs.IPv6Prefix(64) }))
		all, allErr := c.Services()
		slices.SortFunc(all, func(a, b ipvs.Service) int { return cmp.Compare(a.FWMark, b.FWMark) }) // the kernel's order is by hash
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
		before, beforeErr := c.Timeouts()
		set := c.SetTimeouts(ipvs.Timeouts{TCP: 1000, UDP: 77})
		after, afterErr := c.Timeouts()
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

// The kernel, the fake and the files have the same conversations.
func TestWire(t *testing.T) {
	for name, converse := range conversations {
		file, err := wireFiles.ReadFile("testdata/wire/" + name + ".hex")
		must(t, err)
		if !sameOrder() {
			file = swapTranscript(t, file, wireOrder)
		}
		t.Run(name, func(t *testing.T) {
			t.Run("replay", func(t *testing.T) {
				var replayed transcript
				socket := &replaySocket{t: t, file: parseTranscript(t, file), said: &replayed}
				c, err := ipvs.Dial(ipvs.Over(socket))
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
					socket, err := w.socket()
					must(t, err)
					c, err := ipvs.Dial(ipvs.Over(&recordingSocket{socket, &said}))
					must(t, err)
					said = transcript{} // omits the look-up of the family
					said.results(converse(c))
					recorded := []byte(said.String())
					if !sameOrder() {
						recorded = swapTranscript(t, recorded, binary.BigEndian)
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

// transcript has the lines of a file. before is the sequence number before the first
// one. It omits messages about families, which differ between kernels.
type transcript struct {
	lines      []string
	before     uint32
	ofFamilies bool
}

func (s *transcript) add(sent bool, messages []ipvstest.Message) {
	mark := "<"
	if sent {
		mark = ">"
		s.ofFamilies = messages[0].Type == genlIDControl
	}
	if s.ofFamilies {
		return
	}
	if s.lines == nil {
		s.before = messages[0].Sequence - 1
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

// plain returns the bytes of a message, with zeros for IDs that differ between runs.
func (s *transcript) plain(m ipvstest.Message) []byte {
	m.Data = slices.Clone(m.Data)
	m.Data = append(m.Data, make([]byte, -len(m.Data)&3)...)
	if m.Type > genlIDControl {
		m.Type = 0
	}
	if m.Type == nlmsgError {
		// struct nlmsgerr: an errno and the header of the request.
		if binary.NativeEndian.Uint16(m.Data[8:]) > genlIDControl {
			copy(m.Data[8:10], []byte{0, 0})
		}
		binary.NativeEndian.PutUint32(m.Data[12:], m.Sequence-s.before)
		copy(m.Data[16:20], []byte{0, 0, 0, 0})
	}
	m.Sequence -= s.before
	m.PortID = 0
	return join(m)
}

// join makes a datagram of messages.
func join(messages ...ipvstest.Message) (b []byte) {
	for _, m := range messages {
		b = binary.NativeEndian.AppendUint32(b, uint32(16+len(m.Data)))
		b = binary.NativeEndian.AppendUint16(b, m.Type)
		b = binary.NativeEndian.AppendUint16(b, m.Flags)
		b = binary.NativeEndian.AppendUint32(b, m.Sequence)
		b = binary.NativeEndian.AppendUint32(b, m.PortID)
		b = append(b, m.Data...)
		b = append(b, make([]byte, -len(b)&3)...)
	}
	return b
}

// split splits a datagram into messages.
func split(b []byte) (messages []ipvstest.Message) {
	for len(b) >= 16 {
		n := binary.NativeEndian.Uint32(b)
		messages = append(messages, ipvstest.Message{
			Type:     binary.NativeEndian.Uint16(b[4:]),
			Flags:    binary.NativeEndian.Uint16(b[6:]),
			Sequence: binary.NativeEndian.Uint32(b[8:]),
			PortID:   binary.NativeEndian.Uint32(b[12:]),
			Data:     b[16:n:n],
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

// swapTranscript returns a file in the other byte order.
func swapTranscript(t *testing.T, file []byte, from binary.ByteOrder) []byte {
	var swapped []byte
	for _, line := range parseTranscript(t, file) {
		if line[0] != "=" {
			b, err := hex.DecodeString(line[1])
			must(t, err)
			line[1] = hex.EncodeToString(otherOrder(b, from))
		}
		swapped = fmt.Appendln(swapped, line[0], line[1])
	}
	return swapped
}

// replaySocket answers with the datagrams of a file.
type replaySocket struct {
	nlsock.Transport
	t      *testing.T
	file   [][2]string
	said   *transcript
	lookup []byte
}

func (s *replaySocket) PortID() uint32 { return 1 }

func (s *replaySocket) Send(datagram []byte) error {
	messages := split(datagram)
	if messages[0].Type == genlIDControl {
		reply := attrs(s.t, func(ae *netlink.AttributeEncoder) {
			ae.String(ctrlFamilyName, "IPVS")
			ae.Uint16(ctrlFamilyID, 0x1f)
		})
		data, err := genetlink.Message{Header: genetlink.Header{Command: ctrlNewFamily}, Data: reply}.MarshalBinary()
		s.lookup = join(ipvstest.Message{Type: genlIDControl, Sequence: messages[0].Sequence, Data: data})
		return err
	}
	if len(s.file) == 0 || s.file[0][0] != ">" {
		s.t.Fatal("a send that is not in the file")
	}
	s.said.add(true, messages)
	s.file = s.file[1:]
	return nil
}

func (s *replaySocket) Receive() ([]byte, error) {
	if b := s.lookup; b != nil {
		s.lookup = nil
		return b, nil
	}
	if len(s.file) == 0 || s.file[0][0] != "<" {
		s.t.Fatal("a receive that is not in the file")
	}
	b, err := hex.DecodeString(s.file[0][1])
	must(s.t, err)
	s.file = s.file[1:]
	messages := split(b)
	for i := range messages {
		messages[i].Sequence += s.said.before
	}
	s.said.add(false, messages)
	return join(messages...), nil
}

// recordingSocket records the datagrams of a socket.
type recordingSocket struct {
	nlsock.Transport
	said *transcript
}

func (s *recordingSocket) Send(datagram []byte) error {
	s.said.add(true, split(datagram))
	return s.Transport.Send(datagram)
}

func (s *recordingSocket) Receive() ([]byte, error) {
	b, err := s.Transport.Receive()
	if err == nil {
		s.said.add(false, split(b))
	}
	return b, err
}
