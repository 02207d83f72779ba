#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# My LVS does not work: what can be wrong with its servers
#
#     client                director                          router
#     192.0.2.10            192.0.2.1                         192.0.2.254
#     2001:db8::10          2001:db8::1                          |
#        |                     |                                 |
#     ---+-----------+---------+-----------+---------------------+---- outside
#                    |         |           |                     |
#                192.0.2.21    |       192.0.2.22                |
#               2001:db8::21   |      2001:db8::22               |
#                  real1       |         real2                   |
#                              |                                 |
#                           director                          router
#                           10.0.0.1                          198.51.100.1
#                           2001:db8:1::1                        |
#                              |                                 |
#     inside ------------+-----+-----      there ----------+-----+----
#                        |                                 |
#                    10.0.0.23                       198.51.100.24
#                    2001:db8:1::23                      real4
#                      real3
#
# Three services in one set-up, which works: real1 and real2 have the virtual
# address 192.0.2.100 by direct routing, real3 has 192.0.2.101 by NAT, and real4
# has 192.0.2.102 by a tunnel. 2001:db8::100 and 2001:db8:ff::1 are the same by
# direct routing and NAT with IPv6. Then one thing after the other is broken on
# the servers, and on the way to them. Each time the client shows what users see,
# --diagnose finds the cause, and its commands, as they are printed, mend it.

# shellcheck disable=SC2154,SC2086 # three_services sets the variables
# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

three_services

trouble "Connections to one server are refused." "On it, no program listens on the port."
stop real1
unanswered 2 http://$dr/
found FAULT r-listen real1 "${on_dr[@]}"
on real1 traffic serve real1 :80
all_answered 2 http://$dr/

trouble "Every second connection times out, with direct routing." "One server does not have the virtual address."
on real1 ip address delete $dr/32 dev lo
unanswered 2 http://$dr/
found FAULT r-vip real1 "${on_dr[@]}"
mend real1
all_answered 2 http://$dr/

say "The same with IPv6."
on real1 ip address delete $dr6/128 dev lo
unanswered 2 "http://[$dr6]/"
found FAULT r-vip real1 "${on_dr6[@]}"
mend real1
all_answered 2 "http://[$dr6]/"

trouble "One server answers nobody on the network of the virtual address." "It has the address on lo with the length \
of the network, and takes all of it for itself."
on real1 ip address delete $dr/32 dev lo
on real1 ip address add $dr/24 dev lo
unanswered 2 http://$dr/
found FAULT r-vip-prefix real1 "${on_dr[@]}"
mend real1
all_answered 2 http://$dr/

trouble "One server does not answer some clients." "It has no route back to them."
on real1 ip route add unreachable 192.0.2.10
unanswered 2 http://$dr/
found FAULT r-route-back real1 "${on_dr[@]}" --client 192.0.2.10
on real1 ip route delete unreachable 192.0.2.10
all_answered 2 http://$dr/

trouble "One server of several does not answer, and connections to it stay in SYN_RECV." "It is on another network, \
where packets of direct routing do not get."
on director ipvsadm -a -t $dr:80 -r 198.51.100.24:80 -g
unanswered 3 http://$dr/
found WARNING dr-gateway director
say "real4 has the address on the interface of its tunnel."
mend director
all_answered 3 http://$dr/
quietly director ipvsadm -d -t $dr:80 -r 198.51.100.24:80

trouble "One server does not answer at all." "Its cable is out."
on outside ip link set real2.eth0 down
quietly director ip neigh delete 192.0.2.22 dev eth0
unanswered 2 http://$dr/ 5
given_up() { quietly director ip neigh show 192.0.2.22 | grep -q FAILED; }
wait_until "the director has given up" given_up
found FAULT rs-neigh director
on outside ip link set real2.eth0 up
all_answered 2 http://$dr/

say "Or the director has no route to it."
on director ip route add unreachable 10.0.0.23
unanswered 1 http://$nat/
found FAULT rs-unreachable director
on director ip route delete unreachable 10.0.0.23
all_answered 2 http://$nat/

trouble "A server behind a tunnel does not answer." "Its tunnel is down."
on real4 ip link set tunl0 down
unanswered 1 http://$tun/
found FAULT r-tunl real4 "${on_tun[@]}"
mend real4
all_answered 2 http://$tun/

