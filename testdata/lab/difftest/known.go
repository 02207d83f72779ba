package difftest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netlab"
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

// stream runs a rules stream. Ours is compared with what the original does with each line alone, because of
//
//	X6   all bad lines are reported; with one, nothing changes if there are services, else the good lines are carried out
//	X7   the kernel's errors come with their line, and the status tells of any of them
//
// A line is bad when the original, in a namespace that is there for nothing else, refuses it before it asks the kernel.
func (r *run) stream(s Step) (results [2]Result, err error) {
	if r.scratch == nil {
		if r.scratch, err = newNamespace(); err != nil {
			return results, err
		}
	}
	single := func(n *namespace, line string) (Result, error) {
		return n.run(netlab.Command{Path: r.Oracle, Args: []string{"ipvsadm", "-R"}, Stdin: []byte(line)})
	}
	services, err := r.hasServices()
	if err != nil {
		return results, err
	}
	want := &results[oracle]
	bad := map[int]bool{}
	rules := strings.SplitAfter(string(s.Stdin.Bytes), "\n")
	for i, line := range rules {
		result, err := single(r.scratch, line)
		if err != nil {
			return results, err
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
			return results, err
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
	results[ours], err = r.program(ours, ours, s)
	results[ours].Stderr = bytes.ReplaceAll(results[ours].Stderr, []byte("the first option must be a command, such as -A or --add-service"), []byte(noCommand))
	return results, err
}

// hasServices tells whether the original lists any.
func (r *run) hasServices() (bool, error) {
	saved, err := r.namespaces[oracle].run(netlab.Command{Path: r.Oracle, Args: []string{"ipvsadm", "-S", "-n"}})
	return len(saved.Stdout) > 0, err
}

// noRules runs a restore of an empty file where there are services. The original would delete them.
//
//	X18  an empty file is an error, and they stay
func (r *run) noRules(s Step) (results [2]Result, err error) {
	results[oracle] = Result{Status: 2, Stderr: []byte("no rules; say -C if that is meant\n")}
	results[ours], err = r.program(ours, ours, s)
	return results, err
}

const noCommand = "(no command)"

func withLine(i int, text []byte) []byte {
	message := strings.TrimSpace(string(text))
	if tryHelp.MatchString(message) {
		message = noCommand
	}
	return fmt.Appendf(nil, "line %d: %s\n", i+1, message)
}

var thresholds = regexp.MustCompile(`(?m)^(-a .* -w [0-9]+) -x [0-9]+ -y [0-9]+`)

// known reports whether what differs does so on purpose, and why.
func (r *run) known(s Step, results [2]Result) (row string) {
	theirs, our := results[oracle], results[ours]
	if theirs.Status != our.Status || !bytes.Equal(theirs.Stderr, our.Stderr) {
		return ""
	}
	// X4: -S saves thresholds.
	saved := thresholds.ReplaceAll(our.Stdout, []byte("$1"))
	if bytes.Equal(theirs.Stdout, saved) {
		return "X4"
	}
	// X3: servers of both families in one service have another order.
	if sorted(theirs.Stdout) == sorted(saved) {
		if mixed, err := r.kernels[oracle].MixedFamilies(); err == nil && mixed {
			return "X3"
		}
	}
	return ""
}

func sorted(text []byte) string {
	all := lines(string(text))
	slices.Sort(all)
	return strings.Join(all, "")
}
