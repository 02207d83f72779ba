// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

// limitedWriter accepts a number of writes, one for each document, and then fails.
type limitedWriter struct {
	bytes.Buffer
	left int
	at   []time.Time
}

func (w *limitedWriter) Write(b []byte) (int, error) {
	if w.left == 0 {
		return 0, errors.New("enough")
	}
	w.left--
	w.at = append(w.at, time.Now())
	return w.Buffer.Write(b)
}

func TestWatchJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -t 10.0.0.1:80", "ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.2 -m")
		out := &limitedWriter{left: 3}
		var stderr strings.Builder
		words := strings.Fields("ipvsadm -L -n --watch 5 --output json")
		if status := run(words, strings.NewReader(""), out, &stderr, fakeHost(k, "")); status != exitList {
			t.Errorf("status %d, %s", status, &stderr)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 3 {
			t.Fatalf("got %q", lines)
		}
		for i, line := range lines {
			var document format.TableDocument
			if err := json.Unmarshal([]byte(line), &document); err != nil || !document.Time.Equal(out.at[i]) || len(document.Services) != 1 {
				t.Errorf("%v: %s", err, line)
			}
		}
		if out.at[2].Sub(out.at[0]) != 10*time.Second {
			t.Errorf("documents at %v", out.at)
		}
	})
}

func TestWatchClassic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
		once, _, _ := runFake(k, "", "-L", "-n")
		out := &limitedWriter{left: 2}
		var stderr strings.Builder
		run(strings.Fields("ipvsadm -Ln --watch"), strings.NewReader(""), out, &stderr, fakeHost(k, ""))
		if want := once + "\n" + once; out.String() != want {
			t.Errorf("got  %q\nwant %q", out.String(), want)
		}
	})
}

// watched runs a repeated listing until it has written a number of documents.
func watched(k *ipvstest.Kernel, root string, documents int, line string) (stdout, stderr string, at []time.Time, status int) {
	out := &limitedWriter{left: documents}
	var complaints strings.Builder
	status = run(strings.Fields(line), strings.NewReader(""), out, &complaints, fakeHost(k, root))
	return out.String(), complaints.String(), out.at, status
}

// cannotWrite is the message with which a watch on a limitedWriter ends.
const cannotWrite = "ipvsadm: cannot write the output: enough\n"

func TestWatchRecoversWhenServiceReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := ipvstest.New()
		runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
		once, _, _ := runFake(k, "", "-L", "-n", "-t", "10.0.0.1:80")
		go func() {
			time.Sleep(3 * time.Second)
			runLines(t, k, "ipvsadm -D -t 10.0.0.1:80")
			time.Sleep(4 * time.Second)
			runLines(t, k, "ipvsadm -A -t 10.0.0.1:80")
		}()
		start := time.Now()
		stdout, stderr, at, status := watched(k, "", 3, "ipvsadm -L -n -t 10.0.0.1:80 --watch 2")
		if want := once + "\n" + once + "\n" + once; stdout != want {
			t.Errorf("got  %q\nwant %q", stdout, want)
		}
		if want := "No such service\nNo such service\n" + cannotWrite; stderr != want || status != exitList {
			t.Errorf("status %d, stderr %q", status, stderr)
		}
		if took := at[2].Sub(start); took != 8*time.Second {
			t.Errorf("the service is back after %v", took)
		}
	})
}

func TestWatchRecoversInEachForm(t *testing.T) {
	for _, line := range []string{"", "--output json", "-c", "-c --output json", "-c --count-by state", "--timeout --output table", "--daemon --output json"} {
		synctest.Test(t, func(t *testing.T) {
			k := ipvstest.New()
			root := rootWith(t, listing.ConnectionsPath, connectionTable)
			go func() {
				time.Sleep(time.Second)
				k.Inject(ipvstest.Fault{Effect: ipvstest.Refuse(unix.ENOMEM)})
			}()
			stdout, stderr, at, _ := watched(k, root, 2, "ipvsadm -L -n --watch 2 "+line)
			if want := "Memory allocation problem\n" + cannotWrite; stderr != want {
				t.Errorf("%q: stderr %q", line, stderr)
			}
			if at[1].Sub(at[0]) != 4*time.Second {
				t.Errorf("%q: documents at %v", line, at)
			}
			if strings.Contains(stdout, "\n\n\n") {
				t.Errorf("%q: the document that failed has left something: %q", line, stdout)
			}
		})
	}
}

