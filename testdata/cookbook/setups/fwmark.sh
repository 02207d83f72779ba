#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Firewall marks: two ports as one service
#
#        client1         client2
#        192.0.2.11      192.0.2.12
#        2001:db8::11    2001:db8::12
#            |               |
#     -------+------+--------+---------------------------------- outside
#                   |
#               director
#               192.0.2.1, 2001:db8::1
#               192.0.2.100, 2001:db8::100: the virtual addresses
#               198.51.100.1, 2001:db8:1::1
#                   |
#     -------+------+-------+----------------------------------- inside
#            |              |
#       198.51.100.21  198.51.100.22
#       2001:db8:1::21 2001:db8:1::22
#          real1          real2
#
# A shop keeps a client's basket on the server where the client filled it, on
# port 80. The client must pay at the same server, on port 443. The firewall
# marks packets to both ports with one number, and a service of that mark takes
# them all.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100 vip6=2001:db8::100

# The servers that answered in the last chart.
who() {
	awk '$2 { names = names (names == "" ? "" : " and ") $1 } END { print names }' "$tally"
}

# same_server CLIENT ADDRESS SERVER
same_server() {
	local port
	for port in 80 443; do
		ask "$1" 3 "http://$2:$port/"
		check "$1 has $3 on port $port" "$(who)" = "$3"
	done
}

switch outside
switch inside
host director outside 192.0.2.1/24,2001:db8::1/64,$vip/32,$vip6/128 inside 198.51.100.1/24,2001:db8:1::1/64
for i in 1 2; do
	host client$i outside 192.0.2.1$i/24,2001:db8::1$i/64
	host real$i inside 198.51.100.2$i/24,2001:db8:1::2$i/64
	on real$i ip route add default via 198.51.100.1
	on real$i ip route add default via 2001:db8:1::1
done
on director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

say "Both servers answer on both ports, and the director translates addresses. At first each port is a service of \
its own. Both services are persistent (-p): for ten minutes a client comes back to its server."
for real in real1 real2; do
	serve $real :80
	serve $real :443
done
for port in 80 443; do
	on director ipvsadm -A -t $vip:$port -s rr -p 600
	on director ipvsadm -a -t $vip:$port -r 198.51.100.21:$port -m
	on director ipvsadm -a -t $vip:$port -r 198.51.100.22:$port -m
done
say "But each service chooses on its own. With two clients it goes wrong if the second one uses port 443 first:"
ask client1 3 http://$vip:80/
first=$(who)
ask client2 3 http://$vip:443/
ask client1 3 http://$vip:443/
check "client1 has another server on port 443" "$first $(who)" = "real2 real1"

say "Now both ports become one service. nftables marks packets to both ports with 1 before they are routed, and so \
before ip_vs sees them. The service is that mark (-f). Its servers have port 0, which stands for the port that the \
client called."
on director ipvsadm -C
on director nft add table ip shop
on director nft add chain ip shop marks '{ type filter hook prerouting priority mangle; }'
on director nft add rule ip shop marks ip daddr $vip tcp dport '{ 80, 443 }' meta mark set 1
on director ipvsadm -A -f 1 -s rr -p 600
on director ipvsadm -a -f 1 -r 198.51.100.21:0 -m
on director ipvsadm -a -f 1 -r 198.51.100.22:0 -m
same_server client1 $vip real2
same_server client2 $vip real1
on director ipvsadm -Ln
check "each server had six connections" "$(cell InActConn 1 198.51.100.21:0) $(cell InActConn 1 198.51.100.22:0)" = "6 6"
same_as_original director -Ln
same_as_original director -L
on director ipvsadm -S -n
same_as_original director -S -n
say "An entry among the connections keeps a client at its server. It has the protocol IP, and the mark in place of \
the virtual address."
on director sh -c 'ipvsadm -Lcn | grep "^IP " | sort -k 4'
check "there is one for each client" "$(awk '{ print $4, $5, $6 }' "$shown" | xargs)" = \
	"192.0.2.11:0 0.0.0.1:0 198.51.100.22:0 192.0.2.12:0 0.0.0.1:0 198.51.100.21:0"
same_as_original director -Lcn
same_as_original director -Lc

say "Without the mark there is no service."
on director nft delete table ip shop
ask client1 1 http://$vip:80/
check "the connection is refused" "$(answers nobody)" -eq 1
say "iptables can set the mark too. The clients keep their servers."
on director iptables -t mangle -A PREROUTING -d $vip -p tcp -m multiport --dports 80,443 -j MARK --set-mark 1
same_server client1 $vip real2
same_server client2 $vip real1

say "For IPv6, the service of a mark needs -6. It may have the same number as a service for IPv4."
on director nft add table ip6 shop
on director nft add chain ip6 shop marks '{ type filter hook prerouting priority mangle; }'
on director nft add rule ip6 shop marks ip6 daddr $vip6 tcp dport '{ 80, 443 }' meta mark set 1
on director ipvsadm -A -f 1 -6 -s rr -p 600
on director ipvsadm -a -f 1 -6 -r '[2001:db8:1::21]:0' -m
on director ipvsadm -a -f 1 -6 -r '[2001:db8:1::22]:0' -m
same_server client1 "[$vip6]" real2
same_server client2 "[$vip6]" real1
no_faults director
on director ipvsadm -Ln
check "both services are listed" "$(grep -c '^FWM  1 ' "$shown")" -eq 2
check "one of them is listed as IPv6" "$(grep -c '^FWM  1 IPv6' "$shown")" -eq 1
same_as_original director -Ln
same_as_original director -Ln -f 1 -6
same_as_original director -Lcn
same_as_original director -S -n
