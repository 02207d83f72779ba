package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"golang.org/x/sys/unix"
)

// Exit statuses, as the original's.
const (
	exitOK     = 0
	exitList   = 1   // a listing failed
	exitUsage  = 2   // wrong words, or no IPVS
	exitKernel = 255 // the kernel refused a change; also what popt complains about
)

// machine is what a run needs besides its standard files.
type machine struct {
	root   string // below which the files of the distribution and /proc are
	dial   func() (*ipvs.Client, error)
	loaded func() (bool, error) // tells whether IPVS is there
	load   func()               // loads the module of IPVS, as far as it can
	unload func() error
	lock   func() (unlock func(), locked bool) // keeps other restores away
	// brokenPipe ends the process as SIGPIPE would, unless that is ignored.
	brokenPipe func()
}

// program is one run of the tool.
type program struct {
	name    string // argv[0] as it was typed
	stdin   io.Reader
	source  string // what comes before "line N: " in messages about stdin
	stdout  *bufio.Writer
	below   io.Writer // what stdout writes to
	stderr  io.Writer
	machine machine
	client  *ipvs.Client
	// unwritten is the exit status if stdout cannot be written.
	unwritten int
	// complaints and unsaid are how many lines of rules were complained of, and
	// how many were not because there are so many.
	complaints, unsaid int
	// changing is set before a run of many changes: from then on, nothing that
	// cannot be written is a reason to stop.
	changing bool
}

// run does what the words say and returns the exit status. args[0] picks the tool.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, m machine) int {
	if len(args) == 0 {
		args = []string{"ipvsadm"}
	}
	p := &program{name: args[0], stdin: stdin, stdout: bufio.NewWriterSize(stdout, 32<<10), below: stdout, stderr: stderr, machine: m}
	p.unwritten = exitList
	err := p.tool(args[1:])
	closed := p.pipeClosed()
	if closed && (!p.changing || err == nil) {
		m.brokenPipe()
	}
	if closed && errors.Is(err, unix.EPIPE) {
		err = nil
	}
	status := p.report(err)
	if p.client != nil {
		_ = p.client.Close()
	}
	if err := p.stdout.Flush(); err != nil && !closed {
		p.complain(fmt.Sprintf("%s: cannot write the output: %v", p.name, err))
		return p.unwritten
	}
	return status
}

func (p *program) tool(words []string) error {
	switch path.Base(p.name) {
	case "ipvsadm-save":
		return p.saveTool(words)
	case "ipvsadm-restore":
		return p.restoreTool(words)
	case "ipvsadm-boot":
		return p.bootTool(words)
	}
	if len(words) == 0 {
		words = []string{"-L"}
	}
	c, err := parse(words)
	if err != nil {
		// The original looks for IPVS before it reads its words.
		if initErr := p.connect(); initErr != nil {
			return initErr
		}
		return err
	}
	return p.execute(c)
}

// connect opens the client and makes sure that IPVS is there for us.
func (p *program) connect() error {
	if err := p.open(); err != nil {
		return err
	}
	_, err := p.client.Info()
	return err
}

// open opens the client without a word to IPVS yet. If IPVS is not there, the
// module is loaded, as the original does.
func (p *program) open() (err error) {
	if p.client != nil {
		return nil
	}
	p.client, err = p.machine.dial()
	if errors.Is(err, ipvs.ErrNoIPVS) {
		p.machine.load()
		p.client, err = p.machine.dial()
	}
	if err != nil {
		return &initError{err}
	}
	return nil
}

// report prints an error and returns the exit status.
func (p *program) report(err error) int {
	if p.unsaid > 0 {
		p.complain(fmt.Sprintf("... and %d more", p.unsaid))
		p.unsaid = 0
	}
	status := exitKernel
	var withStatus *statusError
	if errors.As(err, &withStatus) {
		status = withStatus.status
	}
	var noCommand noCommandError
	var initErr *initError
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errReported), errors.Is(err, p.stdout.Flush()): // run reports the latter
	case errors.As(err, &noCommand):
		p.complain(fmt.Sprintf("Try `%s -h' or '%s --help' for more information.", p.name, p.name))
	case errors.As(err, &initErr), notPermitted(err):
		// Every command of the kernel's IPVS needs the same capability, so the
		// first refusal is what the original finds when it starts.
		p.complain("Can't initialize ipvs: " + sentence(err))
		p.complain("Are you sure that IP Virtual Server is built in the kernel or as module?")
		return exitUsage
	case errors.As(err, &usage):
		p.complain(usage.text)
		if withStatus == nil {
			return exitUsage
		}
	default:
		p.complain(sentence(err))
		p.hint(err)
	}
	return status
}

// complain prints a line on stderr, after what stdout has so far.
func (p *program) complain(text string) {
	closed := p.pipeClosed() // any other error stays and is reported at the end
	if closed && !p.changing {
		p.machine.brokenPipe()
	}
	stderr := p.stderr
	if isTerminal(stderr) {
		stderr = format.PrintableLines(stderr) // words may come from anywhere
	}
	if _, err := fmt.Fprintln(stderr, text); errors.Is(err, unix.EPIPE) && !p.changing {
		p.machine.brokenPipe()
	}
}

// pipeClosed writes what stdout has so far, and tells whether nobody reads it.
func (p *program) pipeClosed() bool { return errors.Is(p.stdout.Flush(), unix.EPIPE) }

// pipeFoundClosed is pipeClosed for what has been written already.
func (p *program) pipeFoundClosed() bool {
	_, err := p.stdout.Write(nil)
	return errors.Is(err, unix.EPIPE)
}
