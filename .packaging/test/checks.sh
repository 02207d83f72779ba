# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests that run in a root.
# shellcheck shell=bash

part() { echo "--- $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }

# quietly COMMAND...: shows what it printed only if it fails.
quietly() {
	local status=0
	"$@" >/tmp/log 2>&1 </dev/null || status=$?
	((status == 0)) || { cat /tmp/log >&2; fail "$* exits with $status"; }
}

# check WHAT COMMAND...
check() {
	"${@:2}" || fail "$1: ${*:2}"
	echo "ok: $1"
}

# same WHAT GOT WANT
same() {
	[[ $2 == "$3" ]] || fail "$1: $(printf '%s\n--- want\n%s' "$2" "$3")"
	echo "ok: $1"
}

missing() { [[ ! -e $1 && ! -L $1 ]]; }

# state FILE...: content, owner and mode.
state() {
	local file
	for file; do
		stat -c '%n %U %G %a' "$file" && cksum <"$file" || return
	done
}
