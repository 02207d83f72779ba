#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# My LVS does not work: what is odd rather than wrong
#
#     client                director                          router
#     192.0.2.10            192.0.2.1                         192.0.2.254
#     2001:db8::10          2001:db8::1                          |
#        |                     |                                 |
#     ---+-----------+---------+-----------+---------------------+---- outside
#                    |         |           |                     |
#                192.0.2.21    |       192.0.2.22                |
#               2001:db8::21   |      2001:db8::22               |
#                  real1       |         real2                   |
#                              |                                 |
#                           director                          router
#                           10.0.0.1                          198.51.100.1
#                           2001:db8:1::1                        |
#                              |                                 |
#     inside ------------+-----+-----      there ----------+-----+----
#                        |                                 |
#                    10.0.0.23                       198.51.100.24
#                    2001:db8:1::23                      real4
#                      real3
#
# Three services in one set-up, which works: real1 and real2 have the virtual
# address 192.0.2.100 by direct routing, real3 has 192.0.2.101 by NAT, and real4
# has 192.0.2.102 by a tunnel. 2001:db8::100 and 2001:db8:ff::1 are the same by
# direct routing and NAT with IPv6. Some things are right in one set-up and wrong
# in another. --diagnose notes them with --verbose alone, or warns of them. Each
# time the client shows what users see, and --diagnose finds the cause.

# shellcheck disable=SC2154,SC2086 # three_services sets the variables
# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

three_services

# idle SECONDS: a connection of the client that is silent for so long before it has a request.
idle() {
	prompt "client# (open a connection, wait for $1 seconds, send a request)"
	quietly client bash -c "exec 3<>/dev/tcp/$dr/80; sleep $1; printf 'GET / HTTP/1.0\r\n\r\n' >&3; exec timeout 5 cat <&3" >/tmp/answer 2>/tmp/error || :
	tail -n 1 /tmp/answer /tmp/error
}

trouble "Connections that are silent for a while are reset, although both ends keep them open." "IPVS forgets a connection before the \
ends send keepalive packets. Its timeout is 15 minutes by default, and that of keepalive packets two hours; here IPVS waits for 4 \
seconds."
on director ipvsadm --set 4 0 0
idle 8
check "there is no answer" "$(grep -c ^real /tmp/answer)" -eq 0
found NOTE timeout-keepalive director --verbose
mend director
idle 8
check "there is an answer" "$(grep -c ^real /tmp/answer)" -eq 1
finds_nothing

trouble "The director itself cannot use the service, which works for all others." "Its packets have the virtual address as their \
source, too, and so the server takes them for its own."
PATIENCE=3s ask director 2 http://$dr/
check "it has no answer" "$(answers nobody)" -eq 2
found NOTE local-client director --verbose --client 192.0.2.1
say "So one tests from another machine."
ask client 2 http://$dr/
check "the client has its answers" "$(answers nobody)" -eq 0
finds_nothing director --verbose --client 192.0.2.10

trouble "Health checks by the director fail, although the server answers clients." "The virtual address has the length of the network, \
and was there first. So packets of the director leave with it, and the server, which has the address itself, cannot answer."
on director ip address delete 192.0.2.1/24 dev eth0
on director ip address delete $dr/32 dev eth0
on director ip address add $dr/24 dev eth0
on director ip address add 192.0.2.1/24 dev eth0
on director ip route replace 198.51.100.0/24 via 192.0.2.254
PATIENCE=3s ask director 1 http://192.0.2.21/
check "the director has no answer" "$(answers nobody)" -eq 1
found NOTE vip-prefix director --verbose
mend director
ask director 1 http://192.0.2.21/
check "the director has an answer" "$(answers real1)" -eq 1
check "it asked with its own address" "$(sources)" = 192.0.2.1
all_answered 2 http://$dr/
all_answered 2 http://$tun/

trouble "Some answers come from the director." "It is one of the servers. That is right for a page that says sorry."
serve director :80
on director ipvsadm -a -t $dr:80 -r 192.0.2.1 -g
ask client 3 http://$dr/
check "the director answered one of three" "$(answers director)" -eq 1
found NOTE rs-local director --verbose --skip port-taken
on director ipvsadm -d -t $dr:80 -r 192.0.2.1
finds_nothing

trouble "After the service was deleted, there are still answers." "A program of the director listens on the same address and port. While \
there is a service, IPVS goes first."
found NOTE port-taken director --verbose -t $dr:80
ask client 2 http://$dr/
check "the servers answered" "$(answers director)" -eq 0
on director ipvsadm -D -t $dr:80
ask client 2 http://$dr/
check "the director answered" "$(answers director)" -eq 2
stop director
on director ipvsadm -A -t $dr:80 -s rr
on director ipvsadm -a -t $dr:80 -r 192.0.2.21 -g
on director ipvsadm -a -t $dr:80 -r 192.0.2.22 -g
all_answered 2 http://$dr/

trouble "Nobody can log in to the director any more at the virtual address." "The service takes all ports. A web server on port 2222 \
stands for that of ssh."
serve director :2222
ask client 1 http://$nat:2222/
check "the director answered" "$(answers director)" -eq 1
on director ipvsadm -A -t $nat:0 -s rr -p 300
on director ipvsadm -a -t $nat:0 -r 10.0.0.23:0 -m
unanswered 1 http://$nat:2222/
found WARNING persist-port0 director
on director ipvsadm -D -t $nat:0
ask client 1 http://$nat:2222/
check "the director answered" "$(answers director)" -eq 1
finds_nothing
stop director

# large: a request that does not fit into one packet.
large() {
	prompt "client# traffic ask 1 http://$tun/000...000"
	PATIENCE=${1:-3}s quietly client traffic ask 1 "http://$tun/$(printf '%03000d' 0)" >"$tally"
	draw
}

# The packets come one by one, as by a wire. Between namespaces they would come as a bundle, which IPVS may take apart.
quietly client ip link set eth0 gso_max_segs 1

trouble "Small requests to a tunnel's server work, large ones hang." "The network has room for tunnels, but the server's interface has \
not, and the server asks for packets that fill it."
on real4 ip link set eth0 mtu 1500
all_answered 1 http://$tun/
large
check "a large request has no answer" "$(answers nobody)" -eq 1
found WARNING r-mss real4 "${on_tun[@]}"
mend real4
large 10
check "a large request has an answer" "$(answers nobody)" -eq 0
finds_nothing

list_found