// A partial document is on a line of its own, and so is the next one.
func TestWatchRecoversAfterPartialDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := rootWith(t, listing.ConnectionsPath, connectionTable+"nonsense\n")
		go func() {
			time.Sleep(time.Second)
			good := rootWith(t, listing.ConnectionsPath, connectionTable)
			if err := os.Rename(filepath.Join(good, listing.ConnectionsPath), filepath.Join(root, listing.ConnectionsPath)); err != nil {
				t.Error(err)
			}
			time.Sleep(2 * time.Second)
			if err := os.WriteFile(filepath.Join(root, listing.ConnectionsPath), []byte(connectionTable+"nonsense\n"), 0o600); err != nil {
				t.Error(err)
			}
		}()
		// The first reading must be successful.
		if err := os.WriteFile(filepath.Join(root, listing.ConnectionsPath), []byte(connectionTable), 0o600); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, _, _ := watched(ipvstest.New(), root, 4, "ipvsadm -L -n -c --watch 2 --output json")
		lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		if len(lines) != 4 {
			t.Fatalf("%d lines: %q", len(lines), stdout)
		}
		for i, line := range lines {
			if json.Valid([]byte(line)) != (i < 2) || !strings.HasPrefix(line, `{"time":`) {
				t.Errorf("line %d: %s", i, line)
			}
		}
		if strings.Count(stderr, "line 8") != 2 {
			t.Errorf("stderr %q", stderr)
		}
	})
}

func TestWatchFirstReadingFails(t *testing.T) {
	initError := func(reason string) string {
		return "Can't initialize ipvs: " + reason + "\n" +
			"Are you sure that IP Virtual Server is built in the kernel or as module?\n"
	}
	for _, c := range []struct {
		k      *ipvstest.Kernel
		line   string
		stderr string
		status int
	}{
		{unprivileged(), "-L --watch", "ipvsadm: permission denied: IPVS needs the capability CAP_NET_ADMIN\n", exitUsage},
		{unloaded(), "-L --watch", initError("Protocol not available"), exitUsage},
		{ipvstest.New(), "-L -t 10.0.0.1:80 --watch", "No such service\n", exitList},
		{ipvstest.New(), "-L -c --watch", "cannot open file " + listing.ConnectionsPath + "\n", exitList},
	} {
		stdout, stderr, _, status := watched(c.k, t.TempDir(), 1, "ipvsadm "+c.line)
		if stdout != "" || stderr != c.stderr || status != c.status {
			t.Errorf("%s: status %d, stdout %q, stderr %q", c.line, status, stdout, stderr)
		}
	}
}

// A watch does not load a module that somebody unloaded. When the module is loaded again,
// it has another family ID.
func TestWatchRecoversWhenModuleReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := ipvstest.New(), ipvstest.New()
		runLines(t, after, "ipvsadm -A -t 10.0.0.1:80")
		var now atomic.Pointer[ipvstest.Kernel]
		var loaded atomic.Bool
		now.Store(before)
		loaded.Store(true)
		loads, dials := 0, 0
		m := fakeHost(before, "")
		m.moduleLoaded = func() (bool, error) { return loaded.Load(), nil }
		m.loadModule = func() bool { loads++; return true }
		m.dial = func() (*ipvs.Client, error) { dials++; return now.Load().Dial() }
		go func() {
			time.Sleep(time.Second)
			before.SetLoaded(false)
			loaded.Store(false)
			time.Sleep(4 * time.Second)
			now.Store(after)
			loaded.Store(true)
		}()
		out := &limitedWriter{left: 2}
		var stderr strings.Builder
		run(strings.Fields("ipvsadm -L -n --watch 2"), strings.NewReader(""), out, &stderr, m)
		if want := "Protocol not available\nProtocol not available\n" + cannotWrite; stderr.String() != want {
			t.Errorf("stderr %q", &stderr)
		}
		if !strings.Contains(out.String(), "10.0.0.1:80") || loads != 0 || dials != 2 {
			t.Errorf("%d loads, %d dials, got %q", loads, dials, out)
		}
	})
}
