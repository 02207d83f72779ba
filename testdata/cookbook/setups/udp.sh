#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# UDP: each packet by itself, or all of a client to one server
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
# UDP has no connections, so ip_vs treats all packets with the same addresses and
# ports as one connection, until none has come for five minutes. That is bad for
# a service such as DNS or RADIUS if one client sends everything from one socket.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100
real1=198.51.100.21:53 real2=198.51.100.22:53

talk() {
	prompt "$1# $(words traffic talk "$2" "$3")"
	quietly "$1" traffic talk "$2" "$3" >"$tally" || fail "the requests could not be sent"
	draw
}

connections() {
	quietly director ipvsadm -Lcn | grep -c ^UDP || :
}

switch outside
switch inside
host client outside 192.0.2.10/24
host director outside 192.0.2.1/24,$vip/32 inside 198.51.100.1/24
for i in 1 2; do
	host real$i inside 198.51.100.2$i/24
	on real$i ip route add default via 198.51.100.1
done
on director sysctl -qw net.ipv4.ip_forward=1

say "The director translates addresses. -u names a UDP service. Requests, each from a new socket, go to the servers \
in turn."
serve real1 udp://:53
serve real2 udp://:53
on director ipvsadm -A -u $vip:53 -s rr
on director ipvsadm -a -u $vip:53 -r $real1 -m
on director ipvsadm -a -u $vip:53 -r $real2 -m
ask client 20 udp://$vip:53
check "real1 got half of the requests" "$(answers real1)" -eq 10
check "real2 got the other half" "$(answers real2)" -eq 10
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10
no_faults director
on director ipvsadm -Ln
check "UDP connections count as inactive" "$(cell ActiveConn $vip:53 $real1) $(cell InActConn $vip:53 $real1)" = "0 10"
check "there is an entry for each request" "$(connections)" -eq 20
same_as_original director -Ln
same_as_original director -Lcn
same_as_original director -Lc

say "A client that sends everything from one socket has one server."
talk client 20 udp://$vip:53
check "one server got all" $(($(answers real1) * $(answers real2))) -eq 0
check "its packets are one connection" "$(connections)" -eq 21

say "The third timeout is how long ip_vs remembers such a connection. A new value applies to later packets."
on director ipvsadm --set 0 0 2
on director ipvsadm -L --timeout
same_as_original director -L --timeout
talk client 1 udp://$vip:53
gone() { (($(connections) <= 21)); }
await "the entry has expired" gone
on director ipvsadm --set 0 0 300

say "One-packet scheduling (-o) chooses a server for each packet, and remembers nothing. So ip_vs cannot translate \
answers back: they leave with the server's address, and the client ignores them."
on director ipvsadm -E -u $vip:53 -s rr -o
ask client 1 udp://$vip:53
check "no answer arrives" "$(answers nobody)" -eq 1
on director ipvsadm-original -E -u $vip:53 -s rr -o
ask client 1 udp://$vip:53
check "no answer arrives if the original sets -o either" "$(answers nobody)" -eq 1
say "With direct routing or tunnels there is nothing to translate. With translation, a rule of nftables can put the \
virtual address into all that the servers send from port 53, also without connections."
on director nft add table ip answers
on director nft add chain ip answers back '{ type filter hook postrouting priority filter; }'
on director nft add rule ip answers back ip saddr '{ 198.51.100.21, 198.51.100.22 }' udp sport 53 ip saddr set $vip
on director ipvsadm -Z
before=$(connections)
talk client 20 udp://$vip:53
check "each server got half" "$(answers real1) $(answers real2)" = "10 10"
check "no connection was made" "$(connections)" -eq "$before"
counted director $vip:53 20
on director ipvsadm -Ln --stats
check "each packet is counted as a connection" "$(cell Conns $vip:53) $(cell InPkts $vip:53)" = "20 20"
check "answers are not counted" "$(cell OutPkts $vip:53)" -eq 0
same_as_original director -Ln --stats
on director ipvsadm -Ln
check "the listing shows ops" "$(grep -c 'rr ops' "$shown")" -eq 1
same_as_original director -Ln
same_as_original director -S -n
