#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Counts the instructions of listings and saves of both programs, and of the Go benchmarks beside the code, and prints a
# report.
#
# Usage: instructions.sh
#
# The clock of the lab's machine counts instructions (LAB_ICOUNT in vm/run.sh), with those of its kernel. So the counts
# hardly depend on what else this machine does, and a change by some percent shows.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../../..
packages=(sysconfig ipvs format cmd/ipvsadm/internal/cmdline cmd/ipvsadm/internal/rules)
[[ -x $root/bin/ipvsadm ]] || { echo "instructions.sh: no binary bin/ipvsadm: build it first" >&2; exit 2; }

# shellcheck source-path=SCRIPTDIR source=../vm/work.sh
source "$here/../vm/work.sh"
export CGO_ENABLED=0 GOOS=linux GOARCH=amd64
for package in "${packages[@]}"; do
	mkdir -p "$work/count/$package"
	(cd "$root/$package" && go test -c -trimpath -o "$work/count/$package/bench" .)
done
cp "$root/bin/ipvsadm" "$here/count.sh" "$work/count/"
printf '%s, a virtual machine whose clock counts instructions.\n\n' "$(date +%F)"
# setpriv: the machine ends if this script is killed. In the background, because traps run only during wait.
LAB_ICOUNT=1 setpriv --pdeathsig TERM "$here/../vm/run.sh" -t 1800 -m 2048 -a "$work/count:/count" bash /count/count.sh &
wait $!
