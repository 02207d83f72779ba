#!/usr/bin/env bash
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
# A server that can only do so much at a time has an upper threshold: with so
# many connections it gets no new ones, until it has fewer than its lower
# threshold. A server that is to be serviced has weight 0: it gets no new
# connections either, and those it has go on to their end.

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

vip=192.0.2.100
real1=192.0.2.21:80 real2=192.0.2.22:80

# All that ip_vs knows of at real1, whatever their state.
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

say "The servers are reached by direct routing. real1 takes three connections at most (-x), and when it had so many, it \
takes new ones again when it has fewer than two (-y)."
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	on $real ip address add $vip/32 dev lo
	serve $real :80
done
on director ipvsadm -A -t $vip:80 -s rr
on director ipvsadm -a -t $vip:80 -r $real1 -g -x 3 -y 2
on director ipvsadm -a -t $vip:80 -r $real2 -g

say "Seven connections are opened, and stay open with a request now and then: two each from the hosts early and late, \
three from the client."
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

say "early's connections break off. That leaves two at real1, after the ten seconds for which ip_vs remembers a \
connection that was reset: still too many."
see early ss -K dst $vip
await "real1 has two connections" connections_are 2
ask client 10 http://$vip/
check "real1 gets no new connections" "$(answers real2)" -eq 10

say "Then late's do so too, and real1 is open again."
see late ss -K dst $vip
await "real1 has one connection" connections_are 1
ask client 10 http://$vip/
check "real1 got two" "$(answers real1)" -eq 2
check "real2 got the rest" "$(answers real2)" -eq 8

say "It got only two of these ten. Connections that have ended count as well for the minutes in which they are listed as \
inactive, so a threshold is not how many connections a server has open at once."
on director ipvsadm -Ln
check "real1 has one connection open" "$(cell ActiveConn $vip:80 $real1)" -eq 1
check "and two that have ended" "$(cell InActConn $vip:80 $real1)" -eq 2

say "When no server is left, the director refuses connections itself. real2 has more connections already than it may \
have from now on."
on director ipvsadm -e -t $vip:80 -r $real2 -g -x 5
ask client 5 http://$vip/
check "all were refused" "$(answers nobody)" -eq 5

say "-e sets all that a server has: without -x and -y it has no thresholds."
on director ipvsadm -e -t $vip:80 -r $real1 -g
on director ipvsadm -e -t $vip:80 -r $real2 -g
on director ipvsadm -Ln --thresholds
same_as_original director -Ln --thresholds
ask client 10 http://$vip/
check "real1 takes its half" "$(answers real1)" -eq 5

say "Now real2 is to be serviced. With weight 0 it gets no new connections."
on director ipvsadm -e -t $vip:80 -r $real2 -g -w 0
ask client 10 http://$vip/
check "real1 gets all new connections" "$(answers real1)" -eq 10
say "But the connections from before, of which real1 has one and real2 two, are still served."
go_on "all three go on" 3
so_far hold 20
check "real1 still answers on old connections" "$(answers real1)" -gt 0
check "real2 does, too" "$(answers real2)" -gt 0
check "none has ended" "$(answers nobody)" -eq 0
on director ipvsadm -Ln
check "real2 has its two connections" "$(cell ActiveConn $vip:80 $real2)" -eq 2
same_as_original director -Ln

say "A server that is removed before its connections have ended takes them with it: the director drops their packets."
on director ipvsadm -d -t $vip:80 -r $real2
so_far hold >/dev/null
so_far hold 10
check "real2 answers no more" "$(answers real2)" -eq 0
check "real1 still does" "$(answers real1)" -gt 0
say "With the same server added again they go on where they were."
on director ipvsadm -a -t $vip:80 -r $real2 -g
go_on "all three go on" 3
check "no connection was lost" "$(grep -c nobody /tmp/hold || :)" -eq 0
