#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# IPv6: direct routing, NAT, and an IPv4 address served by servers that have none
#
#        client           director                         router
#        192.0.2.10       192.0.2.1                        192.0.2.254
#        2001:db8::10     2001:db8::1                      2001:db8::254
#            |                |                                |
#     -------+----------------+--------------------------------+------ outside
#
#                         director                         router
#                         2001:db8:1::1                    2001:db8:1::254
#                             |                                |
#     --------------+---------+----+---------------------------+------ inside
#                   |              |
#          2001:db8:1::21    2001:db8:1::22
#               real1             real2
#
# Inside there is only IPv6. The director has two virtual addresses: 2001:db8::100
# and 192.0.2.100.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=2001:db8::100 vip4=192.0.2.100
real1=2001:db8:1::21 real2=2001:db8:1::22

listings_as_original() {
	same_listings director -Ln '-Ln --stats' '-Ln --rate' '-Ln --thresholds' '-Ln --tun-info' "-Ln -t $1" -Sn
}

switch outside
switch inside
host client outside 192.0.2.10/24,2001:db8::10/64
host director outside 192.0.2.1/24,$vip4/32,2001:db8::1/64,$vip/128 inside 2001:db8:1::1/64
host router outside 192.0.2.254/24,2001:db8::254/64 inside 2001:db8:1::254/64
host real1 inside 2001:db8:1::21/64
host real2 inside 2001:db8:1::22/64
on router sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1
on client ip route add 2001:db8:1::/64 via 2001:db8::254

say "Direct routing: as with IPv4, each server has the virtual address on lo. But no setting has to silence ARP: its \
successor, neighbour discovery, answers only for addresses of the interface that receives the request. Answers go \
through the router, not the director."
for real in real1 real2; do
	on $real ip address add $vip/128 dev lo
	on $real ip -6 route add default via 2001:db8:1::254
	serve $real :80
done
on director ipvsadm -A -t [$vip]:80 -s rr
on director ipvsadm -a -t [$vip]:80 -r [$real1]:80 -g
on director ipvsadm -a -t [$vip]:80 -r [$real2]:80 -g
ask client 40 http://[$vip]/
check "real1 answered half" "$(answers real1)" -eq 20
check "real2 answered half" "$(answers real2)" -eq 20
check "the servers saw the client's own address" "$(sources)" = 2001:db8::10
same_as_original director -Lcn
counted director [$vip]:80 40
on director ipvsadm -Ln
check "the service is forwarded by direct routing" "$(cell Forward [$vip]:80 [$real1]:80)" = Route
on director ipvsadm -Ln --stats
check "as many connections as requests" "$(cell Conns [$vip]:80)" -eq 40
check "no outgoing packets are counted" "$(cell OutPkts [$vip]:80)" -eq 0
# A few packets of neighbour discovery came in. Answers would be hundreds.
check "no answers came in from inside unseen by ip_vs" "$(received director eth1)" -lt 100
listings_as_original [$vip]:80

say "NAT from port 8080 to port 80: answers must pass the director, so it becomes the servers' router."
on director sysctl -qw net.ipv6.conf.all.forwarding=1
on real1 ip -6 route replace default via 2001:db8:1::1
on real2 ip -6 route replace default via 2001:db8:1::1
on director ipvsadm -A -t [$vip]:8080 -s rr
on director ipvsadm -a -t [$vip]:8080 -r [$real1]:80 -m
on director ipvsadm -a -t [$vip]:8080 -r [$real2]:80 -m
ask client 40 http://[$vip]:8080/
check "real1 answered half" "$(answers real1)" -eq 20
check "real2 answered half" "$(answers real2)" -eq 20
check "the servers saw the client's own address" "$(sources)" = 2001:db8::10
counted director [$vip]:8080 40
on director ipvsadm -Ln --stats -t [$vip]:8080
check "packets of all connections went out" "$(cell OutPkts [$vip]:8080)" -ge 80
listings_as_original [$vip]:8080

say "The IPv4 address: packets of one family cannot be routed or translated into the other, but a tunnel can carry \
whole IPv4 packets in IPv6 packets. ipvsadm refuses the other methods."
on director ipvsadm -A -t $vip4:80 -s rr
fails 2 director ipvsadm -a -t $vip4:80 -r [$real1]:80 -g
fails 2 director ipvsadm -a -t $vip4:80 -r [$real1]:80 -m
fails 2 director ipvsadm-original -a -t $vip4:80 -r [$real1]:80 -g
fails 2 director ipvsadm-original -a -t $vip4:80 -r [$real1]:80 -m
on director ipvsadm -a -t $vip4:80 -r [$real1]:80 -i
on director ipvsadm -a -t $vip4:80 -r [$real2]:80 -i

say "The servers unwrap the packets, and have the virtual address on the tunnel's interface. They answer in IPv4 \
through the router, which has only an IPv6 address on this network (via inet6)."
for number in 1 2; do
	on real$number ip link add four type ip6tnl mode ipip6 local 2001:db8:1::2$number remote 2001:db8:1::1
	on real$number ip address add $vip4/32 dev four
	on real$number ip link set four up
	on real$number ip -4 route add default via inet6 2001:db8:1::254 dev eth0
done
ask client 40 http://$vip4/
check "real1 answered half" "$(answers real1)" -eq 20
check "real2 answered half" "$(answers real2)" -eq 20
check "the servers saw the client's own IPv4 address" "$(sources)" = 192.0.2.10
no_faults director
on director ipvsadm -Ln
check "all three services are listed" "$(grep -c '^TCP' "$shown")" -eq 3
on director ipvsadm -Ln --tun-info -t $vip4:80
counted director $vip4:80 40
table director -Ln --stats
check "its answers do not pass the director" "$(cell OutPkts $vip4:80)" -eq 0
listings_as_original $vip4:80

say "The saved rules restore all three services."
on director sh -c 'ipvsadm-save -n >/root/rules'
on director cat /root/rules
on director ipvsadm -C
on director sh -c 'ipvsadm-restore </root/rules'
for url in http://[$vip]/ http://[$vip]:8080/ http://$vip4/; do
	ask client 4 "$url"
	check "both answered half" "$(answers real1) $(answers real2)" = "2 2"
done

say "A director with such a service cannot run a sync daemon, because its messages have no room for two families. \
The kernel refuses to start one."
fails 255 director ipvsadm --start-daemon master --mcast-interface eth0
fails 255 director ipvsadm-original --start-daemon master --mcast-interface eth0
