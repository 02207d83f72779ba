package main

import "fmt"

// Version and Date are those of our release. The Makefile reads them here.
var (
	Version = "0.1.0"
	Date    = "2026-11-21"
)

// compatible is the version of the original that scripts shall take us for.
const compatible = "1.31"

func (p *program) version() error {
	_, err := fmt.Fprintf(p.stdout, "ipvsadm v%s+go%s %s (compiled with pflag and IPVS v1.2.1)\n", compatible, Version, Date)
	return err
}
