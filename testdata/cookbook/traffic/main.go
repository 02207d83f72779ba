// SPDX-License-Identifier: Apache-2.0

// Traffic is both ends of a scenario's requests: a web server that says who it is, and a client that counts who answered.
//
//	traffic serve NAME ADDRESS    answer every request at ADDRESS with "NAME SOURCE"; returns once it listens
//	traffic ask COUNT URL         request URL so often, each time anew; print "NAME COUNT SOURCE[,SOURCE...]" for each NAME
//	traffic talk COUNT URL        as ask, but all from one socket, for udp://
//	traffic crowd NETWORK URL     one packet each from all the addresses of a network, for udp://; answers are not awaited
//	traffic each NETWORK URL      ask from each address of a network, for udp://; for URL's address may stand a network, too;
//	                              print "NAME SOURCE DESTINATION" for each
//	traffic load URL              request URL without pause, each time anew; print "NAME SOURCE" for each answer
//	traffic hold COUNT URL        as load, over COUNT connections that stay open, on each up to ten times a second, with
//	                              " #PORT" of the client at the end of each line; for a connection that ends "nobody
//	                              REASON #PORT" is printed, and it is not opened again; URL must name the port
//	traffic open COUNT URL        open so many connections one by one, with a request on each; print "NAME SOURCE" for each;
//	                              keep them open until killed
//	traffic download COUNT URL    begin so many downloads of http://.../slow?seconds=N[&after=FILE] one by one; print "NAME begun" for each,
//	                              and as it ends "NAME right SERVER CLIENT" with two times in ms, or what is wrong
//	traffic download-half COUNT URL  as download, but the client closes its side of each connection after the request
//	traffic probe URL...          request the URLs in turn, each time anew, ten a second; print "NAME SOURCE" for each answer
//	traffic beat URL              as talk, once a second without end; print "NAME SOURCE" for each answer
//
// An ADDRESS or URL is one of HTTP, or of another protocol if it begins with udp:// or sctp://.
// At /health a server says "well", or fails with "ill" as long as there is a file /tmp/NAME.ill.
// SOURCE is the address the server saw the request come from. Requests without an answer count for "nobody", with the
// reason in place of SOURCE. After five timeouts in a row ask sends no more.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "traffic:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if text := os.Getenv("PATIENCE"); text != "" {
		var err error
		if patience, err = time.ParseDuration(text); err != nil {
			return err
		}
	}
	switch {
	case len(args) == 3 && args[0] == "serve":
		return serve(args[1], args[2])
	case len(args) == 3 && args[0] == "serve-inherited":
		return serveInherited(args[1], args[2])
	case len(args) == 3 && args[0] == "ask":
		return ask(args[1], args[2], false)
	case len(args) == 3 && args[0] == "talk":
		return ask(args[1], args[2], true)
	case len(args) == 3 && args[0] == "crowd":
		return crowd(args[1], args[2])
	case len(args) == 3 && args[0] == "each":
		return each(args[1], args[2])
	case len(args) == 2 && args[0] == "load":
		return load(args[1])
	case len(args) == 3 && args[0] == "hold":
		return hold(args[1], args[2])
	case len(args) == 3 && args[0] == "open":
		return open(args[1], args[2])
	case len(args) == 3 && args[0] == "download":
		return download(args[1], args[2], false)
	case len(args) == 3 && args[0] == "download-half":
		return download(args[1], args[2], true)
	case len(args) >= 2 && args[0] == "probe":
		return probe(args[1:])
	case len(args) == 2 && args[0] == "beat":
		return beat(args[1])
	}
	return errors.New("usage: traffic serve NAME ADDRESS | ask|talk|hold|open|download|download-half COUNT URL | load|beat URL | probe URL... | crowd|each NETWORK URL")
}

// serve leaves the listening socket to a copy of this program in the background, so that whoever started it needs
// neither wait nor poll before the first request.
func serve(name, address string) error {
	file, err := listen(address)
	if err != nil {
		return err
	}
	server := exec.Command("/proc/self/exe", "serve-inherited", name, address)
	server.ExtraFiles = []*os.File{file}
	server.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return server.Start()
}

func listen(address string) (*os.File, error) {
	if where, ok := strings.CutPrefix(address, "udp://"); ok {
		return listenUDP(where)
	}
	if where, ok := strings.CutPrefix(address, "sctp://"); ok {
		return listenSCTP(where)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return listener.(*net.TCPListener).File()
}

func serveInherited(name, address string) error {
	file := os.NewFile(3, "listener")
	if strings.HasPrefix(address, "udp://") {
		return serveUDP(name, file)
	}
	listener, err := net.FileListener(file)
	if err != nil {
		return err
	}
	if strings.HasPrefix(address, "sctp://") {
		return serveSCTP(name, listener)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		source, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintln(w, name, source)
	})
	http.HandleFunc("/slow", slow(name))
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat("/tmp/" + name + ".ill"); err == nil {
			http.Error(w, "ill", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "well")
	})
	return http.Serve(listener, nil)
}

