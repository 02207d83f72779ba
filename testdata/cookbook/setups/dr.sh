#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Direct routing: the servers answer the client themselves
#
#        client                         director
#        192.0.2.10                     192.0.2.1
#            |                          192.0.2.100 on eth0: the virtual address
#            |                              |
#     -------+---------------+--------------+----------------+------- lan
#                            |                               |
#                        192.0.2.21                      192.0.2.22
#                        192.0.2.100 on lo               192.0.2.100 on lo
#                        real1                           real2
#
# The client knows only 192.0.2.100. The director receives its requests and
# forwards each to one of the servers: it changes no address and only sends the
# packet in a new Ethernet frame. The server has the virtual address too, so it
# accepts the request and answers the client directly. However large, answers do
# not pass the director.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100

switch lan
host client lan 192.0.2.10/24
host director lan 192.0.2.1/24
host real1 lan 192.0.2.21/24
host real2 lan 192.0.2.22/24

say "Three hosts have the virtual address, but only the director may answer ARP requests for it. So the servers have \
the address on lo. They answer ARP only for addresses of the interface that receives the request (arp_ignore=1), and \
never use the virtual address as the sender of their own ARP requests (arp_announce=2). Set both before adding the \
address."
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1
	on $real sysctl -qw net.ipv4.conf.all.arp_announce=2
	on $real ip address add $vip/32 dev lo
	serve $real :80
done

say "The director has the virtual address on eth0. A virtual service is an address, a port and a scheduler, which \
chooses a server for each connection: here round robin (rr), one after the other. -g selects direct routing."
on director ip address add $vip/32 dev eth0
on director ipvsadm -A -t $vip:80 -s rr
on director ipvsadm -a -t $vip:80 -r 192.0.2.21:80 -g
on director ipvsadm -a -t $vip:80 -r 192.0.2.22:80 -g

say "The client sends a hundred requests. The bars show who answered, and which client address the servers saw."
ask client 100 http://$vip/
check "real1 answered about half" "$(answers real1)" -ge 45
check "real2 answered about half" "$(answers real2)" -ge 45
check "every request had an answer" $(($(answers real1) + $(answers real2))) -eq 100
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10
no_faults director

say "The director's table: connections that have ended stay for a while as inactive."
on director ipvsadm -Ln
check "the service is forwarded by direct routing" "$(cell Forward $vip:80 192.0.2.21:80)" = Route
same_as_original director -Ln

say "The director's counters: the answers did not pass the director, so it counted no outgoing packets."
counted director $vip:80 100
on director ipvsadm -Ln --stats
check "as many connections as requests" "$(cell Conns $vip:80)" -eq 100
check "real1 has a connection for each request that it answered" "$(cell Conns $vip:80 192.0.2.21:80)" -eq "$(answers real1)"
check "real2 has a connection for each request that it answered" "$(cell Conns $vip:80 192.0.2.22:80)" -eq "$(answers real2)"
check "no outgoing packets are counted" "$(cell OutPkts $vip:80)" -eq 0
# Besides the requests, a few dozen packets of ARP and IPv6 came in. Answers would be hundreds.
check "no answers came in unseen by ip_vs" "$(received director eth0)" -lt $(($(cell InPkts $vip:80) + 100))
same_as_original director -Ln --stats

say "Before maintenance of real1, weight 0 drains it: it gets no new connections, and keeps those it has until they \
end."
on director ipvsadm -e -t $vip:80 -r 192.0.2.21:80 -g -w 0
ask client 20 http://$vip/
check "all go to real2" "$(answers real2)" -eq 20

say "Then the server is deleted."
on director ipvsadm -d -t $vip:80 -r 192.0.2.21:80
on director ipvsadm -Ln
check "real1 is gone" "$(cell Weight $vip:80 192.0.2.21:80)" = ""
check "real2 is still there" "$(cell Weight $vip:80 192.0.2.22:80)" = 1

say "What follows is not in the original ipvsadm. A table has room for long names, shows numbers with units, and says \
which servers get no connections. Here real1 comes back with weight 0."
on director ipvsadm -a -t $vip:80 -r 192.0.2.21:80 -g -w 0
on director ipvsadm -Ln --output table

say "In a rules file, real1 has weight 1. First --dry-run shows what would change. The \
restore changes only that, in the midst of requests."
write /root/rules <<RULES
-A -t $vip:80 -s rr
-a -t $vip:80 -r 192.0.2.21:80 -g -w 1
-a -t $vip:80 -r 192.0.2.22:80 -g -w 1
RULES
chart_mark='#'
load client http://$vip/
so_far load 20
check "real1 is idle" "$(answers real1)" -eq 0
on director ipvsadm-restore --dry-run /root/rules
on director ipvsadm-restore /root/rules
so_far load 20
so_far load 20
check "real1 answers again" "$(answers real1)" -ge 8
check "no request failed" "$(answers nobody)" -eq 0

say "--watch shows connections and rates on the whole terminal, until q ends it. Here it ends after seven seconds."
watch 7 director -Ln --output table
release load
