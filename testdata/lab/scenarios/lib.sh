# What the scenarios are written in. A scenario sources this first of all; run.sh runs it in the lab's guest.
#
#   switch NAME                           an Ethernet switch
#   host NAME SWITCH ADDRESS/BITS[,...]   a host with eth0 on SWITCH; more pairs of SWITCH and addresses for eth1 and on
#   serve HOST ADDRESS                    a web server in HOST that answers with HOST's name and the client's address
#
#   say TEXT                      what happens next and why
#   on HOST COMMAND...            show the command, as after HOST's prompt, run it, show what it prints; it must succeed
#   quietly HOST COMMAND...       just run it
#   ask HOST COUNT URL            send requests from HOST one by one, draw a chart of who answered
#
#   check TEXT VALUE OP EXPECTED  go on if "test VALUE OP EXPECTED" holds, else end the scenario
#   answers NAME                  how often NAME answered the last ask
#   sources                       the client's addresses that the servers saw during the last ask, one a line
#   cell COLUMN SERVICE [SERVER]  a number from the listing that the last "on" showed
#   received HOST INTERFACE       how many packets came in there so far
#   counted HOST SERVICE COUNT    wait until ip_vs in HOST has counted COUNT connections of SERVICE
#   same_as_original HOST OPTION...  check that the original ipvsadm prints the same listing
#
# Hosts are network namespaces, which have an ip_vs each. The scenario begins with its own head comment on the screen,
# and ends with the number of its checks. In the guest ipvsadm is ours; the original is ipvsadm-original.
# shellcheck shell=bash
set -euo pipefail

# What follows would harm a machine that is not the lab's guest.
[[ -x /lab/command && $(hostname) == lab ]] || { echo "$0: runs only in the lab: use run.sh" >&2; exit 125; }

shown=/tmp/shown tally=/tmp/tally checks=0 servers=()

fail() {
	echo
	echo "FAILED: $*"
	exit 1
}

# shellcheck disable=SC2317 # trap calls it
the_end() {
	local status=$?
	echo
	if ((status == 0)); then
		echo "All $checks checks passed."
	else
		echo "The scenario ended early, with status $status, after $checks checks."
		exit 1
	fi
}

say() {
	echo
	fold -s -w 78 <<<"$*" | sed 's/ *$//'
	echo
}

# The words of a command, quoted where a shell would want it.
words() {
	local word line=''
	for word; do
		[[ $word =~ ^[A-Za-z0-9_./:=,@%+-]+$|^\[[0-9a-f:]*\](:[0-9]+)?$ ]] || word=${word@Q}
		line+=" $word"
	done
	echo "${line# }"
}

switch() {
	ip netns add "$1"
	ip -n "$1" link add "$1" up type bridge
}

host() {
	local name=$1 interface=0 address addresses setup="link set lo up"
	shift
	ip netns add "$name"
	while (($# > 1)); do
		ip -n "$1" link add "$name.eth$interface" up master "$1" type veth peer name "eth$interface" netns "$name"
		setup+=$'\n'"link set eth$interface up"
		IFS=, read -ra addresses <<<"$2"
		for address in "${addresses[@]}"; do
			# Without nodad an IPv6 address could not be used for its first second or two.
			[[ $address != *:* ]] || address+=" nodad"
			setup+=$'\n'"address add $address dev eth$interface"
		done
		interface=$((interface + 1))
		shift 2
	done
	ip -n "$name" -batch - <<<"$setup"
}

quietly() {
	nsenter --net="/run/netns/$1" -- "${@:2}"
}

on() {
	local status=0
	echo "$1# $(words "${@:2}")"
	quietly "$@" >"$shown" 2>&1 || status=$?
	cat "$shown"
	((status == 0)) || fail "that command ended with status $status"
}

serve() {
	on "$1" traffic serve "$1" "$2"
	servers+=("$1")
}

ask() {
	local server total=0 name count remark bar
	echo "$1# $(words traffic ask "$2" "$3")"
	quietly "$1" traffic ask "$2" "$3" >"$tally" || fail "the requests could not be sent"
	for server in ${servers[@]+"${servers[@]}"}; do
		[[ $(answers "$server") != 0 ]] || echo "$server 0" >>"$tally"
	done
	sort -o "$tally" "$tally"
	while read -r _ count _; do
		total=$((total + count))
	done <"$tally"
	while read -r name count remark; do
		printf -v bar '%*s' $((count * 40 / total)) ''
		[[ $name == nobody ]] || remark=${remark:+from $remark}
		printf '  %-8s%-40s %4d%s\n' "$name" "${bar// /#}" "$count" "${remark:+  $remark}"
	done <"$tally"
}

check() {
	test "$2" "$3" "$4" 2>/dev/null || fail "$1: got \"$2\", expected $3 \"$4\""
	checks=$((checks + 1))
	echo "  ok: $1"
}

answers() {
	awk -v name="$1" '$1 == name { count = $2 } END { print count + 0 }' "$tally"
}

sources() {
	awk '$2 && $1 != "nobody" { print $3 }' "$tally" | tr , '\n' | sort -u
}

received() {
	awk -v interface="$2:" '$1 == interface { print $3 }' < <(quietly "$1" cat /proc/net/dev)
}

# Both lines of a listing's head name columns, the first those of services, the second those of servers.
cell() {
	awk -v column="$1" -v service="$2" -v server="${3:-}" '
		$2 ~ /Address:Port$/ { for (i = 3; i <= NF; i++) where[$i] = i; next }
		$1 != "->" { here = ($2 == service) }
		here && (server == "" ? $1 != "->" : $1 == "->" && $2 == server) { print $where[column]; exit }
	' "$shown"
}

# The kernel adds its counters up every two seconds; until then a listing shows the old sums.
counted() {
	local try
	for try in {1..50}; do
		quietly "$1" ipvsadm -Ln --stats --exact >"$shown"
		[[ $(cell Conns "$2") != "$3" ]] || return 0
		sleep 0.1
	done
	echo "  (waited $try times in vain for $3 connections to be counted)"
}

same_as_original() {
	diff <(quietly "$1" ipvsadm-original "${@:2}" 2>&1) <(quietly "$1" ipvsadm "${@:2}" 2>&1) ||
		fail "the original ipvsadm does not print the same for $(words "${@:2}")"
	checks=$((checks + 1))
	echo "  ok: the original ipvsadm prints the same"
}

# Replaced in place, for programs that call it by its full path.
mv /usr/sbin/ipvsadm /usr/sbin/ipvsadm-original
for name in ipvsadm ipvsadm-save ipvsadm-restore; do
	ln -sf /lab/ipvsadm "/usr/sbin/$name"
done

trap the_end EXIT
sed -n '2,/^[^#]\|^$/s/^# \{0,1\}//p' "$0"
