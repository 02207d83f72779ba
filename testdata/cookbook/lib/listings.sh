# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

table() {
	quietly "$1" ipvsadm "${@:2}" >"$shown"
}

# The head of a listing has two lines with names of columns: the first those of services, the second those of servers.
cell() {
	awk -v column="$1" -v service="$2" -v server="${3:-}" '
		$2 ~ /Address:Port$/ { for (i = 3; i <= NF; i++) where[$i] = i; next }
		$1 != "->" { here = ($2 == service) }
		here && (server == "" ? $1 != "->" : $1 == "->" && $2 == server) { print $where[column]; exit }
	' "$shown"
}

cell_is() {
	table "$1" -Ln && [[ $(cell "$2" "${@:4}") == "$3" ]]
}

# The kernel sums its counters every two seconds; until then a listing shows the old sums.
counted() {
	wait_until "$3 connections are counted" has_counted "$@"
}

has_counted() {
	table "$1" -Ln --stats --exact && [[ $(cell Conns "$2") == "$3" ]]
}

# Connections may end and rates may sink between the two listings, so further pairs are compared if two differ. The
# original's -S loses thresholds. The expire column is ignored, because the programs may need different times for names.
same_as_original() {
	local expression=''
	case $2 in
	-S*) expression='s/ -[xy] [0-9]*//g' ;;
	-L*c*) expression='s/^\([A-Z]* *\)[0-9]*:[0-9]* /\1/' ;;
	esac
	for _ in {1..10}; do
		diff <(listing "$1" ipvsadm-original "${@:2}" | sed "$expression") \
			<(listing "$1" ipvsadm "${@:2}" | sed "$expression" | tee /tmp/listing) >/tmp/diff && break
	done
	[[ $(tail -n 1 /tmp/listing) == 'status 0' ]] || fail "the listing $(words "${@:2}") failed"
	[[ ! -s /tmp/diff ]] || { cat /tmp/diff; fail "the original ipvsadm does not print the same for $(words "${@:2}")"; }
	passed "the original ipvsadm prints the same for $(words "${@:2}")"
}

listing() {
	local status=0
	quietly "$@" 2>&1 || status=$?
	echo "status $status"
}

same_listings() {
	local options
	for options in "${@:2}"; do
		# shellcheck disable=SC2086 # several options
		same_as_original "$1" $options
	done
}
