# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

check() {
	test "$2" "$3" "$4" 2>/dev/null || fail "$1: got \"$2\", expected $3 \"$4\""
	ok "$1"
}

ok() {
	passed "$1"
	book list <<<"$1"
}

passed() {
	checks=$((checks + 1))
	echo "  ${green}ok:$plain $1"
}

await() {
	wait_until "$@"
	ok "$1"
}

wait_until() {
	local deadline=$((SECONDS + 300))
	until "${@:2}"; do
		((SECONDS < deadline)) || fail "after five minutes it is still not true that $1"
		sleep 0.2
	done
}

fail() {
	echo
	echo "${red}FAILED:$plain $*"
	exit 1
}

the_end() {
	local status=$?
	echo
	if ((status == 0)); then
		echo "${green}All $checks checks passed.$plain"
	else
		echo "${red}The scenario ended early,$plain with status $status, after $checks checks."
		exit 1
	fi
}
