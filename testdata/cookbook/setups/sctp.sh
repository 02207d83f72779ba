#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SCTP: associations through address translation
#
#        client
#        192.0.2.10
#            |
#     -------+------+------------------------------------------- outside
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
# SCTP carries the signalling of telephone networks. An association is to SCTP
# what a connection is to TCP. ip_vs knows its states, from the first INIT to the
# end of the shutdown.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs socat

vip=192.0.2.100
real1=198.51.100.21:2905 real2=198.51.100.22:2905

switch outside
switch inside
host client outside 192.0.2.10/24
host director outside 192.0.2.1/24,$vip/32 inside 198.51.100.1/24
for i in 1 2; do
	host real$i inside 198.51.100.2$i/24
	on real$i ip route add default via 198.51.100.1
done
on director sysctl -qw net.ipv4.ip_forward=1

say "--sctp-service names an SCTP service. real2 gets twice as many associations. Each server listens on one address \
only, so it announces no other address, which the client could not reach."
serve real1 sctp://198.51.100.21:2905
serve real2 sctp://198.51.100.22:2905
on director ipvsadm -A --sctp-service $vip:2905 -s wrr
on director ipvsadm -a --sctp-service $vip:2905 -r $real1 -m
on director ipvsadm -a --sctp-service $vip:2905 -r $real2 -m -w 2
ask client 30 sctp://$vip:2905
check "real1 answered a third" "$(answers real1)" -eq 10
check "real2 answered two thirds" "$(answers real2)" -eq 20
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10
no_faults director
on director ipvsadm -Ln
same_as_original director -Ln
same_as_original director -L
counted director $vip:2905 30
on director ipvsadm -Ln --stats
check "each association is a connection" "$(cell Conns $vip:2905)" -eq 30
same_as_original director -Ln --stats
on director ipvsadm -S -n
same_as_original director -S -n

say "Any SCTP program works. socat keeps an association open on another port, and the listing shows its state."
on director ipvsadm -A --sctp-service $vip:2906
on director ipvsadm -a --sctp-service $vip:2906 -r 198.51.100.21:2906 -m
begin /tmp/real1.log real1 socat SCTP-LISTEN:2906,bind=198.51.100.21,fork EXEC:cat
listens() { quietly real1 grep -q 2906 /proc/net/sctp/eps; }
wait_until "real1 listens" listens
: >/tmp/echo
begin /tmp/echo client sh -c "(echo hello; sleep 600) | socat - SCTP:$vip:2906"
await "the server has echoed the text" grep -q hello /tmp/echo
on director sh -c 'ipvsadm -Lcn | grep :2906'
check "the association is established" "$(awk '{ print $3 }' "$shown")" = ESTABLISHED
on director ipvsadm -Ln --sctp-service $vip:2906
check "it is an active connection" "$(cell ActiveConn $vip:2906)$(cell ActiveConn $vip:2906 198.51.100.21:2906)" = 1
same_as_original director -Ln --sctp-service $vip:2906
same_as_original director -Lcn
same_as_original director -Lc
