#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the version and the date of this source, such as "0.1.0 2026-11-21".
#
# A commit with a tag vX.Y.Z, a tarball, and a clone without tags have what cmd/ipvsadm/internal/release/release.go says, so that they make
# the same files. A commit after a tag has a version such as 0.1.0-5-g0123abc and its own date.
set -eu
cd "$(dirname "$0")/.."

# constant NAME: a constant of the source.
constant() { sed -n "s/^\t$1 *= \"\(.*\)\"/\1/p" cmd/ipvsadm/internal/release/release.go; }

version=$(constant Version)
date=$(constant Date)
# Not in a tarball that was unpacked into another repository.
if [ -e .git ] && tag=$(git describe --tags --match 'v*' 2>/dev/null); then
	if [ "$tag" != "v$version" ]; then
		version=${tag#v}
		date=$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%d)
	fi
fi
echo "$version $date"
