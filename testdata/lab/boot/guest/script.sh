# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of the init script.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh disable=SC2034
source "$(dirname "$0")/lib.sh"

script=/etc/init.d/ipvsadm
shell=(sh)

# verb VERB STATUS STATE: runs the verb twice. Both runs must end with this status, and leave the table full or empty.
verb() {
	local time status
	for time in first second; do
		status=0
		"${shell[@]}" "$script" ${1:+"$1"} >"$work/said" 2>&1 || status=$?
		if [[ $status != "$2" ]] || ! "is_$3" >"$work/is"; then
			cat "$work/said" "$work/is" || :
			fail "$1 for the $time time: status $status, expected $2, and the table should be $3"
		fi
		check "$1 reports no error of the script itself" test -z "$(grep -E '(:|command) not found|syntax error' "$work/said")"
		[[ $2 == 0 ]] || check "$1 reports why it failed" test -s "$work/said"
	done
}

# Heartbeat looks for one of these words. The other must not appear.
says() {
	check "status says $1" grep -q "$1" "$work/said"
	check "status does not say $2" test -z "$(grep -i "$2" "$work/said")"
}

with_rules() {
	cp /root/rules.saved "$file"
	empty
	verb status 3 empty
	says stopped running
	verb start 0 full
	verb status 0 full
	says running stopped
	verb reload 0 full
	verb force-reload 0 full
	verb restart 0 full
	verb try-restart 0 full
	verb save 0 full
	same "save writes the same file" /root/rules.saved "$file"
	verb stop 0 empty
	verb status 3 empty
	verb try-restart 0 empty
	verb reload 0 full
	verb panic 0 empty
	verb restart 0 full
	verb stop 0 empty
	same "nothing but save writes the file" /root/rules.saved "$file"
}
