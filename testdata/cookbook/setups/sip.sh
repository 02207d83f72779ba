#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIP: calls that stay at their server
#
#        phone1          phone2
#        192.0.2.11      192.0.2.12
#            |               |
#     -------+------+--------+---------------------------------- outside
#                   |
#               director
#               192.0.2.1
#               192.0.2.100: the virtual address
#               198.51.100.1
#                   |
#     -------+------+-------+----------------------------------- inside
#            |              |
#       198.51.100.21  198.51.100.22
#          real1          real2
#
# The messages of one call may come from several ports and addresses, and one
# address may send many calls, as a proxy does. So persistence by client address
# does not help. The persistence engine sip keeps each call at its server; it
# recognises a call by the header Call-ID.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs sipp

vip=192.0.2.100
declare -A address=([phone1]=192.0.2.11 [phone2]=192.0.2.12)

# call PHONE PORT ID: makes a complete call, from INVITE to BYE.
call() {
	local command=(sipp -sn uac -i "${address[$1]}" -p "$2" -cid_str "$3" -m 1 -nostdin -timeout 120 "$vip:5060")
	prompt "$1# $(words "${command[@]}")"
	quietly "$1" "${command[@]}" >/tmp/sipp.log 2>&1 || { cat /tmp/sipp.log; fail "the call failed"; }
	table director -Lcn
	went=$(awk -v source="${address[$1]}:$2" '$4 == source { sub(/:.*/, "", $6); print $6 }' "$shown")
	echo "  $3 from ${address[$1]}:$2 went to $went" | tee /tmp/went
	book code </tmp/went
}

switch outside
switch inside
host phone1 outside 192.0.2.11/24
host phone2 outside 192.0.2.12/24
host director outside 192.0.2.1/24,$vip/32 inside 198.51.100.1/24
for i in 1 2; do
	host real$i inside 198.51.100.2$i/24
	on real$i ip route add default via 198.51.100.1
done
on director sysctl -qw net.ipv4.ip_forward=1

say "The servers and the phones run Debian's SIPp. With -deadcall_wait 0 a server treats a call that it had before \
as a new one."
cd /tmp
for i in 1 2; do
	begin /tmp/real$i.log real$i sipp -sn uas -i 198.51.100.2$i -p 5060 -nostdin -deadcall_wait 0
done
listens() { quietly "$1" ss -Hlun sport = :5060 | grep -q .; }
for real in real1 real2; do
	wait_until "$real listens" listens $real
done

say "An engine (--pe) needs a persistent service (-p), and the engine sip needs UDP."
on director modprobe ip_vs_pe_sip
on director ipvsadm -A -u $vip:5060 -s rr -p 300 --pe sip
on director ipvsadm -a -u $vip:5060 -r 198.51.100.21:5060 -m
on director ipvsadm -a -u $vip:5060 -r 198.51.100.22:5060 -m

say "The engine recognises a call by its Call-ID and by the address that it comes from. The same call from another \
phone is scheduled anew."
call phone1 5061 zero@example
zero=$went
call phone2 5062 zero@example
check "the call from the other phone has another server" "$went" != "$zero"
no_faults director

say "With -M, all addresses that calls come from can count as one."
on director ipvsadm -E -u $vip:5060 -s rr -p 300 --pe sip -M 255.255.255.0
say "Two calls from one phone are scheduled separately."
call phone1 5063 first@example
first=$went
call phone1 5064 second@example
second=$went
check "the second call has the other server" "$second" != "$first"
say "More messages of both calls come from another port and from another phone. The calls keep their servers."
call phone1 5065 first@example
check "the first call is at its server" "$went" = "$first"
call phone2 5066 first@example
check "from another address too" "$went" = "$first"
call phone2 5067 second@example
check "the second call is at its server" "$went" = "$second"

say "--persistent-conn shows the calls in the list of connections, as data of the engine."
on director sh -c 'ipvsadm -Lcn --persistent-conn | grep ASSURED | sort -k 8'
check "the two calls have one entry each" "$(awk '$4 == "192.0.2.0:0" { print $8 }' "$shown" | sort | xargs)" = \
	"first@example second@example"
on director ipvsadm -Ln --persistent-conn
check "each server has two calls" \
	"$(cell PersistConn $vip:5060 198.51.100.21:5060) $(cell PersistConn $vip:5060 198.51.100.22:5060)" = "2 2"
on director ipvsadm -S -n
same_listings director -Ln -L '-Ln --persistent-conn' -Lcn '-Lcn --persistent-conn' -Lc '-Lc --persistent-conn' '-S -n'
