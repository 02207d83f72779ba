#!/usr/bin/env bash
# Runs all that needs a real ip_vs: the tests of our packages, the comparison with the original ipvsadm, what saves and
# restores must survive, what the formats of listings say, and the scenarios. Two virtual machines at a time, one a processor.
#
# Usage: test.sh [JOB...]
#
# Jobs are "tests", "command", "cases", "random", "survival", "kills", "listings", "panic", and the names of the scenarios;
# without any, all.
#
# Environment: DIFF_SEED and DIFF_LINES, the seed of the random comparison and how many command lines it makes;
# SURVIVAL_SEED, the seed of the tables and moments that saves and restores must survive.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'jobs -p | xargs -r kill 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export CGO_ENABLED=0
go build -trimpath -o "$work/ipvsadm" ./cmd/ipvsadm
for package in ipvs cmd/ipvsadm testdata/lab/difftest testdata/lab/survival testdata/lab/listings; do
	mkdir -p "$work/$package"
	go test -c -o "$work/$package/test" "./$package"
done

testdata/lab/fetch.sh tests
# The image and the probe for KVM are made once, before the two machines start. What is said then are our own words.
(trap '' PIPE; exec testdata/lab/run.sh -x true) 2>&1 | tee "$work/words"
if grep -v '^lab: ' "$work/words"; then
	echo "lab: FAILED: these words came while the image was made"
	exit 1
fi

# Runs a line in a machine; run.sh takes the options before it. setpriv: the machines go when this script is killed.
machine() {
	setpriv --pdeathsig TERM testdata/lab/run.sh -t 1500 "${@:1:$#-1}" -a "$work/ipvsadm:/usr/local/bin/ours" -a "$work/ipvs:/src/ipvs" \
		-a "$work/cmd/ipvsadm/test:/src/cmd/ipvsadm/test" -a cmd/ipvsadm:/src/cmd/ipvsadm -a README.md:/src/README.md \
		-a /usr/include/linux/ip_vs.h:/usr/include/linux/ip_vs.h \
		-a "$work/testdata/lab/difftest/test:/src/testdata/lab/difftest/test" -a testdata/scripts:/src/testdata/scripts \
		-a testdata/diff:/src/testdata/diff -a "$work/testdata/lab/survival/test:/src/survival" \
		-a "$work/testdata/lab/listings/test:/src/listings" -a format/schema.json:/src/schema.json \
		-e IPVS_KERNEL=1 -e IPVSADM=/usr/local/bin/ours \
		-e DIFF_SEED="${DIFF_SEED:-}" -e DIFF_LINES="${DIFF_LINES:-}" -e SURVIVAL_SEED="${SURVIVAL_SEED:-}" sh -ec "${*: -1}"
}

# The guest leaves its metrics in /out, for promtool, which is here. From Debian 13 on that compares each sample of a
# metric with all others, so it gets 100 at a time, and equal ones are looked for here.
listings() {
	machine -x -o "$work/metrics" 'SCHEMA=/src/schema.json OUT=/out /src/listings' || return
	local file piece sum
	local -A checked=()
	for file in "$work"/metrics/*.prom; do
		sum=$(cksum <"$file")
		[[ ! ${checked[$sum]:-} ]] || continue
		checked[$sum]=1
		rm -rf "$work/pieces"
		mkdir "$work/pieces"
		awk -v pieces="$work/pieces/" '
			/^# HELP/ { head = $0; count = 0 }
			/^# TYPE/ { head = head "\n" $0 }
			{ piece = pieces int(count / 100) }
			!/^#/ && count && count % 100 == 0 { print head >piece }
			{ print >piece }
			!/^#/ { count++ }' "$file"
		for piece in "$work"/pieces/*; do
			.cache/lab/fetched/host/usr/bin/promtool check metrics <"$piece" || { echo "promtool: $file"; cat "$piece"; return 1; }
		done
		sed '/^#/d; s/ [^ ]*$//' "$file" | LC_ALL=C sort | uniq -d >"$work/twice"
		[[ ! -s $work/twice ]] || { echo "twice in $file:"; cat "$work/twice"; return 1; }
	done
}

# The first guest finds no init, so it panics. The second works.
panics() {
	mkdir "$work/panic"
	cat >"$work/panic/qemu-system-x86_64" <<-'QEMU'
		#!/bin/bash
		here=$(dirname "$0")
		words=("$@")
		if mkdir "$here/first" 2>/dev/null; then
			words=("${words[@]/#console=/rdinit=/nothing console=}")
		fi
		PATH=${PATH#"$here:"} exec qemu-system-x86_64 "${words[@]}"
	QEMU
	chmod +x "$work/panic/qemu-system-x86_64"
	PATH=$work/panic:$PATH testdata/lab/run.sh -t 300 echo works 2>&1 | tee "$work/panic/said"
	grep -q '^lab: the virtual machine panicked at boot (.*): booting once more$' "$work/panic/said" && grep -qx works "$work/panic/said"
}

run_job() {
	case $1 in
	panic) panics ;;
	tests) machine 'cd /src/ipvs; ./test' ;;
	# On its own, because it unloads ip_vs, which must not be in use then. The examples of the README need jq.
	command) machine -x 'cd /src/cmd/ipvsadm; ./test' ;;
	cases) machine 'cd /src/testdata/lab/difftest; ./test -test.skip "^TestRandom"' ;;
	random) machine 'cd /src/testdata/lab/difftest; ./test -test.run "^TestRandom"' ;;
	survival) machine '/src/survival -test.skip "^TestKilled"' ;;
	kills) machine '/src/survival -test.run "^TestKilled"' ;;
	listings) listings ;;
	*) setpriv --pdeathsig TERM testdata/lab/scenarios/run.sh "$1" "$work/ipvsadm" ;;
	esac
}

# Runs a job and shows the last lines of it, or all if it fails.
report_job() {
	local start=$SECONDS
	if run_job "$1" >"$work/$1.out" 2>&1; then
		echo "lab: $1 passed in $((SECONDS - start)) s"
		tail -n "$2" "$work/$1.out"
	else
		echo "lab: $1 FAILED after $((SECONDS - start)) s" | tee "$work/$1.failed"
		cat "$work/$1.out"
		return 1
	fi
}

# The longest first.
if (($# == 0)); then
	set -- kills survival cases random listings ldirectord keepalived command tests panic
	for scenario in testdata/lab/scenarios/*.sh; do
		scenario=$(basename "$scenario" .sh)
		[[ " lib run $* " == *" $scenario "* ]] || set -- "$@" "$scenario"
	done
fi
failed=0 running=0
for job; do
	if ((running == 2)); then
		wait -n || failed=1
		running=1
	fi
	case $job in
	tests | command | cases | random | survival | kills | listings | panic) report_job "$job" 20 & ;;
	*) report_job "$job" 2 & ;;
	esac
	running=$((running + 1))
done
while ((running--)); do
	wait -n || failed=1
done
# Once more at the end, since a long log is read, and often kept, from there.
for failure in "$work"/*.failed; do
	[[ -e $failure ]] || continue
	cat "$failure"
	grep -A 3 -E 'FAIL|panic:|^fatal' "${failure%.failed}.out" | head -n 10 || true
	echo ...
	tail -n 8 "${failure%.failed}.out"
done
exit "$failed"
