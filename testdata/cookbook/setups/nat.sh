#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# NAT: the director translates addresses and ports, both ways
#
#        client
#        192.0.2.10
#            |
#     -------+------+--------------------------------------------- outside
#                   |
#               director
#               192.0.2.1, 192.0.2.100: the virtual address
#               10.0.0.1
#                   |
#     -------+------+-------+----------------+-------------------- inside
#            |              |                |
#        10.0.0.21:8080  10.0.0.22:8080  10.0.0.23:8000
#          real1          real2            real3
#
# The servers have addresses that nobody outside can reach, and any ports. The
# director writes a server's address and port into each request, and its own back
# into each answer. So answers must pass the director, which is the servers'
# router.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100
real1=10.0.0.21:8080 real2=10.0.0.22:8080 real3=10.0.0.23:8000

switch outside
switch inside
host client outside 192.0.2.10/24
host director outside 192.0.2.1/24,$vip/32 inside 10.0.0.1/24
host real1 inside 10.0.0.21/24
host real2 inside 10.0.0.22/24
host real3 inside 10.0.0.23/24

say "The director forwards packets. Each server listens on its own port and has the director as its router, except \
real3, where the route was forgotten."
on director sysctl -qw net.ipv4.ip_forward=1
on real1 ip route add default via 10.0.0.1
on real2 ip route add default via 10.0.0.1
serve real1 :8080
serve real2 :8080
serve real3 :8000

say "The service is on port 80. With -m, which is NAT (\"masquerading\"), a server may have another port."
on director ipvsadm -A -t $vip:80 -s rr
on director ipvsadm -a -t $vip:80 -r $real1 -m
on director ipvsadm -a -t $vip:80 -r $real2 -m
ask client 40 http://$vip/
check "real1 answered half" "$(answers real1)" -eq 20
check "real2 answered half" "$(answers real2)" -eq 20
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10
no_faults director
on director ipvsadm -Ln
check "the service is forwarded by NAT" "$(cell Forward $vip:80 $real1)" = Masq
same_as_original director -Ln
same_as_original director -Sn
same_as_original director -Lcn

say "The service and each server have counters for both directions."
counted director $vip:80 40
on director ipvsadm -Ln --stats
check "as many connections as requests" "$(cell Conns $vip:80)" -eq 40
check "packets of all connections went out" "$(cell OutPkts $vip:80)" -ge 80
check "the packets of real1 are counted" "$(cell OutPkts $vip:80 $real1)" -ge 40
check "the packets of real2 are counted" "$(cell OutPkts $vip:80 $real2)" -ge 40
same_as_original director -Ln --stats
same_as_original director -Ln --rate

say "Now real3 is added. A third of the requests gets no answer."
on director ipvsadm -a -t $vip:80 -r $real3 -m
ask client 3 http://$vip/
check "a third timed out" "$(answers nobody)" -eq 1
check "real3 did not answer" "$(answers real3)" -eq 0

say "Nothing came back from real3: its OutPkts is 0. Its connection never got beyond the first packet, so its state \
is SYN_RECV."
counted director $vip:80 43
on director ipvsadm -Ln --stats
check "packets went to real3" "$(cell InPkts $vip:80 $real3)" -gt 0
check "none came back" "$(cell OutPkts $vip:80 $real3)" -eq 0
on director sh -c 'ipvsadm -Lcn | grep SYN_RECV'
check "the connection in SYN_RECV is real3's" "$(grep -c " $real3$" "$shown")" -eq 1
same_as_original director -Lcn

say "The cause: real3 has no route to the client."
fails 2 real3 ip route get 192.0.2.10
on real3 ip route add default via 10.0.0.1
on real3 ip route get 192.0.2.10
ask client 30 http://$vip/
check "each server answers a third" "$(answers real1) $(answers real2) $(answers real3)" = "10 10 10"
