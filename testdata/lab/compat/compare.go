// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
	"golang.org/x/sys/unix"
)

// A Comparison knows the two programs.
type Comparison struct {
	Oracle string // path of the original
	Ours   string // path of ours; the original's to check the cases themselves
	// Random tells that nobody has marked what differs on purpose.
	Random bool
	// Status, if set, is told how the original ended, once for each command line.
	Status func(int)
	// Marked, if set, is told of every marked line that is not as written.
	Marked func(Step, Result)
}

// checksItself reports that the original is compared with itself: then nothing differs on purpose.
func (c Comparison) checksItself() bool { return c.Ours == c.Oracle }

// A Difference is one line of a case after which the programs did not agree.
type Difference struct {
	Case Case
	Step Step
	What string // in a few words
	Text string // both sides, for a reader
}

func (d Difference) String() string {
	return fmt.Sprintf("%s.txt:%d: %s: %s\n%s%s", d.Case.File, d.Step.Line, d.Case.Name, d.What, d.Step, d.Text)
}

// The two sides.
const (
	oracle = iota
	ours
)

var sideNames = [...]string{"original", "ours"}

// A run is one case in its two namespaces.
type run struct {
	Comparison
	namespaces [2]*namespace
	kernels    [2]*netns.Kernel
	scratch    *namespace // of the original alone, for known.go
	diverged   bool       // the states differ on purpose
	restored   bool       // the order of servers differs on purpose
	states     [2]string
	size       string // of our namespace's connection table, as a listing's head shows it
}

// Run runs a case to its end. The error says that the case itself could not be run.
//
// Cases cannot run at the same time: the kernel keeps the services of all namespaces in one table and counts places in
// it, so that who adds services in one namespace makes a long listing in another one miss some.
func (c Comparison) Run(test Case) ([]Difference, error) {
	r, err := c.begin(oracle, ours)
	if err != nil {
		return nil, err
	}
	defer r.end()
	var differences []Difference
	for i, step := range test.Steps {
		what, text, err := r.step(step, test.Steps[:i])
		if err != nil {
			return differences, fmt.Errorf("%s.txt:%d: %w", test.File, step.Line, err)
		}
		if what != "" {
			differences = append(differences, Difference{test, step, what, text})
		}
	}
	if len(test.Steps) > 0 {
		last := Step{Line: test.Steps[len(test.Steps)-1].Line, Shell: "# in the end"}
		what, text, err := r.compareStates(last, true)
		if err != nil {
			return differences, fmt.Errorf("%s.txt:%d: %w", test.File, last.Line, err)
		}
		if what != "" {
			differences = append(differences, Difference{test, last, what, text})
		}
	}
	return differences, nil
}

// begin makes a namespace for each of the sides.
func (c Comparison) begin(sides ...int) (*run, error) {
	r := &run{Comparison: c}
	err := r.both(func(side int) (err error) {
		if !slices.Contains(sides, side) {
			return nil
		}
		if r.namespaces[side], err = newNamespace(); err == nil {
			r.kernels[side], err = netns.NewKernel(r.namespaces[side].Namespace)
		}
		return err
	})
	if err != nil {
		r.end()
		return nil, err
	}
	return r, nil
}

func (r *run) end() {
	if r.scratch != nil {
		r.scratch.Close()
	}
	for side := range r.namespaces {
		if r.kernels[side] != nil {
			r.kernels[side].Close()
		}
		if n := r.namespaces[side]; n != nil {
			n.Close()
		}
	}
}

// both does something on both sides at the same time.
func (r *run) both(do func(side int) error) error {
	var group sync.WaitGroup
	var errs [2]error
	for side := range errs {
		group.Go(func() { errs[side] = do(side) })
	}
	group.Wait()
	for side, err := range errs {
		if err != nil {
			return fmt.Errorf("%s: %w", sideNames[side], err)
		}
	}
	return nil
}