// patience is how long an answer may take: long enough for the kernel to send a lost SYN again, on a machine with much
// else to do. PATIENCE in the environment is another time, for requests that will have no answer.
var patience = 10 * time.Second

type tally struct {
	count  int
	remark []string // the sources, or the reasons of failures
}

func ask(times, url string, oneSocket bool) error {
	count, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	request, err := requester(url, oneSocket)
	if err != nil {
		return err
	}
	tallies := map[string]*tally{}
	for sent, timeouts := 0, 0; sent < count && timeouts < 5; sent++ {
		name, source, err := request()
		if err != nil {
			name, source = "nobody", reason(err)
		}
		if os.IsTimeout(err) {
			timeouts++
		} else {
			timeouts = 0
		}
		t := tallies[name]
		if t == nil {
			t = &tally{}
			tallies[name] = t
		}
		t.count++
		if !slices.Contains(t.remark, source) {
			t.remark = append(t.remark, source)
		}
	}
	out := bufio.NewWriter(os.Stdout)
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		fmt.Fprintln(out, name, tallies[name].count, strings.Join(tallies[name].remark, ","))
	}
	return out.Flush()
}

// requester returns what sends one request, and returns what the server said.
func requester(url string, oneSocket bool) (func() (name, source string, err error), error) {
	if where, ok := strings.CutPrefix(url, "udp://"); ok {
		return requesterUDP(where, oneSocket)
	}
	if oneSocket {
		return nil, fmt.Errorf("%s: talk is for udp://", url)
	}
	if where, ok := strings.CutPrefix(url, "sctp://"); ok {
		return func() (name, source string, err error) { return askSCTP(where) }, nil
	}
	client := newClient()
	return func() (name, source string, err error) { return askOnce(client, url) }, nil
}

// newClient returns a client that opens a connection for each request.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial},
		Timeout:   patience,
	}
}

func load(url string) error {
	client := newClient()
	for {
		name, source, err := askOnce(client, url)
		if err != nil {
			name, source = "nobody", reason(err)
		}
		if _, err := fmt.Println(name, source); err != nil {
			return err
		}
	}
}

func hold(connections, url string) error {
	count, err := strconv.Atoi(connections)
	if err != nil {
		return err
	}
	ended := make(chan string)
	var opening sync.WaitGroup
	opening.Add(count)
	for range count {
		go func() { ended <- holdOne(url, &opening) }()
	}
	for range count {
		fmt.Println("nobody", <-ended)
	}
	return nil
}

// holdOne returns when its connection has ended, and why. It prints nothing before all connections had an answer. An
// http.Client might close one itself, and open another.
func holdOne(url string, opening *sync.WaitGroup) string {
	var opened sync.Once
	defer opened.Do(opening.Done)
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return reason(err)
	}
	conn, err := dial(context.Background(), "tcp", request.URL.Host)
	if err != nil {
		return reason(err)
	}
	defer conn.Close()
	port := conn.LocalAddr().(*net.TCPAddr).Port
	reader := bufio.NewReader(conn)
	for {
		name, source, err := askAgain(conn, reader, request)
		if err != nil {
			return fmt.Sprintf("%s #%d", reason(err), port)
		}
		opened.Do(opening.Done)
		opening.Wait()
		fmt.Printf("%s %s #%d\n", name, source, port)
		time.Sleep(100 * time.Millisecond)
	}
}

// askAgain sends a request over a connection that stays open.
func askAgain(conn net.Conn, reader *bufio.Reader, request *http.Request) (name, source string, err error) {
	if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return "", "", err
	}
	if err := request.Write(conn); err != nil {
		return "", "", err
	}
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return "", "", err
	}
	return answer(response)
}

func askOnce(client *http.Client, url string) (name, source string, err error) {
	response, err := client.Get(url)
	if err != nil {
		return "", "", err
	}
	return answer(response)
}

func answer(response *http.Response) (name, source string, err error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", "", err
	}
	return split(body)
}

func split(answer []byte) (name, source string, err error) {
	words := strings.Fields(string(answer))
	if len(words) != 2 {
		return "", "", fmt.Errorf("strange answer %q", answer)
	}
	return words[0], words[1], nil
}

// reason is an error's innermost part, which has neither ports nor other things that change from request to request.
func reason(err error) string {
	if os.IsTimeout(err) {
		return "timed out"
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}
