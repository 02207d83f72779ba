// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// setting returns a setting of sysctl(8), read once.
func (v *view) setting(path ...string) (string, error) {
	key := strings.Join(path, "/")
	a := v.read.settings[key]
	value, err := a.get(func() (string, error) { return v.facts.Setting(path...) })
	v.read.settings[key] = a
	return value, err
}

// number returns a setting that is a number. One that the kernel lacks is an error.
func (v *view) number(path ...string) (int, error) {
	text, err := v.setting(path...)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("there is no sysctl %s here", sysctlName(path...))
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("sysctl %s is %q, which is no number", sysctlName(path...), text)
	}
	return n, nil
}

// vs returns a setting of IPVS.
func (v *view) vs(name string) (int, error) { return v.number("net", "ipv4", "vs", name) }

// optional returns a setting that the kernel may lack, and otherwise instead.
func (v *view) optional(otherwise int, path ...string) (int, error) {
	if _, err := v.setting(path...); errors.Is(err, fs.ErrNotExist) {
		return otherwise, nil
	}
	return v.number(path...)
}

// largest returns the larger one of the settings for all interfaces and for one. The kernel
// goes by that for rp_filter, arp_ignore, arp_announce and promote_secondaries.
func (v *view) largest(link, name string) (int, error) {
	all, err := v.number("net", "ipv4", "conf", "all", name)
	if err != nil {
		return 0, err
	}
	own, err := v.number("net", "ipv4", "conf", link, name)
	return max(all, own), err
}

// sysctlName returns what sysctl(8) calls a setting. With slashes, names may have dots.
func sysctlName(path ...string) string {
	separator := "."
	for _, element := range path {
		if strings.Contains(element, ".") {
			separator = "/"
		}
	}
	return strings.Join(path, separator)
}

// setSysctl adds the command that sets a setting.
func (f *Finding) setSysctl(value int, path ...string) *Finding {
	return f.mend("sysctl", "-w", fmt.Sprintf("%s=%d", sysctlName(path...), value))
}

// olderThan tells whether the kernel is older than a version of Linux.
func (v *view) olderThan(major, minor int) (bool, error) {
	release, err := v.facts.Release()
	if err != nil {
		return false, err
	}
	var own [2]int
	if _, err := fmt.Sscanf(release, "%d.%d", &own[0], &own[1]); err != nil {
		return false, fmt.Errorf("%q is not the release of a kernel", release)
	}
	return slices.Compare(own[:], []int{major, minor}) < 0, nil
}