// step runs one line, which comes after others, and compares. It returns what differs that should not, or does not differ
// that should.
func (r *run) step(s Step, before []Step) (what, text string, err error) {
	if !s.IsCommand() {
		return "", "", r.both(func(side int) error { return r.prepare(side, s) })
	}
	// X8: what stays in the table keeps its place.
	r.restored = r.restored || r.Random && s.Words[0] == "ipvsadm-restore"
	results, err := r.command(s)
	if err != nil {
		return "", "", err
	}
	if r.Status != nil {
		r.Status(results[oracle].Status)
	}
	if s.Marks.Row != "" {
		size, err := r.kernels[ours].ConnTabSize()
		if err != nil {
			return "", "", err
		}
		r.size = fmt.Sprintf("(size=%d)", size)
	}
	what, text = r.judge(s, results)
	disturbed := what == notAsOriginal || what == "" && s.Marks.Row == "" && doubles(results[oracle])
	if disturbed && !s.Marks.Same {
		if results[oracle], err = r.settle(append(slices.Clip(before), s), results[oracle]); err != nil {
			return "", "", err
		}
		what, text = r.judge(s, results)
	}
	if what != "" {
		return what, text, nil
	}
	return r.compareStates(s, changesServers(s.Words))
}

// prepare does a line of set-up on one side.
func (r *run) prepare(side int, s Step) error {
	switch {
	case s.Shell != "":
		_, err := r.namespaces[side].Shell(s.Shell)
		return err
	case s.Words[0] == "send":
		return r.namespaces[side].send(s.Words)
	case s.Words[0] == "counted":
		return counted(r.kernels[side], s.Words)
	default: // conn
		content, err := r.input(side, s.Stdin)
		if err != nil {
			return err
		}
		return r.namespaces[side].setConn(content, len(s.Words) > 1 && s.Words[1] == "absent")
	}
}

func (r *run) input(side int, in Input) ([]byte, error) {
	if in.Shell != "" {
		return r.namespaces[side].Shell(in.Shell)
	}
	return in.Bytes, nil
}

// command runs a command line on both sides, or with both programs in one namespace.
func (r *run) command(s Step) (results [2]Result, err error) {
	if !s.Marks.Same {
		err = r.both(func(side int) (err error) { results[side], err = r.alone(side, s); return err })
		return results, err
	}
	// Time must not pass between the two: when the original says the same before and after ours, it did not.
	for range 20 {
		if results[oracle], err = r.program(oracle, oracle, s); err != nil {
			return results, err
		}
		if results[ours], err = r.program(ours, oracle, s); err != nil {
			return results, err
		}
		again, err := r.program(oracle, oracle, s)
		if err != nil || again.Equal(results[oracle]) {
			return results, err
		}
	}
	return results, fmt.Errorf("the original never says the same twice")
}

// alone runs a command line on one side.
func (r *run) alone(side int, s Step) (Result, error) {
	switch {
	case r.isStream(s) && side == oracle:
		return r.originalStream(s)
	case r.isStream(s):
		return r.ourStream(s)
	case side == oracle && r.Random && len(s.Words) == 1 && s.Words[0] == "ipvsadm-restore" && len(s.Stdin.Bytes) == 0:
		if services, err := r.hasServices(side); err != nil || services {
			return withoutRules(), err
		}
	}
	return r.program(side, side, s)
}

// program runs one of the programs in one of the namespaces.
func (r *run) program(program, side int, s Step) (Result, error) {
	stdin, err := r.input(side, s.Stdin)
	if err != nil {
		return Result{}, err
	}
	c := netns.Command{Path: r.Oracle, Args: append([]string{}, s.Words...), Stdin: stdin, Stdout: s.Marks.Stdout, Nobody: s.Marks.Nobody}
	if program == ours {
		c.Path = r.Ours
	}
	// The original's ipvsadm-save and ipvsadm-restore are scripts beside it, ours is told by its name.
	if suffix, ok := strings.CutPrefix(s.Words[0], "ipvsadm-"); ok && c.Path == r.Oracle {
		c.Path += "-" + suffix
	}
	if s.Marks.As != "" {
		c.Args[0] = s.Marks.As
	}
	if c.Path == r.Oracle && !r.checksItself() {
		return r.original131(side, c, s.Marks.Row != "")
	}
	return r.namespaces[side].run(c)
}

