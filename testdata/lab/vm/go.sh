#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks that GO is new enough for this project. If not, says where to get a newer one.
#
# Usage: go.sh GO
#
# From 1.21 on, Go itself obeys go.mod: an older Go refuses, or downloads a newer one if GOTOOLCHAIN allows that.
set -u
cd "$(dirname "$0")/../../.." || exit

wanted=$(sed -n 's/^go //p' go.mod)

refuse() {
	echo "This needs Go $wanted or later; $1."
	cat <<-'TEXT'
		Distributions often have an older one. Get it from https://go.dev/dl/, unpack it and put it into PATH:
		    tar -C /usr/local -xzf go*.linux-amd64.tar.gz
		    export PATH=/usr/local/go/bin:$PATH
	TEXT
	exit 1
} >&2

if ! command -v "$1" >/dev/null; then
	refuse "there is no $1 in PATH"
fi
found=$("$1" env GOVERSION) || refuse "$1 cannot be used (GOTOOLCHAIN is ${GOTOOLCHAIN:-not set})"
oldest=$(printf '%s\n' "$wanted" "${found#go}" | sort -V | head -n 1)
[ "$oldest" = "$wanted" ] || refuse "$1 is ${found:-older}"
