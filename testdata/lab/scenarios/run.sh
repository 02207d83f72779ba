#!/usr/bin/env bash
# Runs a scenario, which is a demonstration and a test, with our ipvsadm on the lab's real ip_vs.
#
# Usage: run.sh [NAME [IPVSADM]]
#
#   NAME     which scenario (dr)
#   IPVSADM  our binary, linked statically; without it what $IPVSADM says,
#            else bin/ipvsadm at the top of the repository
#
# At the end the scenario's section of COOKBOOK.md must be what it was: run with
# COOKBOOK=write in the environment, it is written anew instead.
#
# Exit status: 0 if all checks of the scenario passed, 1 if not, 2 if there is
# no such scenario or no binary, 124 or 125 if ../run.sh ended with that.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
	sed -n '/^# Usage/,/^set/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
	echo
	echo "Scenarios:"
	local file name
	for file in "$here"/*.sh; do
		name=$(basename "$file" .sh)
		[[ $name == run || $name == lib ]] || printf '  %-12s %s\n' "$name" "$(sed -n '2s/^# *//p' "$file")"
	done
}

name=${1:-dr} binary=${2:-${IPVSADM:-$here/../../../bin/ipvsadm}}
[[ $name != -h ]] || { usage; exit 0; }
if [[ $name == */* || ! -f $here/$name.sh || $name == run || $name == lib || $# -gt 2 ]]; then
	echo "run.sh: no scenario \"$name\"" >&2
	usage >&2
	exit 2
fi
[[ -f $binary && -x $binary ]] || { echo "run.sh: no binary $binary: build it first" >&2; exit 2; }

# shellcheck source=../work.sh
source "$here/../work.sh"
# The guest is x86-64, whatever this machine is.
(cd "$here" && CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -ldflags=-s -o "$work/traffic" ./traffic)

options=(-t 1800 -o "$work/out")
! grep -q '^needs ' "$here/$name.sh" || options+=(-x)

status=0 start=${EPOCHREALTIME/[^0-9]/}
# setpriv: the machine goes when this script is killed. In the background, since only wait lets a trap through.
setpriv --pdeathsig TERM "$here/../run.sh" "${options[@]}" -a "$binary:/lab/ipvsadm" -a "$work/traffic:/usr/local/bin/traffic" \
	-a "$here/../../../sysconfig:/lab/sysconfig" -a "$here/lib.sh:/lab/scenarios/lib.sh" -a "$here/lib:/lab/scenarios/lib" \
	-a "$here/$name.sh:/lab/scenarios/$name.sh" \
	bash "/lab/scenarios/$name.sh" &
wait $! || status=$?
if ((status == 0)); then
	(cd "$here" && go run ./cookbook ${COOKBOOK:+-write} COOKBOOK.md "$work/out/section") || status=1
fi
tenths=$(((${EPOCHREALTIME/[^0-9]/} - start) / 100000))
echo "$name: $((tenths / 10)).$((tenths % 10)) s with the start of the machine, status $status"
exit "$status"
