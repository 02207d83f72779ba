#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the README's picture of --watch anew, .github/watch.svg, from a real screen on the lab's ip_vs.
#
# Usage: run.sh
#
# Needs bin/ipvsadm, which "make" builds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

[[ -x bin/ipvsadm ]] || { echo "run.sh: no binary bin/ipvsadm: run make first" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0
GOOS=linux GOARCH=amd64 go build -ldflags=-s -o "$work/traffic" ./testdata/cookbook/traffic
testdata/lab/vm/run.sh -x -t 300 -o "$work/out" -a bin/ipvsadm:/lab/ipvsadm -a "$work/traffic:/usr/local/bin/traffic" \
	-a testdata/cookbook/lib:/lab/cookbook/lib -a testdata/lab/picture/screen.sh:/lab/cookbook/setups/screen.sh \
	bash /lab/cookbook/setups/screen.sh
go run ./testdata/lab/picture 'ipvsadm -Ln --watch: services and servers with their connections and rates' \
	<"$work/out/screen" >"$work/watch.svg"
cp "$work/watch.svg" .github/watch.svg
