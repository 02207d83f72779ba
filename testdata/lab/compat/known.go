// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
)

// Purposeful differences that random command lines run into. Each is recognised as narrowly as possible.

// kernelErrors are what the original says when the kernel refuses; all else that ends with status 255 is libpopt's.
var kernelErrors = []string{
	"Service already exists", "Scheduler or persistence engine not found", "No such service", "Service not defined",
	"Destination already exists", "No such destination", "Daemon has already run", "No daemon is running",
	"Permission denied (you must be root)", "Invalid operation.  Possibly wrong module version, address not unicast, ...",
	"Protocol not available", "Memory allocation problem", "Operation not supported with IPv6",
	"Operation not supported with specified address family", "Module is wrong version", "No such device", "Invalid argument",
	"Network is unreachable", "Cannot assign requested address", "Numerical result out of range", "Operation not permitted",
}

var tryHelp = regexp.MustCompile("^Try `")

// isStream tells whether a step is a rules stream whose lines nobody has marked. What the original does with it is put
// together of what it does with each line alone, because of
//
//	X5   a comment ends its line, and the last line counts without a line feed
//	X6   all bad lines are reported; with one, nothing changes if there are services, else the good lines are carried out
//	X7   the kernel's errors come with their line, and the status tells of any of them
//
// A line is bad when the original, in a namespace that is there for nothing else, refuses it before it asks the kernel.
func (r *run) isStream(s Step) bool {
	return r.Random && s.Words[0] == "ipvsadm" && len(s.Stdin.Bytes) > 0
}

func (r *run) originalStream(s Step) (want Result, err error) {
	services, err := r.hasServices(oracle)
	if err != nil {
		return want, err
	}
	if r.scratch == nil {
		if r.scratch, err = newNamespace(); err != nil {
			return want, err
		}
	}
	single := func(n *namespace, line string) (Result, error) {
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "#")
		result, err := n.run(netns.Command{Path: r.Oracle, Args: []string{"ipvsadm", "-R"}, Stdin: []byte(line + "\n")})
		result.Stderr = as131(result.Stderr)
		return result, err
	}
	bad := map[int]bool{}
	rules := strings.SplitAfter(string(s.Stdin.Bytes), "\n")
	for i, line := range rules {
		result, err := single(r.scratch, line)
		if err != nil {
			return want, err
		}
		if result.Status == 2 || result.Status == 255 && !slices.Contains(kernelErrors, strings.TrimSpace(string(result.Stderr))) {
			want.Status = 2
			bad[i] = true
			want.Stderr = append(want.Stderr, withLine(i, result.Stderr)...)
		}
	}
	failed := false
	for i, line := range rules {
		if bad[i] || len(bad) > 0 && services {
			continue
		}
		result, err := single(r.namespaces[oracle], line)
		if err != nil {
			return want, err
		}
		want.Stdout = append(want.Stdout, result.Stdout...)
		if result.Status != 0 {
			want.Stderr = append(want.Stderr, withLine(i, result.Stderr)...)
			failed = true
		}
	}
	if failed && len(bad) == 0 {
		want.Status = 255
	}
	return want, nil
}

func (r *run) ourStream(s Step) (Result, error) {
	result, err := r.program(ours, ours, s)
	result.Stderr = bytes.ReplaceAll(result.Stderr, []byte("the first option must be a command, such as -A or --add-service"), []byte(noCommand))
	return result, err
}

// withoutRules is what a restore of an empty file says where there are services. The original would delete them.
//
//	X18  an empty file is an error, and they stay
func withoutRules() Result {
	return Result{Status: 2, Stderr: []byte("no rules; say -C if that is meant\n")}
}

// hasServices tells whether the table of a side has services. A reading may miss some.
func (r *run) hasServices(side int) (bool, error) {
	for range 2 {
		if has, err := r.kernels[side].HasServices(); err != nil || has {
			return has, err
		}
	}
	return r.kernels[side].HasServices()
}

const noCommand = "(no command)"

func withLine(i int, text []byte) []byte {
	message := strings.TrimSpace(string(text))
	if tryHelp.MatchString(message) {
		message = noCommand
	}
	// X6, X7: what a message about a rule repeats of it cannot control a terminal.
	return fmt.Appendf(nil, "line %d: %s\n", i+1, format.Sanitize(message))
}

