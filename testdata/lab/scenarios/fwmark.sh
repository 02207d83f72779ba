#!/usr/bin/env bash
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
# A shop keeps a client's basket on the server where the client filled it on
# port 80, and where it must pay on port 443. The firewall marks the packets to
# both ports with one number, and a service of that mark takes them all.

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

vip=192.0.2.100 vip6=2001:db8::100

# Who answered in the last chart, if only one did.
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

say "Both servers answer on both ports, through the director, which translates addresses. First each port is a service of \
its own. Both are persistent (-p): a client that was at a server comes back to it for ten minutes."
for real in real1 real2; do
	serve $real :80
	serve $real :443
done
for port in 80 443; do
	on director ipvsadm -A -t $vip:$port -s rr -p 600
	on director ipvsadm -a -t $vip:$port -r 198.51.100.21:$port -m
	on director ipvsadm -a -t $vip:$port -r 198.51.100.22:$port -m
done
say "But each service chooses for itself. With two clients, the second of which comes to port 443 first, it goes wrong:"
ask client1 3 http://$vip:80/
first=$(who)
ask client2 3 http://$vip:443/
ask client1 3 http://$vip:443/
check "client1 has another server on port 443" "$first $(who)" = "real2 real1"

say "Now the group. nftables marks packets to both ports with 1 before they are routed, and so before ip_vs sees them. \
The service is that mark (-f), and its servers have port 0, which is whatever port the client asked for."
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
say "What keeps a client to its server is an entry among the connections, with protocol IP and the mark in place \
of the virtual address."
on director sh -c 'ipvsadm -Lcn | grep "^IP " | sort -k 4'
check "there is one for each client" "$(awk '{ print $4, $5, $6 }' "$shown" | xargs)" = \
	"192.0.2.11:0 0.0.0.1:0 198.51.100.22:0 192.0.2.12:0 0.0.0.1:0 198.51.100.21:0"
same_as_original director -Lcn
same_as_original director -Lc

say "Without the mark there is no service."
on director nft delete table ip shop
ask client1 1 http://$vip:80/
check "the connection is refused" "$(answers nobody)" -eq 1
say "The same with iptables. The clients stay where they were."
on director iptables -t mangle -A PREROUTING -d $vip -p tcp -m multiport --dports 80,443 -j MARK --set-mark 1
same_server client1 $vip real2
same_server client2 $vip real1

say "And with IPv6, of which -6 tells the mark's service. It may have the same number."
on director nft add table ip6 shop
on director nft add chain ip6 shop marks '{ type filter hook prerouting priority mangle; }'
on director nft add rule ip6 shop marks ip6 daddr $vip6 tcp dport '{ 80, 443 }' meta mark set 1
on director ipvsadm -A -f 1 -6 -s rr -p 600
on director ipvsadm -a -f 1 -6 -r '[2001:db8:1::21]:0' -m
on director ipvsadm -a -f 1 -6 -r '[2001:db8:1::22]:0' -m
same_server client1 "[$vip6]" real2
same_server client2 "[$vip6]" real1
on director ipvsadm -Ln
check "both services are listed" "$(grep -c '^FWM  1 ' "$shown")" -eq 2
check "one as IPv6" "$(grep -c '^FWM  1 IPv6' "$shown")" -eq 1
same_as_original director -Ln
same_as_original director -Ln -f 1 -6
same_as_original director -Lcn
same_as_original director -S -n
