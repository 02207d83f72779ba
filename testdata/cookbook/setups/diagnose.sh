#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# My LVS does not work: what can be wrong on the director
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
# the director. Each time the client shows what users see, --diagnose finds the
# cause, and its commands, as they are printed, mend it.

# shellcheck disable=SC2154,SC2086 # three_services sets the variables
# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

three_services

say "The set-up works, and nothing is found. The report has the commands for the real servers."
for url in http://$dr/ http://$nat/ http://$tun/ "http://[$dr6]/" "http://[$nat6]/"; do
	ask client 2 "$url"
	check "both requests are answered" "$(answers nobody)" -eq 0
done
report director
for line in "${on_dr[*]}" "${on_nat[*]}" "${on_tun[*]}"; do
	check "it prints what to run on a real server" "$(grep -cxF "    ipvsadm --diagnose $line" /tmp/diagnosis)" -eq 1
done
no_faults director

trouble "Nobody reaches the address, with \"no route to host\" or a timeout." \
	"The virtual address is on no interface: keepalived did not run, or somebody restarted the network."
on director ip address delete $dr/32 dev eth0
unanswered 1 http://$dr/
found FAULT vip-missing director
mend director
all_answered 2 http://$dr/

say "The same with IPv6."
on director ip address delete $dr6/128 dev eth0
unanswered 1 "http://[$dr6]/" 10
found FAULT vip-missing director
mend director
all_answered 2 "http://[$dr6]/"

trouble "With IPv6 nobody has an answer." "The address is there, but on an interface that is down."
is_settled() { ! quietly director ip -6 -oneline address show dev vips tentative | grep -q .; }
on director ip link set vips down
on director ip address add $nat6/128 dev vips
unanswered 1 "http://[$nat6]/"
found FAULT vip-down director
mend director
await "the kernel has asked whether another machine has the address" is_settled
all_answered 2 "http://[$nat6]/"

trouble "With IPv6 connections are refused, or time out." "Another machine has the address. The kernel found that when the \
director got it, and does not use it."
is_duplicate() { quietly director ip -6 -oneline address show dev eth0 dadfailed | grep -q .; }
on director ip address delete $dr6/128 dev eth0
on router ip address add $dr6/128 dev eth0 nodad
on director sysctl -qw net.ipv6.conf.eth0.accept_dad=1
on director ip address add $dr6/128 dev eth0
await "the kernel has found the other machine" is_duplicate
forget client
unanswered 1 "http://[$dr6]/"
found FAULT vip-duplicate director
on router ip address delete $dr6/128 dev eth0
on director ip address delete $dr6/128 dev eth0
on director ip address add $dr6/128 dev eth0 nodad
forget client
all_answered 2 "http://[$dr6]/"
quietly director sysctl -qw net.ipv6.conf.eth0.accept_dad=0

trouble "Clients on the director's network find no machine with the address." "It is on lo, as on a real server, and \
so is the setting of real servers that keeps the machine from answering ARP requests for it."
on director ip address delete $dr/32 dev eth0
on director ip address add $dr/32 dev lo
on director sysctl -qw net.ipv4.conf.all.arp_ignore=1
forget client
unanswered 1 http://$dr/ 10
found WARNING vip-noarp director
mend director
forget client
all_answered 2 http://$dr/
quietly director ip address delete $dr/32 dev lo
quietly director sysctl -qw net.ipv4.conf.all.arp_ignore=0

trouble "Connections to a service of NAT time out." "The director does not forward packets, so the answers end there."
on director sysctl -qw net.ipv4.ip_forward=0
unanswered 1 http://$nat/
found FAULT nat-forward director
mend director
all_answered 2 http://$nat/

say "The same with IPv6."
on director sysctl -qw net.ipv6.conf.all.forwarding=0
unanswered 1 "http://[$nat6]/"
found FAULT nat-forward director
mend director
all_answered 2 "http://[$nat6]/"

