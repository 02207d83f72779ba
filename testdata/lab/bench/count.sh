#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs in the machine of instructions.sh, whose clock counts instructions: one each nanosecond.
#
# Usage: count.sh
set -euo pipefail

ours=/count/ipvsadm
original=/usr/sbin/ipvsadm

# least RUNS COMMAND...: the fewest instructions, in thousands, that a run of the command took. Others differ by what the
# kernel does meanwhile, and by huge pages, which it fills at once.
least() {
	local n start
	for ((n = 0; n < $1; n++)); do
		start=${EPOCHREALTIME/./}
		"${@:2}" >/dev/null || { echo "count.sh: ${*:2} failed" >&2; exit 1; }
		echo $((${EPOCHREALTIME/./} - start))
	done | sort -n | head -n 1
}

# row WORK OURS ORIGINAL: a row of the report
row() { echo "| $1 | $2 | $3 | $(($2 / $3)).$(printf %02d $((100 * $2 / $3 % 100))) |"; }

# rules SERVICES SERVERS: rules of so many services with so many servers each
rules() {
	local i j service
	for ((i = 0; i < $1; i++)); do
		service=10.0.$((i / 250)).$((i % 250 + 1)):80
		echo "-A -t $service -s rr"
		for ((j = 0; j < $2; j++)); do
			echo "-a -t $service -r 172.$((16 + j / 250)).$((j % 250)).$((i % 250 + 1)):80 -g -w 1"
		done
	done
}

modprobe -a ip_vs ip_vs_rr
echo "| work, services x servers | ours: thousands of instructions | original | ours / original |"
echo "|---|---:|---:|---:|"
for size in "0 0" "1 2" "5 5" "100 10" "500 1" "1000 10" "4000 1" "100 100"; do
	read -r services servers <<<"$size"
	rules "$services" "$servers" >/tmp/rules
	"$ours" -R </tmp/rules
	runs=$((services < 100 ? 15 : 3))
	for options in "-Ln" "-Sn" "-Ln --stats"; do
		# shellcheck disable=SC2086 # the options are words
		n=$(least "$runs" "$ours" $options)
		# shellcheck disable=SC2086 # the options are words
		m=$(least "$runs" "$original" $options)
		row "\`$options\`, $services x $servers" "$n" "$m"
	done
	if ((services >= 1000)); then
		for form in json table prometheus; do
			n=$(least "$runs" "$ours" -Ln --output "$form")
			row "\`-Ln --output $form\`, and the original's \`--stats\`, $services x $servers" "$n" "$m"
		done
	fi
	"$ours" -C
done

echo
echo "| Go benchmark | instructions | bytes | allocations |"
echo "|---|---:|---:|---:|"
cd /count
find . -name bench | sort | while read -r bench; do
	package=$(dirname "${bench#./}")
	(cd "$package" && ./bench -test.run '^$' -test.bench . -test.benchtime 20ms -test.benchmem) </dev/null | awk -v package="$package" '
		/^Benchmark/ {
			for (i = 3; i < NF; i += 2) n[$(i + 1)] = $i
			printf "| %s, `%s` | %.0f | %s | %s |\n", package, substr($1, 10), n["ns/op"], n["B/op"], n["allocs/op"]
		}'
done
