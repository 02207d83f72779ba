#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs all tests that need a real ip_vs: those of the packages, the comparison with the original ipvsadm, saves and restores
# under traffic and when killed, all forms of listings, and the scenarios. Two virtual machines run at a time.
#
# Usage: test.sh [main|rest|JOB...]
#
# Jobs are "tests", "command", "state", "cases", "random", "restore", "survival", "kills", "listings", "panic", and the names
# of the scenarios. "main" stands for the jobs of "make test", "rest" for all others. Without arguments all jobs run. JOB@RELEASE
# runs a job on the kernel of another release of Debian, such as "cases@sid".
#
# Environment: DIFF_SEED and DIFF_LINES, the seed of the random comparison and its number of command lines; SURVIVAL_SEED,
# the seed of the tables and moments for saves and restores; LAB_KERNELS, the releases whose kernels run the jobs that a
# kernel can change most, "trixie sid" by default; LAB_END, the time in seconds since 1970 after which no job begins.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'jobs -p | xargs -r kill 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export CGO_ENABLED=0
go build -trimpath -buildvcs=false -o "$work/ipvsadm" ./cmd/ipvsadm
for package in ipvs ipvs/internal/nlsock cmd/ipvsadm testdata/kubeproxy testdata/lab/{compat,durability,listings}; do
	mkdir -p "$work/$package"
	go test -c -o "$work/$package/test" "./$package"
done

testdata/lab/vm/fetch.sh tests
# Makes the image and probes for KVM once, before the two machines start. Only messages of the lab itself may appear then.
(trap '' PIPE; exec testdata/lab/vm/run.sh -x true) 2>&1 | tee "$work/words"
if grep -v '^lab: ' "$work/words"; then
	echo "lab: FAILED: unexpected output while the image was made"
	exit 1
fi

# machine OPTION... LINE: runs a line in a machine, with options of run.sh. setpriv: the machines end if this script is
# killed.
machine() {
	setpriv --pdeathsig TERM testdata/lab/vm/run.sh -t 1500 "${@:1:$#-1}" -a "$work/ipvsadm:/usr/local/bin/ours" -a "$work/ipvs:/src/ipvs" \
		-a "$work/cmd/ipvsadm/test:/src/cmd/ipvsadm/test" -a cmd/ipvsadm:/src/cmd/ipvsadm -a README.md:/src/README.md -a format/schema.json:/src/format/schema.json \
		-a /usr/include/linux/ip_vs.h:/usr/include/linux/ip_vs.h \
		-a "$work/testdata/lab/compat/test:/src/testdata/lab/compat/test" -a testdata/scripts:/src/testdata/scripts \
		-a testdata/compat:/src/testdata/compat -a "$work/testdata/lab/durability/test:/src/durability" \
		-a "$work/testdata/kubeproxy/test:/src/kubeproxy" \
		-a "$work/testdata/lab/listings/test:/src/listings" -a format/schema.json:/src/schema.json \
		-e IPVS_KERNEL=1 -e IPVSADM=/usr/local/bin/ours \
		-e DIFF_SEED="${DIFF_SEED:-}" -e DIFF_LINES="${DIFF_LINES:-}" -e SURVIVAL_SEED="${SURVIVAL_SEED:-}" sh -ec "${*: -1}"
}

# The guest leaves its metrics in /out, and promtool checks them on this machine. From Debian 13 on, promtool compares each
# sample of a metric with all others. So it gets 100 samples at a time, and the script itself looks for equal ones.
listings() {
	machine -x -m 2048 -t 2400 -o "$work/metrics" 'SCHEMA=/src/schema.json OUT=/out /src/listings' || return
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
	check_queries
}

# promtool parses the queries of the dashboard, as rules. Grafana fills in the interval.
check_queries() {
	{
		printf 'groups:\n- name: dashboard\n  rules:\n'
		sed -n 's/^ *"expr": "\(.*\)",$/\1/p' format/grafana-dashboard.json |
			sed 's/\\"/"/g; s/\$__rate_interval/1m/g' |
			awk '{ printf "  - record: query%d\n    expr: '\''%s'\''\n", NR, $0 }'
	} >"$work/queries.yml"
	grep -q query1 "$work/queries.yml"
	.cache/lab/fetched/host/usr/bin/promtool check rules "$work/queries.yml"
}

# The first guest panics, because it finds no init. The second one works.
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
	PATH=$work/panic:$PATH testdata/lab/vm/run.sh -t 300 echo works 2>&1 | tee "$work/panic/said"
	grep -q '^lab: the virtual machine panicked at boot (.*): booting once more$' "$work/panic/said" && grep -qx works "$work/panic/said"
}

