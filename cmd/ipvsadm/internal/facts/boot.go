// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/diagnose"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/kernel"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// noNetwork is an error without the cost of one at the start of the program.
type noNetwork struct{}

func (noNetwork) Error() string { return "no name server is asked" }

// BootRules reads the rules that are restored at boot, which is done in the network namespace
// of the first process.
func (m *Machine) BootRules() (b diagnose.BootRules, err error) {
	first, err := m.inFirstNamespace()
	if err != nil || !first {
		b.Elsewhere = err == nil
		return b, err
	}
	config, err := sysconfig.Locate(m.Root)
	if err != nil {
		return b, err
	}
	b.Path = config.Rules
	file, err := sysconfig.Open(m.Root, b.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	defer func() { _ = file.Close() }()
	// Nobody wants to wait for name servers here.
	hosts := resolve.New(func(context.Context, string, string) (net.Conn, error) { return nil, noNetwork{} })
	desired := rules.NewDesired()
	report := &rules.Report{Print: func(string) {}, Describe: func(err error) string { return err.Error() }, Hint: func(error) string { return "" }}
	desired.Read(file, hosts, report)
	desired.ReportDiagnostics(report)
	if desired.Bad {
		return b, fmt.Errorf("%s is not understood; ipvsadm-restore --check tells why", b.Path)
	}
	b.Table = desired.Table()
	return b, nil
}

// Lacks tells whether the kernel certainly has no module of a name, not even on disk.
func (m *Machine) Lacks(module string) (bool, error) {
	if m.installed == nil {
		installed := kernel.ReadModules(m.Root)
		m.installed = &installed
	}
	return m.installed.Lacks(module), nil
}

// Vendor returns who has made the machine. Without firmware that tells, it is empty.
func (m *Machine) Vendor() (string, error) {
	vendor, err := m.line("sys/class/dmi/id/sys_vendor")
	if err = m.unlessMounted("sys", err); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return vendor, err
}
