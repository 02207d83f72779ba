// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/release"
)

// compatible is the version of the C program that scripts may rely on.
const compatible = "1.31"

func (a *app) version() error {
	version, date := release.Running()
	_, err := fmt.Fprintf(a.stdout, "ipvsadm v%s+go%s %s (compiled with pflag and IPVS v1.2.1)\n", compatible, version, date)
	return err
}