trouble "Connections to a service of NAT time out, and stay in SYN_RECV." "The server has another router than the \
director. The director sees that packets go to it and none comes back; what is wrong the server can tell. Counters that \
have seen answers say nothing, so they are zeroed first."
on real3 ip route replace default via 10.0.0.254
on director ipvsadm -Z
unanswered 1 http://$nat/ 10
wait_until "the packets are counted" has_counted director $nat:80 1
found FAULT nat-return director
say "The report has the command to run on real3."
check "it is printed" "$(grep -cxF "    ipvsadm --diagnose ${on_nat[*]}" /tmp/diagnosis)" -eq 1
found FAULT r-nat-route real3 "${on_nat[@]}"
mend real3
all_answered 2 http://$nat/
wait_until "the answers are counted" has_counted director $nat:80 3
finds_nothing director

say "The same with IPv6."
on real3 ip -6 route replace default via 2001:db8:1::fe
unanswered 1 "http://[$nat6]/"
found FAULT r-nat-route real3 "${on_nat6[@]}"
mend real3
all_answered 2 "http://[$nat6]/"

trouble "Clients behind one interface have no answer." "The director has a route to them by another interface, and \
rp_filter lets nothing in from where the kernel would not send the answer."
on director sysctl -qw net.ipv4.conf.all.rp_filter=1
on director ip route add 192.0.2.10 via 10.0.0.254
unanswered 1 http://$dr/
found WARNING rp-filter director --client 192.0.2.10
mend director
all_answered 2 http://$dr/
quietly director ip route delete 192.0.2.10
quietly director sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0

trouble "Connections are lost at random." "The kernel is told to drop packets; here each of them."
on director sysctl -qw net.ipv4.vs.am_droprate=1 net.ipv4.vs.drop_packet=3
sleep 1.5
unanswered 1 http://$dr/
found WARNING drop-defence director
mend director
sleep 1.5
all_answered 2 http://$dr/

trouble "Connections are refused." "The service has no server."
on director ipvsadm -d -t $nat:80 -r 10.0.0.23:8080
unanswered 1 http://$nat/
found FAULT no-servers director
on director ipvsadm -a -t $nat:80 -r 10.0.0.23:8080 -m
all_answered 2 http://$nat/

trouble "New connections are refused, old ones go on." "All servers have the weight 0."
on director ipvsadm -e --keep -t $nat:80 -r 10.0.0.23:8080 -w 0
unanswered 1 http://$nat/
found FAULT all-zero director
mend director
all_answered 2 http://$nat/

trouble "Connections are refused when many are open." "The servers have reached their upper thresholds."
keep client 1 http://$nat/
on director ipvsadm -e --keep -t $nat:80 -r 10.0.0.23:8080 -x 1
# Older kernels notice with the next connection that there are more.
quietly client sh -c "traffic ask 1 http://$nat/ >/dev/null || true"
unanswered 1 http://$nat/
found FAULT all-full director
on director ipvsadm -e --keep -t $nat:80 -r 10.0.0.23:8080 -x 0
kill "${opened[-1]}"
all_answered 2 http://$nat/

trouble "A server with the weight 0 still gets connections." "The service is persistent, and the director remembers \
the clients of the server."
on director ipvsadm -E -t $dr:80 -s rr -p 300
on director ipvsadm -e --keep -t $dr:80 -r 192.0.2.22:80 -w 0
ask client 2 http://$dr/
on director ipvsadm -e --keep -t $dr:80 -r 192.0.2.22:80 -w 1
on director ipvsadm -e --keep -t $dr:80 -r 192.0.2.21:80 -w 0
ask client 2 http://$dr/
check "real1 still answers" "$(answers real1)" -eq 2
found WARNING persist-drain director
mend director
ask client 2 http://$dr/
check "real2 answers" "$(answers real2)" -eq 2
finds_nothing
quietly director ipvsadm -e --keep -t $dr:80 -r 192.0.2.21:80 -w 1
quietly director ipvsadm -E -t $dr:80 -s rr

list_found