// original131 runs the original and writes what it says as ipvsadm 1.31 does. On a line where the two programs differ on
// purpose it may run without end, as Debian 13's does when a rule is too long for its buffer: that is a death by signal.
func (r *run) original131(side int, c netns.Command, marked bool) (Result, error) {
	result, err := r.namespaces[side].run(c)
	if marked && errors.Is(err, netns.ErrNoEnd) {
		return Result{Status: 128 + int(unix.SIGKILL)}, nil
	}
	result.Stderr = as131(result.Stderr)
	return result, err
}

const notAsOriginal = "not as the original"

// writtenSize stands in case files for the size of the kernel's connection table.
const writtenSize = "(size=SIZE)"

// asWritten is what ours did on a marked line, as a case file writes it.
func (r *run) asWritten(result Result) Result {
	result.Stdout = bytes.ReplaceAll(result.Stdout, []byte(r.size), []byte(writtenSize))
	return result
}

// judge compares what the programs did with each other, or ours with what is written.
func (r *run) judge(s Step, results [2]Result) (what, text string) {
	same := results[oracle].Equal(results[ours])
	switch {
	case r.checksItself() && s.Marks.Row != "":
		// Some of what we do better comes out of the original differently every time.
	case s.Marks.Row == "":
		if !same && (!r.Random || r.known(s, results) == "") {
			return notAsOriginal, sideBySide(results[oracle].String(), results[ours].String())
		}
	case !s.wantedBy(r.asWritten(results[ours])):
		if r.Marked != nil && s.Match == "" {
			r.Marked(s, r.asWritten(results[ours]))
		}
		return "not as written", "ours:\n" + results[ours].String()
	case same && !s.Marks.State:
		return "marked " + s.Marks.Row + ", yet as the original", ""
	}
	return "", ""
}

// changesServers tells whether a command line may; servers take long to read when there are many services.
func changesServers(words []string) bool {
	if words[0] != "ipvsadm" {
		return true
	}
	for _, word := range words[1:] {
		for _, command := range []string{"-a", "-e", "-d", "-D", "-R", "-C", "--add-server", "--edit-server", "--del", "--re", "--cl"} {
			if strings.HasPrefix(word, command) {
				return true
			}
		}
	}
	return false
}

func (r *run) compareStates(s Step, servers bool) (what, text string, err error) {
	same, err := r.sameStates(servers)
	// A reading, too, doubles or misses when other namespaces change.
	for range 5 {
		if err != nil || same {
			break
		}
		same, err = r.sameStates(servers)
	}
	if err != nil {
		return "", "", err
	}
	if s.Marks.State && !r.checksItself() {
		r.diverged = !same
		if same {
			return "marked state, yet the kernel's state is as with the original", "", nil
		}
	}
	if same {
		r.diverged = false
	}
	if same || r.diverged {
		return "", "", nil
	}
	r.diverged = true // once is enough
	return "the kernel's state is not as with the original", sideBySide(r.states[oracle], r.states[ours]), nil
}

func (r *run) sameStates(servers bool) (bool, error) {
	err := r.both(func(side int) (err error) {
		r.states[side], err = r.kernels[side].State(servers, r.restored)
		return err
	})
	return r.states[oracle] == r.states[ours], err
}

// sideBySide shows two texts, common lines once.
func sideBySide(a, b string) string {
	var out strings.Builder
	x, y := lines(a), lines(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	tail := 0
	for tail < len(x) && tail < len(y) && x[len(x)-1-tail] == y[len(y)-1-tail] {
		tail++
	}
	if skipped := len(lines(a)) - len(x); skipped > 0 {
		fmt.Fprintf(&out, "(%d lines in common)\n", skipped)
	}
	for side, list := range [][]string{x[:len(x)-tail], y[:len(y)-tail]} {
		for i, line := range list {
			if i == 20 {
				fmt.Fprintf(&out, "%s: and %d lines more\n", sideNames[side], len(list)-i)
				break
			}
			fmt.Fprintf(&out, "%s:%s%s\n", sideNames[side], strings.Repeat(" ", len("original ")-len(sideNames[side])), strings.TrimSuffix(line, "\n"))
		}
	}
	if tail > 0 {
		fmt.Fprintf(&out, "(%d lines in common)\n", tail)
	}
	return out.String()
}

func lines(text string) []string {
	var all []string
	for line := range bytes.Lines([]byte(text)) {
		all = append(all, string(line))
	}
	return all
}
