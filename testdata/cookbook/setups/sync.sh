#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sync daemons: open connections survive the loss of a director
#
#        client            director1            director2
#        192.0.2.10        192.0.2.1            192.0.2.2
#            |             192.0.2.100              |
#            |                 |                    |
#     -------+--------+--------+-----------+--------+------------ lan
#                     |                    |
#                 192.0.2.21           192.0.2.22
#                 192.0.2.100 on lo    192.0.2.100 on lo
#                 real1                real2
#
#                          director1            director2
#                          10.0.0.1             10.0.0.2
#                              |                    |
#     -------------------------+--------------------+------------ private
#
# director1 has the virtual address, and director2 stands by with the same table.
# Only director1 knows which server a connection belongs to. So its sync daemon,
# the master, sends the connections by multicast to the daemon on director2, the
# backup. When the address moves, director2 continues the open connections.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100

# The open connections to port 80 that a director knows: source, virtual address, server.
connections() {
	quietly "$1" ipvsadm -Lcn | awk '$3 == "ESTABLISHED" && $5 ~ /:80$/ { print $4, $5, $6 }' | sort
}

knows() {
	(($(connections "$1" | wc -l) == $2))
}

know_the_same() {
	[[ $(connections director1) == "$(connections director2)" ]]
}

# packets HOST PATTERN: how many packets the rule that matches PATTERN has counted.
packets() {
	quietly "$1" nft list chain inet seen sync | sed -n "s/.*$2.* counter packets \([0-9]*\).*/\1/p"
}

came() {
	(($(packets "$1" "$2") >= $3))
}

move() {
	on "$1" ip address del $vip/32 dev eth0
	on "$2" ip address add $vip/32 dev eth0
	on "$2" arping -q -U -c 2 -I eth0 $vip
}

switch lan
switch private
host client lan 192.0.2.10/24
host director1 lan 192.0.2.1/24 private 10.0.0.1/24
host director2 lan 192.0.2.2/24 private 10.0.0.2/24
host real1 lan 192.0.2.21/24
host real2 lan 192.0.2.22/24
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1
	on $real sysctl -qw net.ipv4.conf.all.arp_announce=2
	on $real ip address add $vip/32 dev lo
	serve $real :80
	serve $real :443
done

say "The servers are prepared for direct routing (see that section). Both directors need the same table, because a \
daemon sends connections, not services. Port 443 is persistent."
write /etc/ipvsadm.rules <<RULES
-A -t $vip:80 -s rr
-a -t $vip:80 -r 192.0.2.21:80 -g
-a -t $vip:80 -r 192.0.2.22:80 -g
-A -t $vip:443 -s rr -p 600
-a -t $vip:443 -r 192.0.2.21:443 -g
-a -t $vip:443 -r 192.0.2.22:443 -g
RULES
on director1 bash -c 'ipvsadm-restore </etc/ipvsadm.rules'
on director2 bash -c 'ipvsadm-restore </etc/ipvsadm.rules'
on director1 ip address add $vip/32 dev eth0

say "nftables on both directors counts the packets of the daemons."
write /etc/nftables.conf <<'RULES'
table inet seen {
	chain sync {
		type filter hook input priority 0;
		ip daddr 224.0.0.81 ip ttl 1 udp dport 8848 counter
		ip daddr 239.1.2.3 ip ttl 5 udp dport 8849 counter
		udp dport 8849 ip length 180-228 counter
		udp dport 8849 ip length > 228 counter
	}
}
RULES
on director1 nft -f /etc/nftables.conf
on director2 nft -f /etc/nftables.conf

say "The daemons use the network that only the directors share, because anyone there could read all connections, or \
forge some. A backup accepts messages with its own syncid, or all messages if its syncid is 0 or not set. Here the \
syncids differ by mistake."
on director1 ipvsadm --start-daemon master --mcast-interface eth1 --syncid 7
on director2 ipvsadm --start-daemon backup --mcast-interface eth1 --syncid 8
on director1 ipvsadm -L --daemon
on director2 ipvsadm -L --daemon
same_as_original director1 -L --daemon
same_as_original director2 -L --daemon
hold client 4 http://$vip:80/
so_far hold 20
await "packets of director1's daemon reach director2" came director2 224.0.0.81 3
on director2 ipvsadm -Lcn
check "with another syncid director2 ignores them" "$(quietly director2 ipvsadm -Lcn | grep -c TCP)" -eq 0

say "The options of a running daemon cannot be changed, so it is stopped and started again. The master sends a \
connection at its third packet, then at every fiftieth (net.ipv4.vs.sync_threshold is \"3 50\"), and when its state \
changes. So director2 soon knows the older connections too."
fails 255 director2 ipvsadm --start-daemon backup --mcast-interface eth1 --syncid 7
fails 255 director2 ipvsadm-original --start-daemon backup --mcast-interface eth1 --syncid 7
on director2 ipvsadm --stop-daemon backup
on director2 ipvsadm --start-daemon backup --mcast-interface eth1 --syncid 7
await "director2 knows four connections" knows director2 4
on director1 sh -c 'ipvsadm -Lcn | grep TCP | sort -k 6'
on director2 sh -c 'ipvsadm -Lcn | grep TCP | sort -k 6'
check "they are director1's connections, with the same servers" "$(connections director2)" = "$(connections director1)"
same_as_original director2 -Lcn
no_faults director1
no_faults director2

