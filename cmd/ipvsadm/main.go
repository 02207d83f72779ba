// Ipvsadm administers the IP Virtual Server of the Linux kernel. Under the
// names ipvsadm-save and ipvsadm-restore it saves and restores the rules.
package main

import (
	"os"
	"runtime/debug"
)

// growth is by how many percent the memory in use may grow before garbage is
// collected. The usual 100 makes a save or a restore of 1000 services with 10
// servers each take a tenth longer.
const growth = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(growth)
	}
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr, machine{"/", dialKernel, moduleLoaded, loadModule, unloadModules, lockTable}))
}
