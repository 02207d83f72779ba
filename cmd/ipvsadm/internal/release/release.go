// SPDX-License-Identifier: Apache-2.0

// Package release knows which release of the program this is.
package release

import (
	"regexp"
	"runtime/debug"
	"strings"
)

// Version and Date are those of the newest entry of .packaging/changelog.yaml. The script
// .packaging/version.sh reads them where git knows no tag.
const (
	Version = "0.1.0"
	Date    = "2026-11-21"
)

// The Makefile has the linker set these, to what version.sh prints.
var linkedVersion, linkedDate string

// Running returns the version of the running program, such as "0.1.0", and its date.
func Running() (version, date string) {
	if linkedVersion != "" {
		return linkedVersion, linkedDate
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Version, Date
	}
	return ofModule(info.Main.Version)
}

// ofModule returns the version and the date of a program that was built without the
// Makefile, by "go install" or "go build". module is the version of its module: a tag,
// the version of an untagged commit, or something like "(devel)".
func ofModule(module string) (version, date string) {
	version, found := strings.CutPrefix(module, "v")
	if !found {
		return Version, Date
	}
	// The version of an untagged commit ends in its time and its hash.
	commit := regexp.MustCompile(`([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{6}-[0-9a-f]{12}\b`).FindStringSubmatch(version)
	if commit == nil {
		return version, Date
	}
	// It begins with 0.0.0 if there is no tag before it.
	if id, found := strings.CutPrefix(version, "0.0.0-"); found {
		version = Version + "-" + id
	}
	return version, strings.Join(commit[1:], "-")
}
