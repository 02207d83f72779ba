#!/usr/bin/env bash
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
# The client knows 192.0.2.100 only. The director gets its requests and passes
# each on as it is, with no address changed, in an Ethernet frame to one of the
# servers. That one has the virtual address too, so it takes the request for its
# own and answers the client directly: however large, answers do not pass the
# director.

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

vip=192.0.2.100

switch lan
host client lan 192.0.2.10/24
host director lan 192.0.2.1/24
host real1 lan 192.0.2.21/24
host real2 lan 192.0.2.22/24

say "Three hosts have the virtual address, but only the director may answer when the client asks by ARP who has it. \
So the servers have it on lo, and answer ARP only for addresses of the interface asked (arp_ignore=1), and never \
name it as theirs when they ask (arp_announce=2). This comes first, the address second."
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1
	on $real sysctl -qw net.ipv4.conf.all.arp_announce=2
	on $real ip address add $vip/32 dev lo
	serve $real :80
done

say "The director has it in the ordinary way. A virtual service is an address, a port and how to choose among the \
servers: here round robin (rr), one after the other. Its servers are reached by direct routing, which -g means."
on director ip address add $vip/32 dev eth0
on director ipvsadm -A -t $vip:80 -s rr
on director ipvsadm -a -t $vip:80 -r 192.0.2.21:80 -g
on director ipvsadm -a -t $vip:80 -r 192.0.2.22:80 -g

say "Now a hundred requests. The bars show who answered, and from where the server saw the request come."
ask client 100 http://$vip/
check "real1 answered about half" "$(answers real1)" -ge 45
check "real2 answered about half" "$(answers real2)" -ge 45
check "every request had an answer" $(($(answers real1) + $(answers real2))) -eq 100
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10

say "What the director knows: connections that ended stay for a while as inactive."
on director ipvsadm -Ln
check "the service is forwarded by direct routing" "$(cell Forward $vip:80 192.0.2.21:80)" = Route
same_as_original director -Ln

say "What it counted. The answers did not pass it, so it saw no packets going out."
counted director $vip:80 100
on director ipvsadm -Ln --stats
check "as many connections as requests" "$(cell Conns $vip:80)" -eq 100
check "real1's are what it answered" "$(cell Conns $vip:80 192.0.2.21:80)" -eq "$(answers real1)"
check "real2's are what it answered" "$(cell Conns $vip:80 192.0.2.22:80)" -eq "$(answers real2)"
check "no packets counted as going out" "$(cell OutPkts $vip:80)" -eq 0
# Besides the requests a few dozen packets came in, of ARP and of IPv6; the answers would be hundreds.
check "nor did answers come in unseen by ip_vs" "$(received director eth0)" -lt $(($(cell InPkts $vip:80) + 100))
same_as_original director -Ln --stats

say "Before real1 is serviced, weight 0 takes it out gently: it gets no new connections, those it has may end."
on director ipvsadm -e -t $vip:80 -r 192.0.2.21:80 -g -w 0
ask client 20 http://$vip/
check "all go to real2" "$(answers real2)" -eq 20

say "And now for good."
on director ipvsadm -d -t $vip:80 -r 192.0.2.21:80
on director ipvsadm -Ln
check "real1 is gone" "$(cell Weight $vip:80 192.0.2.21:80)" = ""
check "real2 is still there" "$(cell Weight $vip:80 192.0.2.22:80)" = 1
