// Traffic is both ends of a scenario's requests: a web server that says who it is, and a client that counts who answered.
//
//	traffic serve NAME ADDRESS    answer every request at ADDRESS with "NAME SOURCE"; returns once it listens
//	traffic ask COUNT URL         request URL so often, each time anew; print "NAME COUNT SOURCE[,SOURCE...]" for each NAME
//
// SOURCE is the address the server saw the request come from. Requests without an answer count for "nobody", with the
// reason in place of SOURCE. After five timeouts in a row ask sends no more.
package main

import (
	"bufio"
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
	if len(args) == 3 {
		switch args[0] {
		case "serve":
			return serve(args[1], args[2])
		case "serve-inherited":
			return serveInherited(args[1])
		case "ask":
			return ask(args[1], args[2])
		}
	}
	return errors.New("usage: traffic serve NAME ADDRESS, or traffic ask COUNT URL")
}

// serve leaves the listening socket to a copy of this program in the background, so that whoever started it needs
// neither wait nor poll before the first request.
func serve(name, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	server := exec.Command("/proc/self/exe", "serve-inherited", name, address)
	server.ExtraFiles = []*os.File{file}
	server.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return server.Start()
}

func serveInherited(name string) error {
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return err
	}
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		source, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintln(w, name, source)
	}))
}

type tally struct {
	count  int
	remark []string // the sources, or the reasons of failures
}

func ask(times, url string) error {
	count, err := strconv.Atoi(times)
	if err != nil {
		return err
	}
	client := http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		Timeout:   2 * time.Second, // long enough for the kernel to send a lost SYN again
	}
	tallies := map[string]*tally{}
	for sent, timeouts := 0, 0; sent < count && timeouts < 5; sent++ {
		name, source, err := askOnce(&client, url)
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

func askOnce(client *http.Client, url string) (name, source string, err error) {
	response, err := client.Get(url)
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", "", err
	}
	words := strings.Fields(string(body))
	if len(words) != 2 {
		return "", "", fmt.Errorf("strange answer %q", body)
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
