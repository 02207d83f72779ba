// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"time"
)

const entriesFile = "/tmp/entries"

// ofEntries runs a program with the file of entries in place of the kernel's. It and strace need nothing else of /proc.
func ofEntries(line string) job {
	j := words(line)
	j.words = append([]string{"unshare", "--mount", "sh", "-c",
		"mount -t tmpfs none /proc && mkdir /proc/net && ln -s " + entriesFile + ` /proc/net/ip_vs_conn && exec "$@"`, "sh"}, j.words...)
	return j
}

// connections measures listings of connections. The kernel's own file takes time by the square of its length, whoever
// reads it, so a copy of what it would say is read.
func (b *bench) connections() error {
	heading("Connections, of a copy of /proc/net/ip_vs_conn")
	for _, count := range []int{100_000, 1_000_000} {
		if err := writeEntries(count); err != nil {
			return err
		}
		runs := 5
		if count > 100_000 {
			runs = 3
		}
		c := comparison{fmt.Sprintf("`-Lcn`, %d", count), runs, nothing, []job{ofEntries(ours + " -Lcn"), ofEntries(original + " -Lcn")}}
		if err := c.report(); err != nil {
			return err
		}
	}
	var first [2]time.Duration
	for i, program := range []string{ours, original} {
		var err error
		if first[i], err = ofEntries(program + " -Lcn").firstOutput(); err != nil {
			return err
		}
	}
	fmt.Printf("\nOf 1000000 entries the first line came after %s ms, the original's after %s ms.\n",
		milliseconds(first[0]), milliseconds(first[1]))
	return os.Remove(entriesFile)
}

func writeEntries(count int) error {
	file, err := os.Create(entriesFile)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	w := bufio.NewWriter(file)
	fmt.Fprintf(w, "%-127s\n", "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData")
	for i := range count {
		fmt.Fprintf(w, "%-127s\n", fmt.Sprintf("%-3s %08X %04X %08X %04X %08X %04X %-11s %7d",
			"TCP", 0xC6120000+i, 1024+i%60000, 0xC0000264, 80, 0x0A000000+i%16+1, 80, "ESTABLISHED", i%900))
	}
	return w.Flush()
}

// firstOutput is how long it takes until a program prints anything.
func (j job) firstOutput() (time.Duration, error) {
	cmd := exec.Command(j.words[0], j.words[1:]...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	_, err = stdout.Read(make([]byte, 1))
	took := time.Since(start)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return took, err
}
