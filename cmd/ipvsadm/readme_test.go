// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// counted is typed after a command that sends datagrams, one from each port: it waits until the kernel has added up as
// many packets as there are connections, which it does every two seconds.
const counted = `for _ in {1..600}; do
ipvsadm -Ln --output json | jq -e 'all(.services[]; .stats.incoming_packets == (.destinations | map(.active_connections + .inactive_connections) | add))' >/dev/null && break
sleep 0.1
done
`

// testReadme runs the examples in the README's chapters Use and Listings in a shell, in
// order, and compares what they print.
func testReadme(t *testing.T) {
	links := inNewNamespace(t)
	// The address of the client in the examples, and a route to their servers.
	if err := links.AddAddresses("lo", "10.0.0.9/24"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(text), "\n## Use\n")
	chapter, _, _ = strings.Cut(chapter, "\n## At boot\n")

	dir := t.TempDir()
	for _, tool := range []string{"ipvsadm", "ipvsadm-save", "ipvsadm-restore"} {
		if err := os.Symlink(binary, filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	// Each command starts with the exit status of the one before it, and ends with a line
	// that no command prints.
	const mark = "--- end of the command ---"
	var script strings.Builder
	var examples []string
	empty := "" // empty lines that may belong to the output
	for line := range strings.Lines(chapter) {
		switch {
		case line == "\n" && len(examples) > 0:
			empty += line
			continue
		case strings.HasPrefix(line, "    # "):
			command := strings.TrimSpace(line[6:])
			script.WriteString(command + "\nstatus=$?\n")
			if strings.Contains(command, "> /dev/udp/") {
				script.WriteString(counted)
			}
			script.WriteString("echo '" + mark + "'; (exit $status)\n")
			examples = append(examples, line[4:])
		case strings.HasPrefix(line, "    ") && len(examples) > 0:
			examples[len(examples)-1] += empty + line[4:]
		}
		empty = ""
	}
	shell := exec.Command("bash")
	shell.Dir = dir
	shell.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	shell.Stdin = strings.NewReader(script.String())
	output, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	outputs := strings.Split(string(output), mark+"\n")
	if len(examples) < 10 || len(outputs) != len(examples)+1 {
		t.Fatalf("%d examples, %d outputs", len(examples), len(outputs)-1)
	}
	for i, example := range examples {
		command, want, _ := strings.Cut(example, "\n")
		if outputs[i] != want {
			t.Errorf("%s\n got %s\nwant %s", command, outputs[i], want)
		}
	}
}
