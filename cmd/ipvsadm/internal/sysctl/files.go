// SPDX-License-Identifier: Apache-2.0

package sysctl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Path is the directory of the settings. It shows those of the network namespace of the
// thread that opens its files.
const Path = "/proc/sys/net/ipv4/vs"

// Prefix is before a name in sysctl.d(5).
const Prefix = "net.ipv4.vs."

// Directory is a directory of settings.
type Directory string

// Value is a setting of a kernel.
type Value struct {
	Name string
	// Text is the value, with single blanks. It is empty if Err is not nil.
	Text    string
	Err     error
	Default string   // in this network namespace; empty if it is not known
	Known   *Setting // nil if this program does not know it
}

// Changed tells whether the value is certainly not the default.
func (v *Value) Changed() bool { return v.Default != "" && v.Err == nil && v.Text != v.Default }

// errNone says that there is not a single setting.
var errNone = errors.New("there are no settings of IPVS in " + Path +
	": there is no /proc, or the network namespace belongs to a user namespace, to which older kernels do not show them")

// List reads all settings that the kernel has, sorted by name, whether this program knows
// them or not.
func (d Directory) List() ([]Value, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, reason(Path, err)
	}
	var values []Value
	for _, entry := range entries {
		if !entry.IsDir() {
			values = append(values, d.Read(entry.Name()))
		}
	}
	if len(values) == 0 {
		return nil, errNone
	}
	return values, nil
}

// Read reads one setting.
func (d Directory) Read(name string) Value {
	v := Value{Name: name, Known: Find(name)}
	if v.Known != nil {
		v.Default = d.defaultOf(v.Known)
	}
	content, err := os.ReadFile(filepath.Join(string(d), name))
	if err != nil {
		v.Err = reason(name, err)
		return v
	}
	v.Text = strings.Join(strings.Fields(string(content)), " ")
	return v
}

// otherLoadFactor is the default of the load factors in network namespaces other than the
// initial one (ip_vs_conn_default_load_factor and ip_vs_svc_default_load_factor in ip_vs.h).
const otherLoadFactor = "-2"

// initialNetNS is the link of the initial network namespace, since Linux 6.18 (NET_NS_INIT_INO
// in nsfs.h). The load factors are newer.
const initialNetNS = "net:[4026531833]"

// defaultOf returns the default of a setting in the network namespace of the thread.
func (d Directory) defaultOf(s *Setting) string {
	if s.Name != "conn_lfactor" && s.Name != "svc_lfactor" {
		return s.Default
	}
	proc := filepath.Join(string(d), "../../../..")
	if link, err := os.Readlink(filepath.Join(proc, "thread-self/ns/net")); err == nil && link != initialNetNS {
		return otherLoadFactor
	}
	return s.Default
}

// Assignment returns the assignment of the value.
func (v *Value) Assignment() Assignment { return Assignment{Name: v.Name, Value: v.Text, Set: true} }

// Get returns the value of a setting. It is not ok if that cannot be read.
func (d Directory) Get(name string) (value string, ok bool) {
	v := d.Read(name)
	return v.Text, v.Err == nil
}

// Assignment is a setting and, if Set is true, the value that it gets.
type Assignment struct {
	Name, Value string
	Set         bool
}

// Rule returns the rule that sets the setting. Rules have no quotes, so a comma takes the
// place of a blank.
func (a Assignment) Rule() string {
	return "--sysctl " + a.Name + "=" + strings.ReplaceAll(a.Value, " ", ",")
}

// Check finds out whether all settings can be written, before the first one is.
func (d Directory) Check(assignments []Assignment) error {
	for _, a := range assignments {
		if !a.Set {
			if v := d.Read(a.Name); v.Err != nil {
				return v.Err
			}
			continue
		}
		file, err := d.open(a.Name)
		if err != nil {
			return reason(a.Name, err)
		}
		_ = file.Close()
	}
	return nil
}

func (d Directory) open(name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(string(d), name), os.O_WRONLY, 0)
}

// Write writes one setting, and returns what the kernel has then.
func (d Directory) Write(a Assignment) (Value, error) {
	file, err := d.open(a.Name)
	if err == nil {
		_, err = file.WriteString(a.Value + "\n")
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return Value{}, reason(a.Name, err)
	}
	v := d.Read(a.Name)
	return v, v.Err
}

// MissingError says that a kernel has no such setting.
type MissingError struct{ Name string }

func (e *MissingError) Error() string {
	known := Find(e.Name)
	switch {
	case known == nil:
		return fmt.Sprintf("the kernel has no setting %s in %s", e.Name, Path)
	case known.Since != "":
		return fmt.Sprintf("this kernel has no setting %s: it came with Linux %s", e.Name, known.Since)
	case strings.HasPrefix(e.Name, "lblc"):
		scheduler, _, _ := strings.Cut(e.Name, "_")
		return fmt.Sprintf("the kernel has the setting %s only while its module is loaded: modprobe ip_vs_%s", e.Name, scheduler)
	}
	return fmt.Sprintf("this kernel, or this network namespace, has no setting %s", e.Name)
}

// DeniedError says that the caller may not read or write a setting.
type DeniedError struct{ Name string }

func (e *DeniedError) Error() string {
	return e.Name + ": permission denied: it belongs to root of the network namespace; in a container /proc/sys is often read-only"
}

// reason says in plain words why a setting cannot be read or written.
func reason(name string, err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &MissingError{name}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		return &DeniedError{name}
	case errors.Is(err, unix.EINVAL):
		return fmt.Errorf("%s: the kernel does not take this value", name)
	case errors.Is(err, unix.ERANGE):
		return fmt.Errorf("%s: the kernel does not take this value: it names something that this machine lacks, such as a CPU", name)
	case errors.As(err, &path):
		return fmt.Errorf("%s: %w", name, path.Err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Names returns the names of the known settings, for hints.
func Names() []string {
	names := make([]string, len(Settings))
	for i, s := range Settings {
		names[i] = s.Name
	}
	slices.Sort(names)
	return names
}
