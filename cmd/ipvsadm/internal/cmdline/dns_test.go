// SPDX-License-Identifier: Apache-2.0

package cmdline

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"golang.org/x/net/dns/dnsmessage"
)

// answeringDNS returns a resolver whose name server knows the addresses of some names.
func answeringDNS(t *testing.T, addrs map[string][]string) *resolve.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, client, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.RCode, m.Additionals = true, dnsmessage.RCodeNameError, nil
			for _, addr := range addrs[m.Questions[0].Name.String()] {
				m.RCode = dnsmessage.RCodeSuccess
				m.Answers = append(m.Answers, answer(m.Questions[0], netip.MustParseAddr(addr))...)
			}
			if reply, err := m.Pack(); err == nil {
				_, _ = server.WriteTo(reply, client)
			}
		}
	}()
	return resolve.New(func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	})
}

func answer(q dnsmessage.Question, a netip.Addr) []dnsmessage.Resource {
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
	switch {
	case q.Type == dnsmessage.TypeA && a.Is4():
		return []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: a.As4()}}}
	case q.Type == dnsmessage.TypeAAAA && a.Is6():
		return []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}}
	}
	return nil
}

// noDNS returns a resolver without a network.
func noDNS() *resolve.Resolver {
	return resolve.New(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") })
}
