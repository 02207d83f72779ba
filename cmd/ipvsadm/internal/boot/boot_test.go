// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/listing"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/resolve"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/rules"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
	"github.com/ipvsadm-go/ipvsadm/sysconfig"
)

// machine is a Boot on a fake kernel and a temporary root directory. It records what the
// verbs do.
type machine struct {
	*Boot
	kernel *ipvstest.Kernel
	loaded bool // whether the module is loaded

	calls    []string // of Connect, Unload, Save, List and Daemons
	stdout   strings.Builder
	messages strings.Builder
}

// newMachine returns a machine with files below its root directory and services with
// these firewall marks.
func newMachine(t *testing.T, files map[string]string, marks ...uint32) *machine {
	t.Helper()
	m := &machine{kernel: ipvstest.New(), loaded: true}
	root := t.TempDir()
	for path, content := range files {
		path = filepath.Join(root, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	client, err := m.kernel.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	for _, mark := range marks {
		service := ipvs.Service{ServiceID: ipvs.ServiceID{FWMark: mark}, Scheduler: "wlc"}
		if err := client.NewService(service); err != nil {
			t.Fatal(err)
		}
	}
	complain := func(text string) { m.messages.WriteString(text + "\n") }
	report := &rules.Report{Print: complain, Describe: error.Error, Hint: func(error) string { return "" }}
	target := &rules.Target{
		Client: client, Report: report,
		Lock:    func() (func(), bool) { return func() {}, true },
		Execute: func([]string) error { return nil },
	}
	call := func(name string) error { m.calls = append(m.calls, name); return nil }
	m.Boot = &Boot{
		Name: "ipvsadm-boot", Root: root, Hosts: resolve.New(nil), Stdout: bufio.NewWriter(&m.stdout), Report: report, Complain: complain,
		Connect: func() (*rules.Target, error) { return target, call("connect") },
		ConnectIfLoaded: func() (*rules.Target, error) {
			if !m.loaded {
				return nil, ipvs.ErrNoIPVS
			}
			return target, nil
		},
		Unload: func() error { return call("unload") },
		Save: func(o rules.SaveOptions) error {
			return call("save " + strings.TrimPrefix(o.Output, root))
		},
		List:    func(listing.Options) error { return call("list") },
		Daemons: func([]ipvs.Daemon) error { return call("daemons") },
	}
	return m
}

// marks returns the firewall marks of the services.
func (m *machine) marks() (marks []uint32) {
	for _, entry := range m.kernel.Table() {
		marks = append(marks, entry.Service.FWMark)
	}
	slices.Sort(marks)
	return marks
}

func TestRun(t *testing.T) {
	const settings = sysconfig.SettingsRedHat
	files := func(pairs ...string) map[string]string {
		m := map[string]string{sysconfig.RulesDebian: "-A -f 1 -s wlc\n"}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	for _, test := range []struct {
		name, verb string
		files      map[string]string
		before     []uint32
		unloaded   bool

		want  []uint32
		calls string
		err   error
	}{
		{name: "start", verb: "start", files: files(), before: []uint32{2}, want: []uint32{1}, calls: "connect"},
		{name: "reload", verb: "reload", files: files(), before: []uint32{2}, want: []uint32{1}, calls: "connect"},
		{
			name: "start with a bad line", verb: "start", files: files(sysconfig.RulesDebian, "typo\n"),
			before: []uint32{2}, want: []uint32{2}, calls: "connect", err: rules.ErrBad,
		},
		{name: "start without rules", verb: "start", files: files(sysconfig.SettingsDebian, "AUTO=true\n", sysconfig.RulesDebian, ""), calls: "connect"},
		{name: "start without a rules file", verb: "start", before: []uint32{2}, want: []uint32{2}, err: ErrNotConfigured},
		{
			name: "start with AUTO=false", verb: "start", files: files(sysconfig.SettingsDebian, "AUTO=false\n"),
			before: []uint32{2}, want: []uint32{2},
		},
		{
			name: "start with unreadable settings", verb: "start", files: files(settings, "IPVS_SAVE_ON_STOP=$(x)\n"),
			before: []uint32{2}, want: []uint32{2}, err: ErrNotConfigured,
		},
		{name: "stop", verb: "stop", files: files(), before: []uint32{1, 2}},
		{name: "stop without the module", verb: "stop", files: files(), unloaded: true},
		{
			name: "stop that saves", verb: "stop", files: files(settings, "IPVS_SAVE_ON_STOP=yes\n"),
			before: []uint32{1, 2}, calls: "save " + sysconfig.RulesDebian,
		},
		{name: "stop with nothing to save", verb: "stop", files: files(settings, "IPVS_SAVE_ON_STOP=yes\n")},
		{name: "restart", verb: "restart", files: files(), before: []uint32{2}, want: []uint32{1}, calls: "connect"},
		{
			name: "restart that saves", verb: "restart", files: files(settings, "IPVS_SAVE_ON_RESTART=yes\n"),
			before: []uint32{2}, want: []uint32{1}, calls: "connect, save " + sysconfig.RulesDebian,
		},
		{
			name: "restart with a bad line", verb: "restart", files: files(sysconfig.RulesDebian, "typo\n"),
			before: []uint32{2}, want: []uint32{2}, calls: "connect", err: rules.ErrBad,
		},
		{name: "save", verb: "save", files: files(), before: []uint32{2}, want: []uint32{2}, calls: "save " + sysconfig.RulesDebian},
		{name: "save without the module", verb: "save", files: files(), unloaded: true, err: ipvs.ErrNoIPVS},
		{name: "panic", verb: "panic", files: files(settings, "IPVS_SAVE_ON_STOP=$(x)\n"), before: []uint32{1, 2}},
		{name: "status", verb: "status", files: files(), before: []uint32{2}, want: []uint32{2}, calls: "list, daemons"},
		{name: "status without services", verb: "status", files: files(), err: ErrStopped},
		{name: "status without the module", verb: "status", files: files(), unloaded: true, err: ErrStopped},
		{name: "unload", verb: "unload", files: files(settings, "IPVS_MODULES_UNLOAD=yes\n"), calls: "unload"},
		{name: "unload by default", verb: "unload", files: files()},
		{
			name: "unload with AUTO=false", verb: "unload",
			files: files(settings, "IPVS_MODULES_UNLOAD=yes\n", sysconfig.SettingsDebian, "AUTO=false\n"),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t, test.files, test.before...)
			m.loaded = !test.unloaded
			if err := m.Run(test.verb); !errors.Is(err, test.err) {
				t.Errorf("got %v, want %v", err, test.err)
			}
			if got := m.marks(); !slices.Equal(got, test.want) {
				t.Errorf("services %v, want %v", got, test.want)
			}
			if got := strings.Join(m.calls, ", "); got != test.calls {
				t.Errorf("calls %s, want %s", got, test.calls)
			}
		})
	}
}

// A table that is saved before it is emptied leaves a copy of the old rules file.
func TestStopBacksUpRules(t *testing.T) {
	m := newMachine(t, map[string]string{sysconfig.RulesDebian: "-A -f 7\n", sysconfig.SettingsRedHat: "IPVS_SAVE_ON_STOP=yes\n"}, 1)
	if err := m.Run("stop"); err != nil {
		t.Fatal(err)
	}
	backup, err := os.ReadFile(filepath.Join(m.Root, sysconfig.RulesDebian+".save"))
	if err != nil || string(backup) != "-A -f 7\n" {
		t.Errorf("%v, %q", err, backup)
	}
}

func TestStatusText(t *testing.T) {
	for want, marks := range map[string][]uint32{"ipvsadm is stopped\n": nil, "ipvsadm is running\n": {1}} {
		m := newMachine(t, nil, marks...)
		if err := m.Run("status"); err != nil && !errors.Is(err, ErrStopped) {
			t.Error(err)
		}
		if err := m.Stdout.Flush(); err != nil || m.stdout.String() != want {
			t.Errorf("%v, %q, want %q", err, m.stdout.String(), want)
		}
	}
}

// unload runs after another verb, which has printed the warnings.
func TestUnloadDoesNotRepeatWarnings(t *testing.T) {
	for _, verb := range []string{"stop", "unload"} {
		m := newMachine(t, map[string]string{sysconfig.SettingsRedHat: "IPVS_SAVE_ON_STOP=maybe\n"})
		if err := m.Run(verb); err != nil {
			t.Fatal(err)
		}
		if warned := m.messages.Len() > 0; warned != (verb == "stop") {
			t.Errorf("%s: %q", verb, m.messages.String())
		}
	}
}

func TestIsVerb(t *testing.T) {
	for _, name := range Verbs() {
		if !IsVerb(name) {
			t.Errorf("%s is not a verb", name)
		}
	}
	for _, name := range []string{"", "Start", "help"} {
		if IsVerb(name) {
			t.Errorf("%q is a verb", name)
		}
	}
}
