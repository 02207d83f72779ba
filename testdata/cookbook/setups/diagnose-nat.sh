#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# My LVS does not work: what can be wrong when clients and servers share a network
#
#        client               director
#        192.0.2.10           192.0.2.1
#            |                192.0.2.100: the virtual address
#            |                    |
#     -------+--------------------+--------------------------- outside
#
#                             director
#                             10.0.0.1
#                                 |
#     -------+----------+---------+----------+---------------- inside
#            |          |                    |
#        10.0.0.21  10.0.0.22            10.0.0.77
#          real1      real2                near
#
# With NAT, the answers of the servers must come back through the director. A
# client in the network of the servers, such as another server, gets them
# directly, and does not know them. One thing after the other is mended here, for
# the client "near" and for the client outside. Each time the client shows what
# users see, and --diagnose finds the cause.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100
to_near=(--client 10.0.0.77)
# on_real NUMBER: what to run on a server.
on_real() { echo "real-server -t $vip:80 -m -r 10.0.0.2$1:80 --director 10.0.0.1"; }

# near_has_answers COUNT: whether the client in the network of the servers has as many answers.
near_has_answers() {
	quietly near traffic ask "$1" http://$vip/ >"$tally"
	check "the client has an answer to each request" "$(awk '$1 != "nobody" { sum += $2 } END { print sum + 0 }' "$tally")" -eq "$1"
}

switch outside
switch inside
host client outside 192.0.2.10/24
host director outside 192.0.2.1/24,$vip/32 inside 10.0.0.1/24
host near inside 10.0.0.77/24
quietly near ip route add default via 10.0.0.1
quietly director sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth1.send_redirects=0
for i in 1 2; do
	host real$i inside 10.0.0.2$i/24
	quietly real$i ip route add default via 10.0.0.1
	quietly real$i sysctl -qw net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.eth0.accept_redirects=0
	serve real$i :80
done
on director ipvsadm -A -t $vip:80 -s rr
on director ipvsadm -a -t $vip:80 -r 10.0.0.21 -m
on director ipvsadm -a -t $vip:80 -r 10.0.0.22 -m

trouble "It works for all clients but those in the network of the servers." "The servers answer those directly, from their own \
addresses."
ask client 2 http://$vip/
check "the client outside has its answers" "$(answers nobody)" -eq 0
PATIENCE=3s ask near 2 http://$vip/
check "the client inside has none" "$(answers nobody)" -eq 2
found WARNING nat-onenet director "${to_near[@]}"
say "With --client, each server tells what to do there."
for i in 1 2; do
	# shellcheck disable=SC2046 # several options
	found FAULT r-nat-route real$i $(on_real $i) "${to_near[@]}"
	mend real$i
	finds_nothing
done
near_has_answers 4
finds_nothing director "${to_near[@]}"

trouble "It works for the first packets, and then the connection breaks." "The director tells the servers that there is a shorter \
way to the client (it sends redirects), and the servers believe it."
for i in 1 2; do
	on real$i sysctl -qw net.ipv4.conf.all.accept_redirects=1 net.ipv4.conf.eth0.accept_redirects=1
done
on director sysctl -qw net.ipv4.conf.all.send_redirects=1 net.ipv4.conf.eth1.send_redirects=1
# A server forgets the first redirect, and asks where the client is; the director sends another only after a while.
for _ in {1..20}; do
	PATIENCE=3s quietly near traffic ask 2 http://$vip/ >"$tally"
	[[ $(answers nobody) == 0 ]] || break
	sleep 0.2
done
check "a request has no answer" "$(answers nobody)" -ge 1
found WARNING nat-redirects director "${to_near[@]}"
mend director
say "The servers forget the shorter way after five minutes, or now."
on real1 ip route flush cache
on real2 ip route flush cache
near_has_answers 4
finds_nothing
say "The servers can refuse to believe it, too."
on director sysctl -qw net.ipv4.conf.all.send_redirects=1 net.ipv4.conf.eth1.send_redirects=1
for i in 1 2; do
	# shellcheck disable=SC2046
	found WARNING r-redirect real$i $(on_real $i) "${to_near[@]}"
	mend real$i
	finds_nothing
done
near_has_answers 4
on director sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth1.send_redirects=0

say "Without any change of the servers, the director can replace the addresses of clients. The servers then answer the \
director."
for i in 1 2; do
	on real$i ip route delete 10.0.0.77
done
on director iptables -t nat -A POSTROUTING -m ipvs --vaddr $vip --vport 80 -j MASQUERADE
PATIENCE=3s ask near 2 http://$vip/
check "the client has no answer" "$(answers nobody)" -eq 2
found WARNING snat-conntrack director
mend director
near_has_answers 4
finds_nothing director "${to_near[@]}"
on director iptables -t nat -F POSTROUTING
on director sysctl -qw net.ipv4.vs.conntrack=0

trouble "Every second connection of a client outside times out." "One server has a rule that sends packets from its own address \
another way, so that the route to the client, which is right, is not used."
on real1 ip rule add from 10.0.0.21 lookup 200
on real1 ip route add default via 10.0.0.254 table 200
PATIENCE=3s ask client 2 http://$vip/
check "one request has no answer" "$(answers nobody)" -eq 1
# shellcheck disable=SC2046
found FAULT r-two-paths real1 $(on_real 1) --client 192.0.2.10
mend real1
ask client 2 http://$vip/
check "both requests are answered" "$(answers nobody)" -eq 0
finds_nothing

list_found
