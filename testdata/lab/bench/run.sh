#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures ipvsadm, the original and the raw minimum in the lab, and prints a report.
#
# Usage: run.sh [SECTION...]
#
# Sections are start, restore, list, connections, names, growth, memory and peers, which measures package ipvs beside other
# libraries. Without arguments all sections run.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$here/../../../bin/ipvsadm
[[ -f $binary && -x $binary ]] || { echo "run.sh: no binary $binary: build it first" >&2; exit 2; }

# shellcheck source-path=SCRIPTDIR source=../vm/work.sh
source "$here/../vm/work.sh"
export CGO_ENABLED=0
(cd "$here" && GOOS=linux GOARCH=amd64 go build -trimpath -ldflags=-s -o "$work/" . ./raw)
# A module of its own keeps the other libraries out of this one's go.mod.
(cd "$here/peers" && GOOS=linux GOARCH=amd64 go build -trimpath -ldflags=-s -o "$work/peers" .)
mkdir "$work/ours"
cp "$binary" "$work/ours/ipvsadm"
for tool in save restore; do
	ln -s ipvsadm "$work/ours/ipvsadm-$tool"
done

processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
machine="$(date +%F), a virtual machine on ${processor:-$(uname -m)} with $(nproc) processors"
# setpriv: the machine ends if this script is killed. In the background, because traps run only during wait.
setpriv --pdeathsig TERM "$here/../vm/run.sh" -t 5400 -m 2048 -e BENCH_MACHINE="$machine" \
	-a "$work/bench:/lab/bench" -a "$work/raw:/lab/raw" -a "$work/peers:/lab/peers" -a "$work/ours:/lab/ours" \
	sh -c 'modprobe -a ip_vs ip_vs_rr && exec /lab/bench "$@"' sh "$@" &
wait $!
