// Ipvsadm administers the IP Virtual Server of the Linux kernel. Under the
// names ipvsadm-save and ipvsadm-restore it saves and restores the rules.
package main

import (
	"os"
)

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr, machine{
		root: "/", dial: dialKernel, loaded: moduleLoaded, load: loadModule, unload: unloadModules, lock: lockTable,
		brokenPipe: takeBrokenPipes(),
	}))
}
