#!/usr/bin/env bash
# Runs all that needs a real ip_vs: the scripts and tests of our packages, the comparison with the original ipvsadm, and
# the scenarios. Two virtual machines share the work, one a processor.
#
# Usage: test.sh
#
# Environment: DIFF_SEED and DIFF_LINES, the seed of the random comparison and how many command lines it makes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0
go build -trimpath -o "$work/ipvsadm" ./cmd/ipvsadm
for package in ipvs cmd/ipvsadm testdata/lab/difftest; do
	mkdir -p "$work/$package"
	go test -c -o "$work/$package/test" "./$package"
done

# The image and the probe for KVM are made once, before the two machines start.
testdata/lab/run.sh true

machine() {
	testdata/lab/run.sh -t 1500 -a "$work/ipvsadm:/usr/local/bin/ours" -a "$work/ipvs:/src/ipvs" -a "$work/cmd/ipvsadm/test:/src/cmd/ipvsadm/test" -a cmd/ipvsadm:/src/cmd/ipvsadm -a README.md:/src/README.md -a /usr/include/linux/ip_vs.h:/usr/include/linux/ip_vs.h \
		-a "$work/testdata/lab/difftest/test:/src/testdata/lab/difftest/test" -a testdata/scripts:/src/testdata/scripts \
		-a testdata/diff:/src/testdata/diff \
		-e IPVS_KERNEL=1 -e IPVSADM=/usr/local/bin/ours \
		-e DIFF_SEED="${DIFF_SEED:-}" -e DIFF_LINES="${DIFF_LINES:-}" sh -ec "$1"
}

# Of a scenario that passed, only how many checks it had and how long it took.
scenario() {
	if testdata/lab/scenarios/run.sh "$1" "$work/ipvsadm" >"$work/scenario" 2>&1; then
		tail -n 2 "$work/scenario"
	else
		cat "$work/scenario"
		return 1
	fi
}

# In the background, so its output waits for the other's end.
cases_and_scenarios() {
	local name failed=0
	machine 'cd /src/testdata/lab/difftest; ./test -test.run "^TestCases"' || failed=1
	for name in dr ldirectord keepalived; do
		scenario "$name" || failed=1
	done
	return "$failed"
}

failed=0
cases_and_scenarios >"$work/background" 2>&1 &
background=$!
machine 'cd /src/ipvs; ./test; cd /src/testdata/lab/difftest; ./test -test.run "^TestRandom"' || failed=1
# On its own, because it unloads ip_vs, which must not be in use then.
machine 'cd /src/cmd/ipvsadm; ./test' || failed=1
wait "$background" || failed=1
cat "$work/background"
exit "$failed"