// known reports whether what differs does so on purpose, and why.
func (r *run) known(s Step, results [2]Result) (rows string) {
	theirs, our := results[oracle], results[ours]
	if isOwnText(s, theirs, our) {
		return "X1"
	}
	if theirs.Status != our.Status || !bytes.Equal(theirs.Stderr, our.Stderr) {
		return ""
	}
	want, got := string(theirs.Stdout), string(our.Stdout)
	for _, difference := range []struct {
		row   string
		their func(string) string
		our   func(string) string
	}{
		{"X2", unsignedMarks, bigMarks},
		{"X4", unchanged, r.withoutThresholds(s)},
		{"X12", unchanged, withoutNamelessFlags},
	} {
		their, our := difference.their(want), difference.our(got)
		if their != want || our != got {
			rows += difference.row
		}
		want, got = their, our
	}
	if want == got {
		return rows
	}
	if far, err := r.kernels[oracle].FarApart(); err == nil && far && slices.Equal(blocks(want), blocks(got)) {
		return rows + "X3"
	}
	return ""
}

func unchanged(text string) string { return text }

// as131 writes a message of the original as ipvsadm 1.31 has it. Debian's 1.31-3 and later have other words for one,
// which an empty line follows.
func as131(stderr []byte) []byte {
	if rest, ok := bytes.CutPrefix(stderr, []byte("-6 must follow -f\n")); ok {
		return append([]byte("-6 used before -f\n"), rest...)
	}
	return stderr
}

// isOwnText reports whether both print help or the version, or the usage of save.
func isOwnText(s Step, theirs, our Result) bool {
	if theirs.Status != our.Status {
		return false
	}
	if s.Words[0] == "ipvsadm-save" {
		return theirs.Status == 1 && len(theirs.Stdout) == 0 && len(our.Stdout) == 0 && bytes.HasPrefix(theirs.Stderr, []byte("ipvsadm-save: Script")) &&
			bytes.HasPrefix(our.Stderr, []byte("Usage: ipvsadm-save"))
	}
	version := []byte("ipvsadm v1.31")
	short := bytes.Count(theirs.Stdout, []byte("\n")) == 1
	return len(theirs.Stderr) == 0 && len(our.Stderr) == 0 && bytes.HasPrefix(theirs.Stdout, version) &&
		bytes.HasPrefix(our.Stdout, version) && short == (bytes.Count(our.Stdout, []byte("\n")) == 1)
}

var (
	negativeMark = regexp.MustCompile(`(?m)^(FWM  |-[Aa] -f )(-[0-9]+)( IPv6)? *`)
	bigMark      = regexp.MustCompile(`(?m)^(FWM  |-[Aa] -f )([0-9]{10})( IPv6)? *`)
)

// unsignedMarks writes negative marks as what they are. Like bigMarks, it leaves one blank of those that fill a column.
func unsignedMarks(text string) string {
	return negativeMark.ReplaceAllStringFunc(text, func(found string) string {
		m := negativeMark.FindStringSubmatch(found)
		n, _ := strconv.ParseInt(m[2], 10, 64)
		return fmt.Sprintf("%s%d%s ", m[1], uint32(n), m[3])
	})
}

func bigMarks(text string) string { return bigMark.ReplaceAllString(text, "$1$2$3 ") }

var thresholds = regexp.MustCompile(`(?m)^(-a .* -w [0-9]+)( -x [0-9]+ -y [0-9]+)`)

// withoutThresholds takes the thresholds out of saved rules, if they are those of the kernel.
func (r *run) withoutThresholds(s Step) func(string) string {
	return func(text string) string {
		var limits []string
		for _, m := range thresholds.FindAllStringSubmatch(text, -1) {
			limits = append(limits, m[2])
		}
		slices.Sort(limits)
		if len(limits) == 0 {
			return text
		}
		// Those of a save in a stream may have changed since.
		if inKernel, err := r.kernels[ours].Thresholds(); err != nil || !r.isStream(s) && !slices.Equal(limits, inKernel) {
			return text
		}
		return thresholds.ReplaceAllString(text, "$1")
	}
}

var namelessFlags = regexp.MustCompile(`(?m)^.* [sm]h .*flag-3.*$`)

// withoutNamelessFlags takes out what the original has no name for.
func withoutNamelessFlags(text string) string {
	return namelessFlags.ReplaceAllStringFunc(text, func(line string) string {
		return strings.Replace(strings.Replace(line, ",flag-3", "", 1), "flag-3", "", 1)
	})
}

// blocks are the services of a listing or a save with their servers, sorted.
func blocks(text string) []string {
	var all [][]string
	for _, line := range lines(text) {
		isServer := strings.HasPrefix(line, "  -> ") || strings.HasPrefix(line, "-a ")
		if !isServer || len(all) == 0 {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], line)
	}
	sorted := make([]string, len(all))
	for i, block := range all {
		slices.Sort(block[1:])
		sorted[i] = strings.Join(block, "")
	}
	slices.Sort(sorted)
	return sorted
}
