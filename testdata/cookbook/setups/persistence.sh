#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Persistence: clients come back to their server
#
#        office1            office2            home             guest
#        203.0.113.11       203.0.113.12       192.0.2.10       10.0.0.10
#        2001:db8:a::11     2001:db8:a::12     2001:db8:b::10
#            |                  |                 |                |
#     -------+------+-----------+-----------------+----------------+- outside
#                   |
#               director
#               203.0.113.1, 192.0.2.1, 10.0.0.1, 2001:db8:a::1, 2001:db8:b::1
#               192.0.2.100, 2001:db8::100: the virtual addresses
#               198.51.100.1, 2001:db8:1::1
#                   |
#     -------+------+-------+---------------------------------------- inside
#            |              |
#       198.51.100.21  198.51.100.22
#       2001:db8:1::21 2001:db8:1::22
#          real1          real2
#
# A persistent service remembers for a while which server a client had. A whole
# network can count as one client, such as an office whose users come from
# several addresses. Persistence also matters when a server is drained.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100 vip6=2001:db8::100

# has CLIENT ADDRESS SERVER
has() {
	ask "$1" 4 "http://$2/"
	check "$1 has $3" "$(answers "$3")" -eq 4
}

# The entries that keep clients at their servers have 0 as the client's port.
templates() {
	on director sh -c "ipvsadm -Lcn | grep \"$1:0 \" | sort -k 4"
}

switch outside
switch inside
host office1 outside 203.0.113.11/24,2001:db8:a::11/64
host office2 outside 203.0.113.12/24,2001:db8:a::12/64
host home outside 192.0.2.10/24,2001:db8:b::10/64
host guest outside 10.0.0.10/24
host director outside 203.0.113.1/24,192.0.2.1/24,10.0.0.1/24,$vip/32,2001:db8:a::1/64,2001:db8:b::1/64,$vip6/128 \
	inside 198.51.100.1/24,2001:db8:1::1/64
for i in 1 2; do
	host real$i inside 198.51.100.2$i/24,2001:db8:1::2$i/64
	on real$i ip route add default via 198.51.100.1
	on real$i ip route add default via 2001:db8:1::1
	on office$i ip route add default via 203.0.113.1
	on office$i ip route add default via 2001:db8:a::1
done
on guest ip route add default via 10.0.0.1
on home ip route add default via 2001:db8:b::1
on director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

say "The director translates addresses. Round robin (rr) would spread each client's requests, but the service is \
persistent (-p): for 300 seconds after its last connection a client gets the same server again."
serve real1 :80
serve real2 :80
on director ipvsadm -A -t $vip:80 -s rr -p 300
on director ipvsadm -a -t $vip:80 -r 198.51.100.21:80 -m
on director ipvsadm -a -t $vip:80 -r 198.51.100.22:80 -m
has office1 $vip real2
has office2 $vip real1
has home $vip real2

say "The list of connections has an entry for each client, with 0 as the client's port."
templates ''
check "there are three entries" "$(awk '{ print $4 }' "$shown" | xargs)" = "192.0.2.10:0 203.0.113.11:0 203.0.113.12:0"
same_as_original director -Lcn
same_as_original director -Lcn --persistent-conn
say "--persistent-conn shows how many of these entries each server has."
on director ipvsadm -Ln --persistent-conn
check "real2 has two" "$(cell PersistConn $vip:80 198.51.100.22:80)" -eq 2
same_as_original director -Ln --persistent-conn

say "Now a network of 24 bits counts as one client (-M). So the office keeps its server when its users change \
addresses, as behind many proxies."
on director ipvsadm -C
on director ipvsadm -A -t $vip:80 -s rr -p 300 -M 255.255.255.0
on director ipvsadm -a -t $vip:80 -r 198.51.100.21:80 -m
on director ipvsadm -a -t $vip:80 -r 198.51.100.22:80 -m
has office1 $vip real2
has office2 $vip real2
has home $vip real1
templates '\.0'
check "each network has one entry" "$(awk '{ print $4 }' "$shown" | xargs)" = "192.0.2.0:0 203.0.113.0:0"
on director ipvsadm -Ln
check "the listing shows what counts as a client" "$(grep -c 'persistent 300 mask 255.255.255.0' "$shown")" -eq 1
same_as_original director -Ln
same_as_original director -Lcn --persistent-conn
same_as_original director -S -n

say "For IPv6 the mask is a prefix length."
on director ipvsadm -A -t "[$vip6]:80" -s rr -p 300 -M 64
on director ipvsadm -a -t "[$vip6]:80" -r '[2001:db8:1::21]:80' -m
on director ipvsadm -a -t "[$vip6]:80" -r '[2001:db8:1::22]:80' -m
has office1 "[$vip6]" real2
has office2 "[$vip6]" real2
has home "[$vip6]" real1
no_faults director
templates '::]'
check "each network of 64 bits has one entry" "$(awk '{ print $4 }' "$shown" | xargs)" = "[2001:db8:a::]:0 [2001:db8:b::]:0"
on director ipvsadm -Ln -t "[$vip6]:80"
same_as_original director -Ln -t "[$vip6]:80"
same_as_original director -Lcn
same_as_original director -S -n

say "Before maintenance real2 gets weight 0. New clients do not get it. The office, which had it before, still does, \
and each new connection extends that by 300 seconds. So real2 may never become idle."
on director ipvsadm -e -t $vip:80 -r 198.51.100.22:80 -m -w 0
has office1 $vip real2
has guest $vip real1
say "With expire_quiescent_template=1, clients that come back do not get a server of weight 0 either. Open \
connections would continue."
on director sysctl -w net.ipv4.vs.expire_quiescent_template=1
has office1 $vip real1
has office2 $vip real1
say "The old entry remains until it expires, with a port that no service has."
templates '113\.0'
check "the old entry belongs to no service" "$(awk '{ print $5 }' "$shown" | sort | xargs)" = "$vip:65535 $vip:80"
say "When real2 is back, it gets only clients that have no entry."
on director ipvsadm -e -t $vip:80 -r 198.51.100.22:80 -m -w 1
has office2 $vip real1
on director ipvsadm -Ln --persistent-conn
same_as_original director -Ln --persistent-conn
same_as_original director -Lcn --persistent-conn
