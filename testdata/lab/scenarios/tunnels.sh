#!/usr/bin/env bash
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
# they may be anywhere: the director puts each request, as it is, into a packet
# of its own to the server. That one unpacks it, finds the virtual address on
# the tunnel's interface, and answers the client directly.

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

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

# Requests come out of the tunnel's interface $2, although the way back to the client is another one, which the filter of
# reverse paths must not mind.
end_tunnel() {
	on "$1" ip address add $vip/32 dev "$2"
	on "$1" ip link set "$2" up
	on "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf."$2".rp_filter=0
	serve "$1" :80
}

say "real1 unpacks IPIP, which is an IP packet within another, with the interface tunl0 that the module ipip brings along. The \
filter of reverse paths, where a distribution sets it, drops packets that come in by another interface than answers go out."
end_tunnel real1 tunl0

say "real2 and real3 unpack GUE, which is the same within UDP. That passes where other protocols do not, and routers can spread \
it over several links."
for real in real2 real3; do
	on $real ip fou add port 6080 gue
	end_tunnel $real tunl0
done

say "real4 and real5 unpack GRE. The kernel drops GRE with a checksum if the interface does not expect one (icsum), and the \
other way round."
on real4 ip link add gre1 type gre local 198.51.100.24 remote 192.0.2.1
end_tunnel real4 gre1
on real5 ip link add gre1 type gre local 198.51.100.25 remote 192.0.2.1 icsum
end_tunnel real5 gre1

say "To see what is under way, the router counts: IPIP, GUE without and with a checksum, GRE without and with a checksum."
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

# Whether the router has counted as many packets as ip_vs, which adds up every two seconds.
all_seen() {
	local number seen
	table director -Ln --stats --exact
	for number in 1 2 3 4 5; do
		seen=$(quietly router nft list table ip seen |
			awk -v address=198.51.100.2$number '$3 == address { sub(/.* packets /, ""); print $1 }')
		[[ $seen == "$(cell InPkts $vip:80 198.51.100.2$number:80)" ]] || return 1
	done
}

say "A tunnel is IPIP if nothing else is said."
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
roughly router nft list table ip seen
await "the router saw each server's packets packed as they should be" all_seen
on director ipvsadm -Ln --stats
check "no packets counted as going out" "$(cell OutPkts $vip:80)" -eq 0
same_as_original director -Ln --stats

say "A server's tunnel can be changed while it is in use. Here the checksum of the packet inside is left to real3, since \
the one outside covers it too (remcsum)."
on director ipvsadm -e -t $vip:80 -r 198.51.100.23 -i --tun-type gue --tun-port 6080 --tun-remcsum
on director ipvsadm -Ln --tun-info
same_as_original director -Ln --tun-info
ask client 50 http://$vip/
check "real3 goes on" "$(answers real3)" -eq 10

say "Both ends must agree. If the director sends real5 no checksums, its requests are lost, and the interface counts errors."
on director ipvsadm -e -t $vip:80 -r 198.51.100.25 -i --tun-type gre --tun-nocsum
ask client 5 http://$vip/
check "one of five had no answer" "$(answers nobody)" -eq 1
check "it was not real5 that answered" "$(answers real5)" -eq 0
roughly real5 ip -stats link show dev gre1
check "the interface has counted an error" "$(awk '$1 == "gre1:" { print $4 }' <(quietly real5 cat /proc/net/dev))" -gt 0
on director ipvsadm -e -t $vip:80 -r 198.51.100.25 -i --tun-type gre --tun-csum
ask client 50 http://$vip/
check "now it does" "$(answers real5)" -eq 10

say "What was saved restores the tunnels as they were."
on director sh -c 'ipvsadm-save -n >/root/rules'
on director cat /root/rules
on director ipvsadm -C
on director sh -c 'ipvsadm-restore </root/rules'
ask client 50 http://$vip/
for number in 1 2 3 4 5; do
	check "real$number answered a fifth" "$(answers real$number)" -eq 10
done
