// SPDX-License-Identifier: Apache-2.0

// The runtime goes without what a short command does not need: to keep the files of the
// control group's limit of processors open and read them again, and to name each piece of
// its memory with a system call.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0
//go:debug decoratemappings=0

// Ipvsadm administers the IP Virtual Server (IPVS) of the Linux kernel. The name under
// which it is called selects the tool: ipvsadm, ipvsadm-save, ipvsadm-restore or
// ipvsadm-boot.
package main

import (
	"os"
	"time"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/facts"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
)

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr, host{
		root: "/", getenv: os.Getenv, dial: kernel.Dial,
		moduleLoaded: kernel.ModuleLoaded, loadModule: kernel.LoadModule, unloadModules: kernel.UnloadModules,
		lock: kernel.LockTable, netns: openNamespace, findNetNS: kernel.FindNamespaces, facts: machineFacts, resolver: resolve.New(nil), raiseSIGPIPE: kernel.DisableSIGPIPE(),
		signals: kernel.CatchEnd, now: time.Now, after: time.After,
	}))
}

func machineFacts(root string, client *ipvs.Client) (diagnose.Facts, func()) {
	machine := &facts.Machine{Root: root, Client: client}
	return machine, machine.Close
}

func openNamespace(name string) (namespace, error) {
	n, err := kernel.OpenNamespace(name)
	if err != nil {
		return nil, err // a nil interface, unlike a nil *kernel.Namespace
	}
	return n, nil
}
