// SPDX-License-Identifier: Apache-2.0

package compat

import (
	"os"

	"github.com/ipvsadm-go/ipvsadm/testdata/lab/netns"
	"golang.org/x/sys/unix"
)

// A namespace is one side of a comparison.
type namespace struct {
	*netns.Namespace
	proc bool // something is mounted over /proc
}

func newNamespace() (*namespace, error) {
	n, err := netns.New()
	if err != nil {
		return nil, err
	}
	if err := n.Links.AddUplink(); err != nil {
		n.Close()
		return nil, err
	}
	return &namespace{Namespace: n}, nil
}

func (n *namespace) run(c netns.Command) (Result, error) {
	result, err := n.Run(c)
	return Result(result), err
}

// setConn puts a /proc in place that has nothing but net/ip_vs_conn, or not even that.
func (n *namespace) setConn(content []byte, absent bool) error {
	var err error
	n.Do(func() {
		if !n.proc {
			if err = unix.Mount("tmpfs", "/proc", "tmpfs", 0, ""); err != nil {
				return
			}
			n.proc = true
		}
		if err = os.MkdirAll("/proc/net", 0o755); err != nil {
			return
		}
		if absent {
			err = os.RemoveAll("/proc/net/ip_vs_conn")
			return
		}
		err = os.WriteFile("/proc/net/ip_vs_conn", content, 0o644)
	})
	return err
}
