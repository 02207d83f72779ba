#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# My LVS does not work: what can be wrong between two directors
#
#        client            director1            director2
#        192.0.2.10        192.0.2.1            192.0.2.2
#        2001:db8::10      2001:db8::1          2001:db8::2
#            |             192.0.2.100              |
#            |             2001:db8::100            |
#            |                 |                    |
#     -------+--------+--------+-----------+--------+------------ lan
#                     |                    |
#                 192.0.2.21           192.0.2.22
#                 2001:db8::21         2001:db8::22
#                 real1                real2
#
#                          director1            director2
#                          10.0.0.1             10.0.0.2
#                              |                    |
#     -------------------------+--------------------+------------ private
#
# director1 has the virtual addresses, and director2 stands by with the same table,
# to which the sync daemon of director1 sends connections. The servers have the
# addresses on lo, too. One thing after the other is broken. Each time director2
# does not know what it should, --diagnose finds the cause, and its commands, as
# they are printed, mend it.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100 vip6=2001:db8::100
# Without the address, director2 is right, and a warning says that it may be.
on_standby=(--skip vip-missing)

known=0
# connections: how many open connections director2 knows.
connections() { quietly director2 ipvsadm -Lcn | grep -c ESTABLISHED || :; }
knows() { (($(connections) == $1)); }

# shared URL: the client opens two connections, and director2 learns of them.
shared() {
	keep client 2 "$1"
	known=$((known + 2))
	await "director2 knows them" knows $known
}

# not_shared URL: the client opens two connections, and director2 does not learn of them.
not_shared() {
	keep client 2 "$1"
	sleep 3
	check "director2 does not know them" "$(connections)" -eq $known
}

# move FROM TO: moves the virtual address, as keepalived would.
move() {
	on "$1" ip address delete $vip/32 dev eth0
	on "$2" ip address add $vip/32 dev eth0
	on "$2" arping -q -U -c 2 -I eth0 $vip
}

switch lan
switch private
host client lan 192.0.2.10/24,2001:db8::10/64
host director1 lan 192.0.2.1/24,$vip/32,2001:db8::1/64,$vip6/128 private 10.0.0.1/24
host director2 lan 192.0.2.2/24,2001:db8::2/64 private 10.0.0.2/24
for i in 1 2; do
	host real$i lan 192.0.2.2$i/24,2001:db8::2$i/64
	quietly real$i sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	quietly real$i ip address add $vip/32 dev lo
	quietly real$i ip address add $vip6/128 dev lo
	serve real$i :80
	serve real$i :443
done
write /etc/ipvsadm.rules <<RULES
-A -t $vip:80 -s rr
-a -t $vip:80 -r 192.0.2.21:80 -g
-a -t $vip:80 -r 192.0.2.22:80 -g
-A -t $vip:443 -s rr -p 600
-a -t $vip:443 -r 192.0.2.21:443 -g
-a -t $vip:443 -r 192.0.2.22:443 -g
-A -t [$vip6]:80 -s rr
-a -t [$vip6]:80 -r [2001:db8::21]:80 -g
-a -t [$vip6]:80 -r [2001:db8::22]:80 -g
RULES
on director1 bash -c 'ipvsadm-restore </etc/ipvsadm.rules'
on director2 bash -c 'ipvsadm-restore </etc/ipvsadm.rules'
on director1 ipvsadm --start-daemon master --mcast-interface eth1 --syncid 7
on director2 ipvsadm --start-daemon backup --mcast-interface eth1 --syncid 7

say "It works, and nothing is found."
shared http://$vip/
finds_nothing director1
finds_nothing director2 "${on_standby[@]}"

trouble "The backup director does not know the connections." "The interface of its daemon is down."
on director2 ip link set eth1 down
not_shared http://$vip/
found FAULT sync-if director2 "${on_standby[@]}"
mend director2
shared http://$vip/
finds_nothing

