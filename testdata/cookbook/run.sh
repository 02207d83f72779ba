#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a scenario, which is a demonstration and a test, with this ipvsadm on the lab's real ip_vs.
#
# Usage: run.sh [-d] [NAME [IPVSADM]]
#        run.sh -f [NAME]
#
#   -d       for a demonstration: announce slow steps, and say at the end what to do next
#   -f       only download what the scenario needs
#   NAME     which scenario (dr)
#   IPVSADM  the statically linked binary of this program; the default is
#            $IPVSADM or bin/ipvsadm at the top of the repository
#
# At the end the script compares the scenario's section with COOKBOOK.md. With
# COOKBOOK=write in the environment it rewrites the section instead.
#
# Exit status: 0 if all checks of the scenario passed, 1 if not, 2 if there is
# no such scenario or no binary, 124 or 125 if ../lab/vm/run.sh ended with that.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

scenarios() {
	local file name
	for file in "$here"/setups/*.sh; do
		name=${file##*/} name=${name%.sh}
		echo "$name"
	done
}

list() {
	echo "Scenarios:"
	local name
	for name in $(scenarios); do
		printf '  %-16s %s\n' "$name" "$(sed -n '3s/^# *//p' "$here/setups/$name.sh")"
	done
}

usage() {
	sed -n '/^# Usage/,/^set/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
	echo
	list
}

what_next() {
	local others
	others=$(scenarios | grep -vx "$name" | tr '\n' ' ' | fold -s -w 72 | sed 's/^/      /; s/ *$//')
	cat <<-TEXT

		What next:
		  make demo SCENARIO=nat       another set-up; there are
		$others
		  make shell                   a shell in the virtual machine, with this ipvsadm and the original
		  make && sudo make install    this ipvsadm on your machine
		  README.md                    how to use it; testdata/cookbook/COOKBOOK.md has all set-ups
	TEXT
}

watched='' only_fetch=''
while getopts :dfh option; do
	case $option in
	d) watched=1 ;;
	f) only_fetch=1 ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))

name=${1:-dr} binary=${2:-${IPVSADM:-$here/../../bin/ipvsadm}}
(($# <= 2)) || { usage >&2; exit 2; }
if [[ $'\n'$(scenarios)$'\n' != *$'\n'"$name"$'\n'* ]]; then
	echo "There is no scenario \"$name\"." >&2
	list >&2
	exit 2
fi

options=(-t 1800) extra=''
! grep -q '^needs ' "$here/setups/$name.sh" || extra=extra
if [[ $only_fetch ]]; then
	exec "$here/../lab/vm/fetch.sh" $extra
fi
[[ -f $binary && -x $binary ]] || { echo "run.sh: no binary $binary: build it first" >&2; exit 2; }
[[ ! $extra ]] || options+=(-x)
[[ ! $watched ]] || options+=(-v)
if [[ -t 1 && ${TERM:-dumb} != dumb ]]; then
	options+=(-e "LAB_SIZE=$(stty size </dev/tty 2>/dev/null || :)")
	[[ ${NO_COLOR:-} ]] || options+=(-e LAB_COLOUR=1)
fi

# shellcheck source-path=SCRIPTDIR source=../lab/vm/work.sh
source "$here/../lab/vm/work.sh"
[[ ! $watched ]] || echo "lab: building the program that makes the traffic" >&2
# The guest is x86-64, whatever this machine is.
(cd "$here" && CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -ldflags=-s -o "$work/traffic" ./traffic)

status=0 start=${EPOCHREALTIME/[^0-9]/}
# setpriv: the machine ends if this script is killed. In the background, because traps run only during wait.
setpriv --pdeathsig TERM "$here/../lab/vm/run.sh" "${options[@]}" -o "$work/out" -a "$binary:/lab/ipvsadm" -a "$work/traffic:/usr/local/bin/traffic" \
	-a "$here/../../sysconfig:/lab/sysconfig" -a "$here/lib:/lab/cookbook/lib" -a "$here/setups/$name.sh:/lab/cookbook/setups/$name.sh" \
	bash "/lab/cookbook/setups/$name.sh" &
wait $! || status=$?
if ((status == 0)); then
	(cd "$here" && go run ./book ${COOKBOOK:+-write} COOKBOOK.md "$work/out/section") || status=1
fi
tenths=$(((${EPOCHREALTIME/[^0-9]/} - start) / 100000))
echo "$name: $((tenths / 10)).$((tenths % 10)) s with the start of the machine, status $status"
((status != 0)) || [[ ! $watched ]] || what_next
exit "$status"
