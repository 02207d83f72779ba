#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures ipvsadm, the original and the raw minimum in the lab, and single commands natively, and prints a report.
#
# Usage: run.sh [SECTION...]
#
# Sections are native (native/run.sh, which needs root), instructions (instructions.sh), and those of the lab: start,
# restore, list, connections, names, growth, memory and peers, which measures package ipvs beside other libraries. Without
# arguments all sections run, native only for root.
#
# Environment:
#   BEFORE=FILE             an older ipvsadm of ours, which takes its turns, too
#   PROCESSOR=lab|max|host  the processor of the lab's machine: the one that QEMU emulates for all tests, the newest that it
#                           can emulate, or with KVM this machine's. Without it, the sections run on lab and then on max,
#                           because the two programs do not gain the same from a newer one
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$here/../../../bin/ipvsadm
[[ -f $binary && -x $binary ]] || { echo "run.sh: no binary $binary: build it first" >&2; exit 2; }

processors=(lab max)
case ${PROCESSOR:-} in
'') ;;
lab | max | host) processors=("$PROCESSOR") ;;
*) echo "run.sh: PROCESSOR is $PROCESSOR, not lab, max or host" >&2; exit 2 ;;
esac

[[ ! ${BEFORE:-} || -x $BEFORE && -f $BEFORE ]] || { echo "run.sh: BEFORE is $BEFORE, which is no program" >&2; exit 2; }

native='' instructions='' sections=()
for section; do
	case $section in
	native) native=1 ;;
	instructions) instructions=1 ;;
	start | restore | list | connections | names | growth | memory | peers) sections+=("$section") ;;
	*) echo "run.sh: no section $section: see the head of this script" >&2; exit 2 ;;
	esac
done
if (($# == 0)); then
	instructions=1
	if [[ $(id -u) == 0 ]]; then
		native=1
	else
		echo "run.sh: not root, so the section native is left out: make bench SECTION=native asks sudo" >&2
	fi
fi
[[ ! $native ]] || "$here/native/run.sh"
[[ ! $instructions ]] || "$here/instructions.sh"
(($# == 0 || ${#sections[@]})) || exit 0

# shellcheck source-path=SCRIPTDIR source=../vm/work.sh
source "$here/../vm/work.sh"
export CGO_ENABLED=0
(cd "$here" && GOOS=linux GOARCH=amd64 go build -trimpath -ldflags=-s -o "$work/" . ./raw)
# A module of its own keeps the other libraries out of this one's go.mod.
(cd "$here/peers" && GOOS=linux GOARCH=amd64 go build -trimpath -ldflags=-s -o "$work/peers" .)
# program FILE DIR: the program, with its other names, in a directory
program() {
	mkdir "$2"
	cp "$1" "$2/ipvsadm"
	for tool in save restore; do
		ln -s ipvsadm "$2/ipvsadm-$tool"
	done
}
program "$binary" "$work/ours"
before=()
[[ ! ${BEFORE:-} ]] || { program "$BEFORE" "$work/before" && before=(-a "$work/before:/lab/before"); }

model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
for processor in "${processors[@]}"; do
	unset LAB_CPU
	export LAB_ACCEL=tcg
	case $processor in
	lab) what="the lab's processor, emulated" ;;
	max) what="QEMU's newest processor, emulated" LAB_CPU=max; export LAB_CPU ;;
	host) what="this machine's processor, with KVM" LAB_ACCEL=kvm ;;
	esac
	machine="$(date +%F), a virtual machine with $what on ${model:-$(uname -m)} with $(nproc) processors"
	# setpriv: the machine ends if this script is killed. In the background, because traps run only during wait.
	setpriv --pdeathsig TERM "$here/../vm/run.sh" -t 5400 -m 2048 -e BENCH_MACHINE="$machine" \
		-a "$work/bench:/lab/bench" -a "$work/raw:/lab/raw" -a "$work/peers:/lab/peers" -a "$work/ours:/lab/ours" "${before[@]}" \
		sh -c 'modprobe -a ip_vs ip_vs_rr && exec /lab/bench "$@"' sh "${sections[@]}" &
	wait $!
done
