#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Direct routing with the scripts of the guides: ifconfig, route, and a loop of ipvsadm
#
#       client
#       198.51.100.10
#           |
#     ------+-----+----------------------------------------- outside
#                 |
#               router
#               198.51.100.1, 192.0.2.254
#                 |
#     ------+-----+------+----------------+----------------+------- lan
#           |            |                |                |
#        director      real1            real2            real3
#        192.0.2.1     192.0.2.21       192.0.2.22       192.0.2.23
#        192.0.2.100   192.0.2.100      192.0.2.100      192.0.2.100
#        on eth0:0     on lo:0          on lo:0          on lo:0
#
# Nearly every guide to LVS has two scripts: one for the director, one for the
# real servers, each with start and stop. The two scripts here follow that model,
# with Debian's net-tools.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs ifconfig route

vip=192.0.2.100

switch outside
switch lan
host client outside 198.51.100.10/24
host router outside 198.51.100.1/24 lan 192.0.2.254/24
host director lan 192.0.2.1/24
host real1 lan 192.0.2.21/24
host real2 lan 192.0.2.22/24
host real3 lan 192.0.2.23/24
on router sysctl -qw net.ipv4.ip_forward=1
on client ip route add default via 198.51.100.1
for host in director real1 real2 real3; do
	on $host ip route add default via 192.0.2.254
done
cat >>/etc/hosts <<HOSTS
$vip www.example
192.0.2.21 real1.example
192.0.2.22 real2.example
192.0.2.23 real3.example
HOSTS
on director grep ^192.0.2 /etc/hosts

say "The director's script brings up the virtual address on the alias eth0:0, empties the table, and adds the \
service with its servers. --set sets for how many seconds the director remembers idle connections: of TCP, of TCP \
after a FIN, and of UDP. At the end, ipvsadm without options lists the table, with names."
write /usr/local/sbin/lvsdr <<'SCRIPT'
#!/bin/sh
vip=192.0.2.100
servers="192.0.2.21 192.0.2.22 192.0.2.23"

case "$1" in
start)
    /sbin/ifconfig eth0:0 $vip netmask 255.255.255.255 broadcast $vip up
    /sbin/route add -host $vip dev eth0:0
    /sbin/ipvsadm -C
    /sbin/ipvsadm --set 30 120 300
    /sbin/ipvsadm -A -t $vip:80 -s rr
    for server in $servers; do
        /sbin/ipvsadm -a -t $vip:80 -r $server:80 -g
    done
    /sbin/ipvsadm
    ;;
stop)
    /sbin/ipvsadm -C
    /sbin/route del -host $vip dev eth0:0
    /sbin/ifconfig eth0:0 down
    ;;
*)
    echo "Usage: $0 start|stop" >&2
    exit 1
    ;;
esac
SCRIPT

say "The script of the real servers stops them from answering ARP requests for the virtual address, then brings it \
up on lo:0."
write /usr/local/sbin/realserver <<'SCRIPT'
#!/bin/sh
vip=192.0.2.100

case "$1" in
start)
    for interface in lo all; do
        echo 1 >/proc/sys/net/ipv4/conf/$interface/arp_ignore
        echo 2 >/proc/sys/net/ipv4/conf/$interface/arp_announce
    done
    /sbin/ifconfig lo:0 $vip netmask 255.255.255.255 broadcast $vip up
    /sbin/route add -host $vip dev lo:0
    ;;
stop)
    /sbin/route del -host $vip dev lo:0
    /sbin/ifconfig lo:0 down
    for interface in lo all; do
        echo 0 >/proc/sys/net/ipv4/conf/$interface/arp_ignore
        echo 0 >/proc/sys/net/ipv4/conf/$interface/arp_announce
    done
    ;;
*)
    echo "Usage: $0 start|stop" >&2
    exit 1
    ;;
esac
SCRIPT
chmod +x /usr/local/sbin/lvsdr /usr/local/sbin/realserver

# The settings of a host that the scripts change, except the timeouts of ip_vs.
settings() {
	quietly "$1" ip -4 address show
	quietly "$1" ip -4 route show table all
	quietly "$1" sysctl net.ipv4.conf.{lo,all}.arp_{ignore,announce}
	quietly "$1" ipvsadm -Sn
}
for host in director real1; do
	settings $host >/tmp/$host-before
done

say "Both scripts run. The names in the listing come from /etc/hosts."
for real in real1 real2 real3; do
	on $real realserver start
	serve $real :80
done
on real1 ifconfig lo:0
on director lvsdr start
check "the listing has the names of all three servers" "$(grep -c '^  -> real[123].example:http ' "$shown")" -eq 3
on director ipvsadm -L --timeout
check "the timeouts are set" "$(<"$shown")" = "Timeout (tcp tcpfin udp): 30 120 300"
same_as_original director -L --timeout
same_as_original director -L
quietly director ipvsadm-original >/tmp/original
quietly director ipvsadm >/tmp/ours
cmp /tmp/original /tmp/ours || fail "the original ipvsadm prints something else"
passed "the original ipvsadm prints the same without options"

say "The client sends requests from behind a router. The servers see its own address, and answer through the router."
ask client 90 http://$vip/
for real in real1 real2 real3; do
	check "$real answered a third" "$(answers $real)" -eq 30
done
check "the servers saw the client's own address" "$(sources)" = 198.51.100.10
no_faults director
counted director $vip:80 90
on director ipvsadm -Ln --stats
check "ip_vs counted no answers through the director" "$(cell OutPkts $vip:80)" -eq 0
# Besides the requests, a few dozen packets of ARP and IPv6 came in. Answers would be hundreds.
check "no answers came in unseen by ip_vs" "$(received director eth0)" -lt $(($(cell InPkts $vip:80) + 100))
same_as_original director -Ln --stats

say "The web server of real2 ends. ipvsadm alone does not notice, and a third of the requests is refused."
stop real2
ask client 30 http://$vip/
check "a third had no answer" "$(answers nobody)" -eq 10

say "So an administrator must delete real2 by hand. keepalived and ldirectord would do it on their own."
on director ipvsadm -d -t $vip:80 -r 192.0.2.22:80
ask client 30 http://$vip/
check "real1 answered half" "$(answers real1)" -eq 15
check "real3 answered half" "$(answers real3)" -eq 15
on director ipvsadm
same_as_original director -Ln

say "real2 is back. A second start restores the table. route only complains that the route exists. The kernel still \
knows the connections of each server, so they count again."
serve real2 :80
roughly director lvsdr start
check "route says that the route exists" "$(grep -c '^SIOCADDRT: File exists' "$shown")" -eq 1
check "ipvsadm reports no error" "$(wc -l <"$shown")" -eq 8
ask client 30 http://$vip/
check "all three answer" "$(answers real1) $(answers real2) $(answers real3)" = "10 10 10"

say "Finally the scripts stop the director and real1. Only the timeouts keep their values: they are not part of the \
table that -C empties."
on director lvsdr stop
on director ipvsadm
on director ipvsadm -L --timeout
check "the timeouts stay" "$(<"$shown")" = "Timeout (tcp tcpfin udp): 30 120 300"
on real1 realserver stop
for host in director real1; do
	settings $host >/tmp/$host-after
	diff /tmp/$host-before /tmp/$host-after || fail "$host is not as it was before"
	ok "$host has the addresses, routes and settings that it had before"
done