say "Or a firewall drops what the other daemon sends."
write /etc/nftables.conf <<'RULES'
table inet firewall {
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		meta l4proto { icmp, ipv6-icmp } accept
		tcp dport { 22, 80, 443 } accept
	}
}
RULES
on director2 nft -f /etc/nftables.conf
not_shared http://$vip/
found WARNING sync-fw director2 "${on_standby[@]}"
mend director2
shared http://$vip/
finds_nothing
on director2 nft flush ruleset

trouble "The backup director knows the connections of IPv4, but none of IPv6." "The other one sends messages of the old version, \
which have no room for such addresses."
on director1 sysctl -qw net.ipv4.vs.sync_version=0
not_shared "http://[$vip6]/"
found WARNING sync-version director1
mend director1
shared "http://[$vip6]/"
finds_nothing

broken() { (($(grep -c ^nobody /tmp/hold) == 2)); }
knows_template() { quietly director2 ipvsadm -Lcn --persistent-conn | grep -q '^TCP .* 192.0.2.10:0 '; }
trouble "Connections of a persistent service break when the backup director takes over." "To save messages, only the templates are \
sent, which keep clients at their servers. Then a director must let packets in the midst of a connection open an entry."
for director in director1 director2; do
	on $director sysctl -qw net.ipv4.vs.sync_persist_mode=1
done
hold client 2 http://$vip:443/
await "director2 knows the template" knows_template
move director1 director2
await "both connections are broken" broken
found WARNING sloppy director2 "${on_standby[@]}"
mend director2
wait "${stream[hold]}" 2>/dev/null || : # it has ended with its connections
say "The address moves back, the client opens two connections anew, and then it moves again."
move director2 director1
hold client 2 http://$vip:443/
move director1 director2
go_on "both connections continue" 2
release hold
finds_nothing
move director2 director1
for director in director1 director2; do
	on $director sysctl -qw net.ipv4.vs.sync_persist_mode=0
done

both=192.0.2.101
trouble "Some connections time out, and the network is busy with nothing." "Both directors are servers, too. director2 has the \
address on lo, as servers of direct routing have, and its table sends what director1 sent it back to director1."
on director2 sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
on director1 ip address add $both/32 dev eth0
on director2 ip address add $both/32 dev lo
for director in director1 director2; do
	serve $director :8080
	on $director ipvsadm -A -t $both:8080 -s rr
	on $director ipvsadm -a -t $both:8080 -r 192.0.2.1 -g
	on $director ipvsadm -a -t $both:8080 -r 192.0.2.2 -g
done
before=$(received director1 eth0)
PATIENCE=3s quietly client traffic ask 4 http://$both:8080/ >"$tally"
check "a request has no answer" "$(answers nobody)" -ge 1
check "packets went round" $(($(received director1 eth0) - before)) -gt 30
echo "  ($(($(received director1 eth0) - before)) packets)"
found FAULT backup-only director2 -t $both:8080 --skip vip-noarp
found FAULT r-self director2 real-server -t $both:8080 -g --director 192.0.2.1
mend director2
ask client 4 http://$both:8080/
check "each director has its share" "$(answers director1) $(answers director2)" = "2 2"
finds_nothing
finds_nothing director2 -t $both:8080 --skip vip-noarp

trouble "Rules cannot be restored." "They have an address of IPv4 with a server of IPv6, behind a tunnel, and a sync daemon, which \
the kernel takes only without such servers. --rules needs no IPVS, and finds that before the rules are used."
write /root/rules <<RULES
--start-daemon master --mcast-interface eth1 --syncid 7
-A -t 192.0.2.102:80 -s rr
-a -t 192.0.2.102:80 -r [2001:db8::21]:80 -i
RULES
fails 255 director1 sh -c 'ipvsadm-restore </root/rules'
found FAULT mixed-family director1 --rules /root/rules
on director1 sed -i 1d /root/rules
finds_nothing
on director1 ipvsadm --stop-daemon master
on director1 sh -c 'ipvsadm-restore </root/rules'

list_found
