#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tunnels: real servers on another network, by IPIP, GUE and GRE
#
#        client            director
#        192.0.2.10        192.0.2.1, 192.0.2.100: the virtual address
#            |                 |
#     -------+--------+--------+----------------------------------- here
#                     |
#                  router
#                  192.0.2.254, 198.51.100.1
#                     |
#     ---+-----------++------------+------------+------------+----- there
#        |            |            |            |            |
#     real1        real2        real3        real4        real5
#     .21 IPIP     .22 GUE      .23 GUE      .24 GRE      .25 GRE
#                               checksum                  checksum
#
# Direct routing needs the servers on the director's own network. With a tunnel
# they may be anywhere: the director wraps each request unchanged in a packet to
# the server. The server unwraps it, has the virtual address on the tunnel's
# interface, and answers the client directly.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100

switch here
switch there
host client here 192.0.2.10/24
host director here 192.0.2.1/24,$vip/32
host router here 192.0.2.254/24 there 198.51.100.1/24
for number in 1 2 3 4 5; do
	host real$number there 198.51.100.2$number/24
	on real$number ip route add default via 198.51.100.1
done
on router sysctl -qw net.ipv4.ip_forward=1
on director ip route add 198.51.100.0/24 via 192.0.2.254
for number in 1 2 3 4 5; do
	on real$number modprobe -a ipip fou ip_gre
done

# end_tunnel HOST INTERFACE: requests come out of the tunnel's interface, although the route to the client uses another
# one, so reverse path filtering must be off.
end_tunnel() {
	on "$1" ip address add $vip/32 dev "$2"
	on "$1" ip link set "$2" up
	on "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf."$2".rp_filter=0
	serve "$1" :80
}

say "real1 unwraps IPIP, which is an IP packet within another, on the interface tunl0 of the module ipip. Reverse \
path filtering, where a distribution enables it, drops packets that come in by another interface than answers go \
out."
end_tunnel real1 tunl0

say "real2 and real3 unwrap GUE, which is the same within UDP. UDP passes where other protocols do not, and routers \
can spread it over several links."
for real in real2 real3; do
	on $real ip fou add port 6080 gue
	end_tunnel $real tunl0
done

say "real4 and real5 unwrap GRE. The kernel drops GRE with a checksum if the interface does not expect one (icsum), \
and GRE without a checksum if it does."
on real4 ip link add gre1 type gre local 198.51.100.24 remote 192.0.2.1
end_tunnel real4 gre1
on real5 ip link add gre1 type gre local 198.51.100.25 remote 192.0.2.1 icsum
end_tunnel real5 gre1

say "The router counts the packets: IPIP, GUE without and with a checksum, GRE without and with a checksum."
write /root/seen <<'RULES'
table ip seen {
    chain forward {
        type filter hook forward priority 0
        ip daddr 198.51.100.21 ip protocol ipencap counter
        ip daddr 198.51.100.22 udp dport 6080 udp checksum 0 counter
        ip daddr 198.51.100.23 udp dport 6080 udp checksum != 0 counter
        ip daddr 198.51.100.24 ip protocol gre @th,0,1 0 counter
        ip daddr 198.51.100.25 ip protocol gre @th,0,1 1 counter
    }
}
RULES
on router nft -f /root/seen

# Whether the router has counted as many packets as ip_vs, which sums its counters every two seconds.
all_seen() {
	local number seen
	table director -Ln --stats --exact
	for number in 1 2 3 4 5; do
		seen=$(quietly router nft list table ip seen |
			awk -v address=198.51.100.2$number '$3 == address { sub(/.* packets /, ""); print $1 }')
		[[ $seen == "$(cell InPkts $vip:80 198.51.100.2$number:80)" ]] || return 1
	done
}

say "The default type of a tunnel is IPIP."
on director ipvsadm -A -t $vip:80 -s rr
on director ipvsadm -a -t $vip:80 -r 198.51.100.21 -i
on director ipvsadm -a -t $vip:80 -r 198.51.100.22 -i --tun-type gue --tun-port 6080
on director ipvsadm -a -t $vip:80 -r 198.51.100.23 -i --tun-type gue --tun-port 6080 --tun-csum
on director ipvsadm -a -t $vip:80 -r 198.51.100.24 -i --tun-type gre
on director ipvsadm -a -t $vip:80 -r 198.51.100.25 -i --tun-type gre --tun-csum
on director ipvsadm -Ln
check "the servers are reached by tunnels" "$(grep -c ' Tunnel ' "$shown")" -eq 5
on director ipvsadm -Ln --tun-info
for options in -Ln '-Ln --tun-info' -Sn "-Ln -t $vip:80 --tun-info"; do
	# shellcheck disable=SC2086 # several options
	same_as_original director $options
done

ask client 50 http://$vip/
for number in 1 2 3 4 5; do
	check "real$number answered a fifth" "$(answers real$number)" -eq 10
done
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10
no_faults director
roughly router nft list table ip seen
await "the router saw each server's packets in the right form" all_seen
on director ipvsadm -Ln --stats
check "no outgoing packets are counted" "$(cell OutPkts $vip:80)" -eq 0
same_as_original director -Ln --stats

say "A server's tunnel can be changed while it is in use. Here real3 computes the checksum of the inner packet, \
which the outer checksum covers too (remcsum)."
on director ipvsadm -e -t $vip:80 -r 198.51.100.23 -i --tun-type gue --tun-port 6080 --tun-remcsum
on director ipvsadm -Ln --tun-info
same_as_original director -Ln --tun-info
ask client 50 http://$vip/
check "real3 still answers" "$(answers real3)" -eq 10

say "Both ends must agree. If the director sends real5 no checksums, the requests to real5 are lost, and its \
interface counts errors."
on director ipvsadm -e -t $vip:80 -r 198.51.100.25 -i --tun-type gre --tun-nocsum
ask client 5 http://$vip/
check "one of five had no answer" "$(answers nobody)" -eq 1
check "it was not real5 that answered" "$(answers real5)" -eq 0
roughly real5 ip -stats link show dev gre1
check "the interface has counted an error" "$(awk '$1 == "gre1:" { print $4 }' <(quietly real5 cat /proc/net/dev))" -gt 0
on director ipvsadm -e -t $vip:80 -r 198.51.100.25 -i --tun-type gre --tun-csum
ask client 50 http://$vip/
check "real5 answers again" "$(answers real5)" -eq 10

say "The saved rules restore the tunnels."
on director sh -c 'ipvsadm-save -n >/root/rules'
on director cat /root/rules
on director ipvsadm -C
on director sh -c 'ipvsadm-restore </root/rules'
ask client 50 http://$vip/
for number in 1 2 3 4 5; do
	check "real$number answered a fifth" "$(answers real$number)" -eq 10
done
