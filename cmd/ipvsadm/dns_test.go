package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// silentDNS points the resolver at a server that never answers. It can be used
// in a bubble of synctest: there is no socket, and what package net keeps for
// good is made before.
func silentDNS(t *testing.T) {
	t.Helper()
	useResolver(t, func(context.Context, string, string) (net.Conn, error) {
		_, client := net.Pipe()
		return client, nil
	})
	ctx, cancel := context.WithDeadline(context.Background(), time.Now())
	defer cancel()
	_, _ = resolver.LookupAddr(ctx, "192.0.2.1")
}

// answeringDNS points the resolver at a server that knows the addresses of
// some names, and names for no address.
func answeringDNS(t *testing.T, addrs map[string][]string) {
	t.Helper()
	server := useDNS(t)
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

// noDNS keeps a test from asking anybody for names.
func noDNS(t testing.TB) {
	t.Helper()
	useResolver(t, func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") })
}

func useDNS(t *testing.T) net.PacketConn {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	useResolver(t, func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	})
	return server
}

func useResolver(t testing.TB, dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	t.Helper()
	old := resolver
	t.Cleanup(func() { resolver = old })
	resolver = &net.Resolver{PreferGo: true, Dial: dial}
}
