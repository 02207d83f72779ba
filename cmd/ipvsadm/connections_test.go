// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"golang.org/x/sys/unix"
)

const connectionTable = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
TCP C0A80001 C350 0A000001 0050 0A000102 0050 ESTABLISHED     899
TCP C0A80001 C351 0A000001 0050 0A000103 0050 FIN_WAIT         60
TCP C0A80102 C350 0A000001 01BB 0A000102 01BB ESTABLISHED     400
UDP C0A80102 C350 0A000001 0035 0A000103 0035 UDP             200
TCP fd00:0000:0000:0000:0000:0000:0000:0009 C350 fd00:0000:0000:0000:0000:0000:0000:0001 0050 fd00:0000:0000:0000:0000:0000:0000:0002 0050 SYN_RECV         50
IP  C0A80100 0000 00000007 0000 0A000102 0000 NONE            300
`

// rootWith returns a root directory with one file.
func rootWith(t *testing.T, path, text string) string {
	t.Helper()
	root := t.TempDir()
	file := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

// runConnections runs ipvsadm with a file of connections.
func runConnections(t *testing.T, table, line string) (stdout, stderr string, status int) {
	t.Helper()
	root := rootWith(t, listing.ConnectionsPath, table)
	var out, err strings.Builder
	words := append([]string{"ipvsadm"}, strings.Fields(line)...)
	status = run(words, strings.NewReader(""), &out, &err, fakeHost(ipvstest.New(), root))
	return out.String(), err.String(), status
}

func TestConnectionFilters(t *testing.T) {
	for options, want := range map[string]string{
		"":                                     "192.168.0.1:50000 192.168.0.1:50001 192.168.1.2:50000 192.168.1.2:50000 [fd00::9]:50000 192.168.1.0:0",
		"--state established":                  "192.168.0.1:50000 192.168.1.2:50000",
		"--client 192.168.1.0/24":              "192.168.1.2:50000 192.168.1.2:50000 192.168.1.0:0",
		"--client fd00::/8":                    "[fd00::9]:50000",
		"--virtual 10.0.0.1:http":              "192.168.0.1:50000 192.168.0.1:50001",
		"--virtual 0.0.0.7":                    "192.168.1.0:0",
		"--virtual [fd00::1]:80":               "[fd00::9]:50000",
		"--destination 10.0.1.3":               "192.168.0.1:50001 192.168.1.2:50000",
		"--destination 10.0.1.3 --state UDP":   "192.168.1.2:50000",
		"--destination 10.0.1.3:0 --state UDP": "",
	} {
		stdout, stderr, status := runConnections(t, connectionTable, "-L -c -n "+options)
		var clients []string
		for _, line := range strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")[2:] {
			clients = append(clients, strings.Fields(line)[3])
		}
		if got := strings.Join(clients, " "); got != want || status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %s%s, want %s", options, status, got, stderr, want)
		}
	}
}

func TestConnectionCounts(t *testing.T) {
	for options, want := range map[string]string{
		"--count-by state": `IPVS connection entries by state
entries  pro state
2        TCP ESTABLISHED
1        IP  NONE
1        TCP FIN_WAIT
1        TCP SYN_RECV
1        UDP UDP
`,
		"--count-by client --state established": `IPVS connection entries by client
entries  client
1        192.168.0.1
1        192.168.1.2
`,
		"--count-by virtual --client 192.168.0.0/16": `IPVS connection entries by virtual
entries  pro virtual
2        TCP 10.0.0.1:80
1        IP  0.0.0.7:0
1        TCP 10.0.0.1:443
1        UDP 10.0.0.1:53
`,
		"--count-by destination --client fd00::9": `IPVS connection entries by destination
entries  pro destination
1        TCP [fd00::2]:80
`,
		"--count-by state --output json --client fd00::9": `{
  "counted_by": "state",
  "counts": [
    {
      "protocol": "TCP",
      "state": "SYN_RECV",
      "connections": 1
    }
  ]
}
`,
	} {
		if stdout, stderr, status := runConnections(t, connectionTable, "-L -c -n "+options); stdout != want || status != 0 || stderr != "" {
			t.Errorf("%s: status %d, %s%s", options, status, stdout, stderr)
		}
	}
}

// The Prometheus form counts connections by state by default.
func TestConnectionCountsPrometheus(t *testing.T) {
	stdout, stderr, status := runConnections(t, connectionTable, "-L -c --output prometheus")
	if !strings.Contains(stdout, `node_ipvs_connection_entries{proto="TCP",state="ESTABLISHED"} 2`+"\n") || status != 0 || stderr != "" {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
}

func TestMalformedConnections(t *testing.T) {
	const broken = "Pro FromIP\nTCP C0A80001 C350 0A000001 0050 0A000102 0050 ESTABLISHED     899\nTCP C0A8\n"
	for _, options := range []string{"", "--count-by state", "--output json", "--output table", "--output prometheus"} {
		stdout, stderr, status := runConnections(t, broken, "-L -c -n "+options)
		if status != exitList || !strings.Contains(stderr, "line 3: ") {
			t.Errorf("%s: status %d, %s%s", options, status, stdout, stderr)
		}
		stdout, stderr, status = runConnections(t, "", "-L -c -n "+options)
		if status != exitList || stdout != "" || stderr != "unexpected input from /proc/net/ip_vs_conn\n" {
			t.Errorf("%s with an empty file: status %d, %s%s", options, status, stdout, stderr)
		}
	}
}

// A listing does not wait for what stands in place of a file of /proc.
func TestConnectionsFromWhatIsNoFile(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a FIFO":      func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"a device":    func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		root := rootWith(t, listing.ConnectionsPath, "")
		path := filepath.Join(root, listing.ConnectionsPath)
		if err := errors.Join(os.Remove(path), make(path)); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr strings.Builder
		status := run(strings.Fields("ipvsadm -Lcn"), strings.NewReader(""), &stdout, &stderr, fakeHost(ipvstest.New(), root))
		if want := "cannot open file /proc/net/ip_vs_conn\n"; status != exitList || stdout.Len() > 0 || stderr.String() != want {
			t.Errorf("%s: status %d, %s%s", name, status, stdout.String(), stderr.String())
		}
	}
}
