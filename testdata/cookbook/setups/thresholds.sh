#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Thresholds and weight 0: servers that get no new connections
#
#       early, late, client              director
#       192.0.2.11, .12, .10             192.0.2.1
#            |                           192.0.2.100 on eth0: the virtual address
#            |                              |
#     -------+---------------+--------------+----------------+------- lan
#                            |                               |
#                        192.0.2.21                      192.0.2.22
#                        192.0.2.100 on lo               192.0.2.100 on lo
#                        real1                           real2
#
# A server of limited capacity has an upper threshold: when it has that many
# connections, it gets no new ones until it has fewer than its lower threshold.
# Before maintenance a server gets weight 0: it gets no new connections either,
# and keeps those it has until they end.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100
real1=192.0.2.21:80 real2=192.0.2.22:80

# connections_are COUNT: whether ip_vs knows COUNT connections of real1, in any state.
connections_are() {
	table director -Ln
	(($(cell ActiveConn $vip:80 $real1) + $(cell InActConn $vip:80 $real1) == $1))
}

switch lan
host early lan 192.0.2.11/24
host late lan 192.0.2.12/24
host client lan 192.0.2.10/24
host director lan 192.0.2.1/24,$vip/32
host real1 lan 192.0.2.21/24
host real2 lan 192.0.2.22/24

say "The servers are reached by direct routing. real1 takes at most three connections (-x). Once it has had that \
many, it takes new ones again when it has fewer than two (-y)."
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	on $real ip address add $vip/32 dev lo
	serve $real :80
done
on director ipvsadm -A -t $vip:80 -s rr
on director ipvsadm -a -t $vip:80 -r $real1 -g -x 3 -y 2
on director ipvsadm -a -t $vip:80 -r $real2 -g

say "Seven connections stay open, with a request now and then: two each from the hosts early and late, three from \
the client."
begin /tmp/early early traffic hold 2 http://$vip:80/
await "each server has one of early's" cell_is director ActiveConn 1 $vip:80 $real2
begin /tmp/late late traffic hold 2 http://$vip:80/
await "each server has one of late's too" cell_is director ActiveConn 2 $vip:80 $real2
hold client 3 http://$vip:80/
await "all are open" cell_is director ActiveConn 4 $vip:80 $real2
on director ipvsadm -Ln --thresholds
check "real1 has as many as it may" "$(cell ActiveConn $vip:80 $real1)" -eq 3
same_as_original director -Ln --thresholds
same_as_original director -Ln
on director ipvsadm -S -n
same_as_original director -S -n
ask client 10 http://$vip/
check "real1 gets no new connections" "$(answers real2)" -eq 10

say "early's connections break. ip_vs remembers a reset connection for ten seconds. After that real1 has two \
connections, still too many."
see early ss -K dst $vip
await "real1 has two connections" connections_are 2
ask client 10 http://$vip/
check "real1 gets no new connections" "$(answers real2)" -eq 10

say "late's connections break too, and real1 takes new ones again."
see late ss -K dst $vip
await "real1 has one connection" connections_are 1
ask client 10 http://$vip/
check "real1 got two" "$(answers real1)" -eq 2
check "real2 got the rest" "$(answers real2)" -eq 8

say "real1 got only two of these ten. Connections that have ended count too, for the minutes in which they are \
listed as inactive. So a threshold does not limit open connections alone."
on director ipvsadm -Ln
check "real1 has one connection open" "$(cell ActiveConn $vip:80 $real1)" -eq 1
check "real1 has two connections that have ended" "$(cell InActConn $vip:80 $real1)" -eq 2

say "When no server is left, the director itself refuses connections. real2 already has more connections than its \
new threshold."
on director ipvsadm -e -t $vip:80 -r $real2 -g -x 5
# Older kernels notice with the next connection that there are more.
quietly client sh -c "traffic ask 1 http://$vip/ >/dev/null || true"
ask client 5 http://$vip/
check "all were refused" "$(answers nobody)" -eq 5

say "-e sets every option of a server: without -x and -y it has no thresholds."
on director ipvsadm -e -t $vip:80 -r $real1 -g
on director ipvsadm -e -t $vip:80 -r $real2 -g
on director ipvsadm -Ln --thresholds
same_as_original director -Ln --thresholds
ask client 10 http://$vip/
check "real1 gets half again" "$(answers real1)" -eq 5
no_faults director

say "Before maintenance real2 gets weight 0, so it gets no new connections."
on director ipvsadm -e -t $vip:80 -r $real2 -g -w 0
ask client 10 http://$vip/
check "real1 gets all new connections" "$(answers real1)" -eq 10
say "The older connections continue, one at real1 and two at real2."
go_on "all three connections continue" 3
so_far hold 20
check "real1 still answers on old connections" "$(answers real1)" -gt 0
check "real2 does too" "$(answers real2)" -gt 0
check "no connection has ended" "$(answers nobody)" -eq 0
on director ipvsadm -Ln
check "real2 has its two connections" "$(cell ActiveConn $vip:80 $real2)" -eq 2
same_as_original director -Ln

say "If a server is deleted before its connections have ended, the director drops their packets."
on director ipvsadm -d -t $vip:80 -r $real2
so_far hold >/dev/null
so_far hold 10
check "real2 answers no more" "$(answers real2)" -eq 0
check "real1 still does" "$(answers real1)" -gt 0
say "When the same server is added again, the connections continue."
on director ipvsadm -a -t $vip:80 -r $real2 -g
go_on "all three connections continue" 3
check "no connection was lost" "$(grep -c nobody /tmp/hold || :)" -eq 0
