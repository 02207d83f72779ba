// SPDX-License-Identifier: Apache-2.0

package ipvstest

import (
	"iter"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/mdlayher/netlink"
)

// Process is a function that a test runs against a Kernel, one request at a time. It stops
// before each of its requests until the test lets that request through. So a test decides
// the order of the requests of several processes, and the order is the same in each run.
//
// The requests of one send are stopped one by one, as other processes can come between them
// in the kernel too. Look-ups of the IPVS family, and messages for netlink itself, are not
// stopped.
//
// While a Process is stopped, the test may call the methods of the Kernel and use clients
// that the Process does not use. A Process is for one goroutine.
type Process struct {
	kernel *Kernel
	next   func() (Request, bool)
	stop   func()
	yield  func(Request) bool

	request Request
	running bool
	effect  *Effect // of the next request, instead of that of a Fault
}

// Request is a request before which a Process has stopped.
type Request struct {
	Command ipvs.Command
	// Dump is set for a list of all objects.
	Dump bool
}

// Start calls run until its first request. All requests that run makes must come from the
// goroutine in which it is called, and run must not start or step another Process.
func (k *Kernel) Start(run func()) *Process {
	p := &Process{kernel: k}
	p.next, p.stop = iter.Pull(func(yield func(Request) bool) {
		p.yield = yield
		run()
	})
	p.resume()
	return p
}

// Request returns the request before which the process has stopped. It is not ok if run has
// returned.
func (p *Process) Request() (r Request, ok bool) { return p.request, p.running }

// Step lets the request through, and returns when the process stops before its next one or
// ends.
func (p *Process) Step() { p.resume() }

// StepWith is Step with an effect on the request, which replaces that of an injected fault.
// FailSend has no effect, because the system call is under way.
func (p *Process) StepWith(e Effect) {
	p.effect = &e
	p.resume()
}

// Finish lets the process run to its end. A test must call it, or Step until the end, for
// each process, or else it leaks a goroutine.
func (p *Process) Finish() {
	p.setCurrent(p)
	p.stop()
	p.setCurrent(nil)
	p.running = false
}

func (p *Process) resume() {
	p.setCurrent(p)
	p.request, p.running = p.next()
	p.setCurrent(nil)
}

// setCurrent tells the kernel whose requests come from now on.
func (p *Process) setCurrent(current *Process) {
	p.kernel.mu.Lock()
	defer p.kernel.mu.Unlock()
	p.kernel.process = current
}

// await stops the current process before a request. It returns the effect of the request.
func (k *Kernel) await(m netlink.Message, injected Effect) Effect {
	k.mu.Lock()
	p := k.process
	k.mu.Unlock()
	if p == nil || m.Header.Type <= genlIDControl || len(m.Data) == 0 {
		return injected
	}
	p.yield(Request{ipvs.Command(m.Data[0]), m.Header.Flags&netlink.Dump == netlink.Dump})
	if p.effect != nil {
		injected, p.effect = *p.effect, nil
	}
	return injected
}