# The tests of the job "restore". The job "survival" leaves them out.
under_traffic='^(TestRestoresUnderTraffic|TestOriginalLosesRequests)$'

# The tests of the command that depend most on the kernel. The job "command" leaves them out.
kernel_state='network_namespaces|settings|state_of_the_tables|monitor'

run_job() {
	[[ $1 != *@* ]] || export LAB_KERNEL=${1#*@}
	case ${1%@*} in
	panic) panics ;;
	tests) machine 'cd /src/ipvs; ./test; ./internal/nlsock/test; /src/kubeproxy' ;;
	# In machines of their own, because they unload ip_vs, which must not be in use then. The README's examples need jq.
	command) machine -x "cd /src/cmd/ipvsadm; ./test -test.skip '^TestKernel$/^($kernel_state|diagnosis)$'" ;;
	state) machine -x "cd /src/cmd/ipvsadm; ./test -test.run '^TestKernel$/^($kernel_state)$'" ;;
	diagnosis) machine -x "cd /src/cmd/ipvsadm; ./test -test.run '^TestKernel$/^diagnosis$'" ;;
	cases) machine 'cd /src/testdata/lab/compat; ./test -test.skip "^TestRandom"' ;;
	random) machine 'cd /src/testdata/lab/compat; ./test -test.run "^TestRandom"' ;;
	restore) machine "/src/durability -test.run '$under_traffic'" ;;
	survival) machine "/src/durability -test.skip '^TestKilled|$under_traffic'" ;;
	kills) machine '/src/durability -test.run "^TestKilled"' ;;
	listings) listings ;;
	*) setpriv --pdeathsig TERM testdata/cookbook/run.sh "${1%@*}" "$work/ipvsadm" ;;
	esac
}

# report_job JOB COUNT: runs a job and shows its last COUNT lines, or all if it fails.
report_job() {
	local start=$SECONDS
	if run_job "$1" >"$work/$1.out" 2>&1 && ! grep '^testing: warning: no tests to run' "$work/$1.out"; then
		echo "lab: $1 passed in $((SECONDS - start)) s"
		tail -n "$2" "$work/$1.out"
	else
		echo "lab: $1 FAILED after $((SECONDS - start)) s" | tee "$work/$1.failed"
		cat "$work/$1.out"
		return 1
	fi
}

# The longest jobs come first, together with those that fail fast.
main=(cases command tests state restore dr nat tunnels ipv6 fwmark persistence)
all=(listings survival random kills cases ldirectord keepalived command state diagnosis tests restore panic)
# On the kernels of other releases: what a kernel can change for us, and the main ways that packets go.
for release in ${LAB_KERNELS-trixie sid}; do
	all+=({cases,tests,restore,state,dr,nat}"@$release")
done
all+=({diagnosis,diagnose,swarm,drain}@sid)
for scenario in testdata/cookbook/setups/*.sh; do
	scenario=$(basename "$scenario" .sh)
	[[ " ${all[*]} " == *" $scenario "* ]] || all+=("$scenario")
done
case $* in
'') set -- "${all[@]}" ;;
main) set -- "${main[@]}" ;;
rest)
	set --
	for job in "${all[@]}"; do
		[[ " ${main[*]} " == *" $job "* ]] || set -- "$@" "$job"
	done
	;;
esac
failed=0 running=0 late=()
for job; do
	if ((running == 2)); then
		wait -n || failed=1
		running=1
	fi
	if [[ ${LAB_END:-} ]] && (($(date +%s) > LAB_END)); then
		late+=("$job")
		continue
	fi
	case ${job%@*} in
	tests | command | state | diagnosis | cases | random | restore | survival | kills | listings | panic) report_job "$job" 20 & ;;
	*) report_job "$job" 2 & ;;
	esac
	running=$((running + 1))
done
while ((running--)); do
	wait -n || failed=1
done
((${#late[@]} == 0)) || echo "lab: no time was left for: ${late[*]}"
# Repeats the failures at the end, because a long log is read, and often kept, from there.
for failure in "$work"/*.failed; do
	[[ -e $failure ]] || continue
	cat "$failure"
	grep -A 3 -E 'FAIL|panic:|^fatal' "${failure%.failed}.out" | head -n 10 || true
	echo ...
	tail -n 8 "${failure%.failed}.out"
done
exit "$failed"
