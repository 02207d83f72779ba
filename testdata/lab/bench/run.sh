#!/usr/bin/env bash
# Measures ipvsadm beside the original and the raw minimum, in the lab, and prints the report.
#
# Usage: run.sh [SECTION...]
#
# Sections are start, restore, list, connections, names and growth; without any, all.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$here/../../../bin/ipvsadm
[[ -f $binary && -x $binary ]] || { echo "run.sh: no binary $binary: build it first" >&2; exit 2; }

# shellcheck source=../work.sh
source "$here/../work.sh"
export CGO_ENABLED=0
(cd "$here" && GOOS=linux GOARCH=amd64 go build -trimpath -ldflags=-s -o "$work/" . ./raw)
mkdir "$work/ours"
cp "$binary" "$work/ours/ipvsadm"
for tool in save restore; do
	ln -s ipvsadm "$work/ours/ipvsadm-$tool"
done

processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
machine="$(date +%F), a virtual machine on ${processor:-$(uname -m)} with $(nproc) processors"
# setpriv: the machine goes when this script is killed. In the background, since only wait lets a trap through.
setpriv --pdeathsig TERM "$here/../run.sh" -t 5400 -m 2048 -e BENCH_MACHINE="$machine" \
	-a "$work/bench:/lab/bench" -a "$work/raw:/lab/raw" -a "$work/ours:/lab/ours" \
	sh -c 'modprobe -a ip_vs ip_vs_rr && exec /lab/bench "$@"' sh "$@" &
wait $!