say "director2's table counts these connections as its own, but director2 has not seen a packet of them."
on director2 ipvsadm -Ln
check "two open connections with real1" "$(cell ActiveConn $vip:80 192.0.2.21:80)" -eq 2
check "two open connections with real2" "$(cell ActiveConn $vip:80 192.0.2.22:80)" -eq 2
same_as_original director2 -Ln
table director2 -Ln --stats
check "director2 has counted no packets" "$(cell InPkts $vip:80)" -eq 0

say "The daemon also sends persistence templates: here, that the client belongs to one server for ten minutes."
ask client 6 http://$vip:443/
favourite=$(awk '$2 == 6 { print $1 }' "$tally")
check "one server answers all" "$(answers "${favourite:-none}")" -eq 6
knows_template() { quietly "$1" ipvsadm -Lcn --persistent-conn | grep -q '^TCP .* 192.0.2.10:0 '; }
await "director2 knows the template" knows_template director2
on director1 bash -c 'ipvsadm -Lcn --persistent-conn | grep ":0 "'
on director2 bash -c 'ipvsadm -Lcn --persistent-conn | grep ":0 "'

say "Now the virtual address moves, as keepalived or Heartbeat would move it when director1 fails. Gratuitous ARP \
announces the new Ethernet address to the client. The four connections are still open and in use."
before=$(connections director2)
so_far hold >/dev/null
move director1 director2
go_on "all four continue" 4
so_far hold 40
check "none of them broke" "$(answers nobody)" -eq 0
check "real1 and real2 both answer" "$(($(answers real1) > 0 && $(answers real2) > 0))" -eq 1
check "each has the server it had" "$(connections director2)" = "$before"
passing() { table director2 -Ln --stats; (($(cell InPkts $vip:80) > 0)); }
await "their packets now pass director2" passing
check "it has not scheduled them anew" "$(cell Conns $vip:80)" -eq 0
ask client 6 http://$vip:443/
check "new connections to port 443 still go to the client's server" "$(answers "$favourite")" -eq 6

say "Now director2 must send. A director can run both daemons at once, so director1's idle master and director2's \
backup could keep running: many administrators run both on both directors from the start. These two daemons use \
another group and port, a TTL for routers between them, and short packets. (A backup's maxlen is the size of its \
buffer, never below 1024.)"
options=(--mcast-interface eth1 --syncid 7 --mcast-group 239.1.2.3 --mcast-port 8849 --mcast-ttl 5 --sync-maxlen 200)
on director2 ipvsadm --start-daemon master "${options[@]}"
on director1 ipvsadm --start-daemon backup "${options[@]}"
on director1 ipvsadm -L --daemon
on director2 ipvsadm -L --daemon
same_as_original director1 -L --daemon
same_as_original director2 -L --daemon
ask client 50 http://$vip:443/
await "director1 gets many packets with this group, port and TTL" came director1 239.1.2.3 8
roughly director1 nft list chain inet seen sync
check "some are nearly 200 bytes long, with 28 of IP and UDP headers" "$(packets director1 'length 180-228')" -gt 0
check "none is longer" "$(packets director1 'length > 228')" -eq 0

say "director1 is back, and the address moves back."
await "director1 knows what director2 knows" know_the_same
so_far hold >/dev/null
move director2 director1
go_on "all four continue" 4
so_far hold 40
check "none of the four connections broke" "$(answers nobody)" -eq 0
check "each still has the server it had" "$(connections director1)" = "$before"
release hold

say "The daemons are stopped."
for director in director1 director2; do
	on $director ipvsadm --stop-daemon master
	on $director ipvsadm --stop-daemon backup
done
fails 255 director2 ipvsadm --stop-daemon backup
fails 255 director2 ipvsadm-original --stop-daemon backup
on director1 ipvsadm -L --daemon
check "no daemon is left" "$(quietly director2 ipvsadm -L --daemon)" = ""

say "Without daemons the other director knows nothing of open connections. Normally it accepts only the first packet \
of a connection, and any other packet is answered with a reset. So the connections break."
hold client 2 http://$vip:80/
move director1 director2
broken() { (($(grep -c ^nobody /tmp/hold) == 2)); }
await "both connections are broken" broken
so_far hold 0
check "a reset broke them" "$(grep -c '^nobody connection reset by peer #' /tmp/hold)" -eq 2

say "There is one way without daemons. With net.ipv4.vs.sloppy_tcp=1 any packet may begin a connection, and if a \
hash chooses the server, both directors choose the same one: here mh, by address and port. (With sh that holds only \
if the servers were added in the same order on both directors, and only a listing with --nosort shows that order.)"
for director in director1 director2; do
	on $director sysctl -qw net.ipv4.vs.sloppy_tcp=1
	on $director ipvsadm -E -t $vip:80 -s mh -b mh-port
done
hold client 16 http://$vip:80/
before=$(connections director2)
move director2 director1
go_on "all sixteen continue" 16
so_far hold 160
check "none of the sixteen connections broke" "$(answers nobody)" -eq 0
check "each has the server it had" "$(grep -cxFf <(connections director1) <<<"$before")" -eq 16
on director1 ipvsadm -Ln
same_as_original director1 -Ln
release hold
