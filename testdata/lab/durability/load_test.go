// SPDX-License-Identifier: Apache-2.0

package durability

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A load is requests that clients make without pause.
type load struct {
	cluster *cluster
	timeout time.Duration // of a request
	stopped atomic.Bool
	group   sync.WaitGroup
	clients []*atomic.Int64 // how many requests each has ended
	ports   atomic.Int64    // how many were used

	restores atomic.Int64 // odd while one is under way
	refused  atomic.Int64 // connections to the service called changing

	mu       sync.Mutex
	requests map[string]int // that were answered, by kind
	failures []string
	last     time.Time     // when the last answer came
	pause    time.Duration // the longest between two answers
}

// changing is a service whose scheduler is another one in every file. While the kernel changes it, for the grace period
// of synchronize_rcu in ip_vs_edit_service (ip_vs_ctl.c), the service has none, and new connections are refused. No
// program can help that. Connections that exist go on.
const changing = "192.0.2.100:84"

const (
	short    = "on new connections"
	long     = "on long connections"
	datagram = "in datagrams"
)

// startLoad starts clients of all services that are in every rules file. The long connections go to servers that are
// in every file, too.
func startLoad(t *testing.T, c *cluster, timeout time.Duration) *load {
	t.Helper()
	l := &load{cluster: c, timeout: timeout, requests: map[string]int{}, last: time.Now()}
	t.Cleanup(l.stop)
	for service, source := range map[string]string{
		"192.0.2.100:80": "192.0.2.11", "192.0.2.100:81": "192.0.2.11", "192.0.2.100:82": "192.0.2.12", "192.0.2.100:83": "192.0.2.11",
		"[2001:db8::100]:80": "2001:db8::10", "[2001:db8::100]:81": "2001:db8::10",
	} {
		must(t, l.client(short, func() error { return l.ask(source, service) }))
	}
	for _, service := range []string{
		"192.0.2.100:80", "192.0.2.100:81", "192.0.2.100:82", "192.0.2.100:83", changing, "[2001:db8::100]:80", "[2001:db8::100]:81",
	} {
		conn := l.connectToStayer(t, service)
		must(t, l.client(long, func() error {
			time.Sleep(100 * time.Millisecond)
			return l.askAgain(conn)
		}))
	}
	must(t, l.client(short, l.askChanging))
	must(t, l.client(datagram, l.sendDatagram))
	return l
}

// client repeats a request until the load is stopped.
func (l *load) client(kind string, request func() error) error {
	ended := &atomic.Int64{}
	l.clients = append(l.clients, ended)
	l.group.Add(1)
	return l.cluster.client.Go(func() {
		defer l.group.Done()
		for !l.stopped.Load() {
			err := request()
			l.note(kind, err)
			ended.Add(1)
			if err != nil {
				time.Sleep(10 * time.Millisecond)
			}
		}
	})
}

func (l *load) note(kind string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failures = append(l.failures, fmt.Sprintf("%s: %v", kind, err))
		return
	}
	now := time.Now()
	l.pause = max(l.pause, now.Sub(l.last))
	l.last = now
	l.requests[kind]++
}

// settle waits until every client has ended the request that it is making.
func (l *load) settle(t *testing.T) {
	t.Helper()
	limit := time.Now().Add(3 * l.timeout)
	var were []int64
	for _, ended := range l.clients {
		were = append(were, ended.Load())
	}
	for i, ended := range l.clients {
		for ; ended.Load() == were[i]; time.Sleep(time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatal("a client neither gets an answer nor fails; so far: ", l)
			}
		}
	}
}

func (l *load) stop() {
	l.stopped.Store(true)
	l.group.Wait()
}

func (l *load) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kinds []string
	for kind, n := range l.requests {
		kinds = append(kinds, fmt.Sprint(n, " requests ", kind))
	}
	slices.Sort(kinds)
	return fmt.Sprintf("%s; %d failed (and %d were refused while their scheduler changed); longest pause between two answers %v",
		strings.Join(kinds, ", "), len(l.failures), l.refused.Load(), l.pause.Round(time.Millisecond))
}

// dial connects from a port that was not used before. To ip_vs, a port that comes back too soon is still the old
// connection, which may be one to a server that is gone: all its packets would be dropped.
func (l *load) dial(network, source, service string) (net.Conn, error) {
	d := net.Dialer{Timeout: l.timeout}
	ip, port := net.ParseIP(source), firstPort+int(l.ports.Add(1)%ports)
	if d.LocalAddr = (&net.TCPAddr{IP: ip, Port: port}); network == "udp" {
		d.LocalAddr = &net.UDPAddr{IP: ip, Port: port}
	}
	conn, err := d.Dial(network, service)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(l.timeout))
}

const (
	firstPort = 2000
	ports     = 63000
)

// ask makes a request on a connection of its own.
func (l *load) ask(source, service string) error {
	conn, err := l.dial("tcp", source, service)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = request(conn, bufio.NewReader(conn))
	return wrap(conn, err)
}

// askChanging asks again if it was refused while a restore was under way.
func (l *load) askChanging() error {
	for {
		before := l.restores.Load()
		err := l.ask("192.0.2.11", changing)
		if !errors.Is(err, syscall.ECONNREFUSED) || before%2 == 0 && l.restores.Load() == before {
			return err
		}
		l.refused.Add(1)
		time.Sleep(time.Millisecond)
	}
}

// request makes a request and returns the name of the server that answers.
func request(w io.Writer, r *bufio.Reader) (string, error) {
	if _, err := io.WriteString(w, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return "", err
	}
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		return "", err
	}
	name, err := io.ReadAll(response.Body)
	return string(name), err
}

func wrap(conn net.Conn, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%v to %v: %w", conn.LocalAddr(), conn.RemoteAddr(), err)
}

// A longConn is a connection that is used again and again.
type longConn struct {
	conn   net.Conn
	reader *bufio.Reader
	server string
}

func (l *load) askAgain(c *longConn) error {
	_ = c.conn.SetDeadline(time.Now().Add(l.timeout))
	server, err := request(c.conn, c.reader)
	if err == nil && server != c.server {
		err = fmt.Errorf("%s answers, not %s", server, c.server)
	}
	return wrap(c.conn, err)
}

// connectToStayer opens a connection to one of the servers that are in all rules files.
func (l *load) connectToStayer(t *testing.T, service string) *longConn {
	t.Helper()
	source := "192.0.2.10"
	if strings.HasPrefix(service, "[") {
		source = "2001:db8::10"
	}
	for range 20 {
		c := &longConn{}
		var err error
		l.cluster.client.Do(func() { c.conn, err = l.dial("tcp", source, service) })
		must(t, err)
		c.reader = bufio.NewReader(c.conn)
		c.server, err = request(c.conn, c.reader)
		must(t, err)
		if slices.Contains([]string{"m1", "m2", "d1"}, c.server) {
			t.Cleanup(func() { _ = c.conn.Close() })
			return c
		}
		defer c.conn.Close() // not earlier: wlc would choose the same server again
	}
	t.Fatal(service, ": no connection to a server that stays")
	return nil
}

func (l *load) sendDatagram() error {
	conn, err := l.dial("udp", "192.0.2.10", "192.0.2.100:53")
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("?")); err != nil {
		return wrap(conn, err)
	}
	buffer := make([]byte, 100)
	n, err := conn.Read(buffer)
	if err == nil && n == 0 {
		err = errors.New("an empty answer")
	}
	return wrap(conn, err)
}