trouble "Packets arrive by the tunnel, and the server's program sees none." "rp_filter drops them, because answers \
leave by another interface."
on real4 sysctl -qw net.ipv4.conf.all.rp_filter=1
unanswered 1 http://$tun/
found FAULT r-tunl-rp real4 "${on_tun[@]}"
mend real4
all_answered 2 http://$tun/

# Whether the client takes real1 for the director, after it has asked.
stolen() {
	forget client
	quietly client traffic ask 1 http://$dr/ >/dev/null
	taken
}
taken() { quietly client ip neigh show $dr | grep -q 02:00:00:00:00:21; }

trouble "One server gets all connections, and the director none." "That server answers ARP requests for the virtual \
address, too."
on real1 sysctl -qw net.ipv4.conf.all.arp_ignore=0
await "the client takes real1 for the director" stolen
ask client 4 http://$dr/
check "real1 has all requests" "$(answers real1)" -eq 4
say "--probe finds it on the director. Only with this option packets are sent: questions who has the address."
found FAULT vip-elsewhere director --probe
found FAULT r-arp-ignore real1 "${on_dr[@]}"
mend real1
forget client
ask client 4 http://$dr/
check "each server has its share again" "$(answers real1) $(answers real2)" = "2 2"
finds_nothing
finds_nothing director --probe

say "The address on eth0 instead of lo has the same effect."
on real1 ip address delete $dr/32 dev lo
on real1 ip address add $dr/32 dev eth0
await "the client takes real1 for the director" stolen
found FAULT r-arp-ignore real1 "${on_dr[@]}"
mend real1
forget client
ask client 4 http://$dr/
check "each server has its share again" "$(answers real1) $(answers real2)" = "2 2"
finds_nothing

say "The same with IPv6."
on real1 ip address delete $dr6/128 dev lo
on real1 ip address add $dr6/128 dev eth0 nodad
found FAULT vip-elsewhere director --probe
found FAULT r-arp-ignore real1 "${on_dr6[@]}"
mend real1
forget client
ask client 4 "http://[$dr6]/"
check "each server has its share again" "$(answers real1) $(answers real2)" = "2 2"
finds_nothing
finds_nothing director --probe

trouble "It works for a while, and then one server gets everything." "That server puts the virtual address into its \
own ARP requests, which teach the client that the address is there."
on real1 sysctl -qw net.ipv4.conf.all.arp_announce=0
forget real1
quietly client traffic ask 4 http://$dr/ >/dev/null
await "the client takes real1 for the director" taken
ask client 4 http://$dr/
check "real1 has all requests" "$(answers real1)" -eq 4
found FAULT r-arp-announce real1 "${on_dr[@]}"
mend real1
forget real1
forget client
ask client 4 http://$dr/
check "each server has its share again" "$(answers real1) $(answers real2)" = "2 2"
finds_nothing

# large: a request that does not fit into one packet.
large() {
	prompt "client# traffic ask 1 http://$tun/000...000"
	PATIENCE=${1:-3}s quietly client traffic ask 1 "http://$tun/$(printf '%03000d' 0)" >"$tally"
	draw
}

# The packets come one by one, as by a wire. Between namespaces they would come as a bundle, which IPVS may take apart.
quietly client ip link set eth0 gso_max_segs 1

trouble "Small requests to a tunnel's server work, large ones hang." "The packets of a tunnel do not fit into the MTU, \
and the client does not learn it, because a firewall drops ICMP."
on director ip link set eth0 mtu 1500
on client nft 'add table ip fw; add chain ip fw in { type filter hook input priority 0; }; add rule ip fw in icmp type destination-unreachable drop'
all_small() { quietly client traffic ask 1 http://$tun/ >"$tally"; [[ $(answers nobody) == 0 ]]; }
check "a small request has an answer" "$(all_small && echo yes)" = yes
large
check "a large request has no answer" "$(answers nobody)" -eq 1
found WARNING tun-mtu director
say "The first advice: the server asks for smaller packets."
on real4 ip route change default via 198.51.100.1 advmss 1440
large 10
check "a large request has an answer" "$(answers nobody)" -eq 0
say "The second: a larger MTU."
on real4 ip route change default via 198.51.100.1
on director ip link set eth0 mtu 1520
large 10
check "a large request has an answer" "$(answers nobody)" -eq 0
finds_nothing

list_found
