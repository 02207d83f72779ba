#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Docker swarm: IPVS in sandboxes that have no name
#
#        client
#        192.0.2.10
#            |
#     -------+-----+---------------------------------------- outside
#                  |
#                node, a machine of the swarm
#                192.0.2.1: port 8080 is published
#                172.18.0.1
#                  |
#     -------------+----+----------------------------------- gwbridge
#                       |
#                  172.18.0.2
#                  ingress_sbox                 web1       web2
#                  10.0.0.2                     10.0.0.5   10.0.0.6
#                       |                           |          |
#     ------------------+---------------------------+----------+---- ingress
#
#     lb_app                              api1      web1       web2
#     10.0.1.4, 10.0.1.2: the virtual     10.0.1.7  10.0.1.5   10.0.1.6
#     address of the service web              |         |          |
#         |                                   |         |          |
#     ----+-----------------------------------+---------+----------+---- app
#
# Swarm balances in network namespaces of its own: ingress_sbox takes what
# comes to published ports, and each overlay network has a load balancer for
# the virtual addresses of services. Both work with firewall marks. They have
# no process and no name of "ip netns", only a file in /run/docker/netns.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

sandboxes=/run/docker/netns
ingress=$sandboxes/ingress_sbox app=$sandboxes/lb_app

# hide HOST NAME: leaves the namespace of a host only in docker's directory.
hide() {
	on node touch "$sandboxes/$2"
	on node mount --bind "/run/netns/$1" "$sandboxes/$2"
	on node ip netns delete "$1"
}

for network in outside gwbridge ingress app; do
	switch $network
done
host client outside 192.0.2.10/24
host node outside 192.0.2.1/24 gwbridge 172.18.0.1/24
host sbox ingress 10.0.0.2/24 gwbridge 172.18.0.2/24
host lb_app app 10.0.1.4/24,10.0.1.2/32
host web1 ingress 10.0.0.5/24 app 10.0.1.5/24
host web2 ingress 10.0.0.6/24 app 10.0.1.6/24
host api1 app 10.0.1.7/24

say "The containers of the service web listen on port 80. From the network ingress they are called on the published \
port."
for web in web1 web2; do
	serve $web :80
	on $web iptables -t nat -A PREROUTING -i eth0 -p tcp --dport 8080 -j REDIRECT --to-ports 80
done

say "What docker does for the published port 8080: the machine hands it to ingress_sbox, which is called sbox for \
now, and that marks it with 256 and sends it on from its own address, so that answers come back."
on node sysctl -qw net.ipv4.ip_forward=1
on node iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.18.0.2:8080
on sbox ip route add default via 172.18.0.1
on sbox sysctl -qw net.ipv4.ip_forward=1
on sbox iptables -t mangle -A PREROUTING -p tcp --dport 8080 -j MARK --set-mark 256
on sbox iptables -t nat -A POSTROUTING -d 10.0.0.0/24 -m ipvs --ipvs -j SNAT --to-source 10.0.0.2

say "And for the virtual address 10.0.1.2 of the service: the load balancer of the network app marks it with 257."
on lb_app sysctl -qw net.ipv4.ip_forward=1
on lb_app iptables -t mangle -A INPUT -d 10.0.1.2 -j MARK --set-mark 257
on lb_app iptables -t nat -A POSTROUTING -d 10.0.1.0/24 -m ipvs --ipvs -j SNAT --to-source 10.0.1.4

say "The namespaces are bind mounts in /run/docker/netns, and nowhere else. So \"ip netns\" does not know them, and \
people look in vain at the table of the machine, or loop over the files with nsenter."
on node mkdir -p $sandboxes
hide sbox ingress_sbox
hide lb_app lb_app
see node ip netns list
check "the sandboxes have no name" "$(grep -cE 'sbox|lb_app' "$shown")" -eq 0

say "--netns takes the file. Nothing else of the machine changes: names and files are those of the caller."
on node ipvsadm --netns $ingress --sysctl conntrack=1 conn_reuse_mode=0 expire_nodest_conn=1 expire_quiescent_template=1
on node ipvsadm --netns $app --sysctl conntrack=1 conn_reuse_mode=0 expire_nodest_conn=1 expire_quiescent_template=1
on node ipvsadm --netns $ingress -A -f 256 -s rr
on node ipvsadm --netns $app -A -f 257 -s rr
for i in 5 6; do
	on node ipvsadm --netns $ingress -a -f 256 -r 10.0.0.$i -m
	on node ipvsadm --netns $app -a -f 257 -r 10.0.1.$i -m
done
on node ipvsadm -Ln
check "the machine has no service" "$(grep -c FWM "$shown")" -eq 0
ask client 10 http://192.0.2.1:8080/
check "each container answered half" "$(answers web1) $(answers web2)" = "5 5"
check "they saw the sandbox as the client" "$(sources)" = 10.0.0.2
ask api1 4 http://10.0.1.2/
check "the virtual address reaches both, too" "$(answers web1) $(answers web2)" = "2 2"
for sandbox in $ingress $app; do
	no_faults node --netns $sandbox
done

say "--list-netns finds all namespaces that have services, by their files and by the processes in them."
on node ipvsadm --list-netns
check "these are the two sandboxes" "$(awk 'NR > 1 && $1 ~ "^/run/docker/netns/" { print $1, $(NF - 2), $(NF - 1) }' "$shown" | xargs)" = \
	"$ingress 1 2 $app 1 2"
check "each of the requests has one entry" "$(awk '{ sum += $NF } END { print sum }' "$shown")" -eq 14

say "Listings, connections and settings are those of the sandbox."
on node ipvsadm --netns $ingress -Ln
check "each container had five connections" "$(cell InActConn 256 10.0.0.5:0) $(cell InActConn 256 10.0.0.6:0)" = "5 5"
on node ipvsadm --netns $ingress -Lcn --count-by destination --output table
check "each is counted once" "$(awk '$1 == "5" || $NF == "5"' "$shown" | wc -l)" -eq 2
on node ipvsadm --netns $ingress --sysctl --changed
check "they are what docker sets" "$(grep -c '^net\.ipv4\.vs\.' "$shown")" -eq 4

say "The container web1 is to move to another machine. Clients download from both containers. --drain gives web1 \
weight 0, waits for its downloads, and removes it."
begin /tmp/download client traffic download 4 'http://192.0.2.1:8080/slow?seconds=15'
downloads=$!
wait_until "the downloads have begun" has_lines 4 /tmp/download
quietly node sh -c "exec ipvsadm --netns $ingress --drain -r 10.0.0.5 >/root/back 2>/root/log" &
drain=$!
await "web1 has weight 0" sh -c "nsenter --net=$ingress ipvsadm -Sn | grep -q -- '-r 10.0.0.5:0 -m -w 0'"
ask client 4 http://192.0.2.1:8080/
check "new clients get web2" "$(answers web2)" -eq 4
wait "$downloads" || :
check "no download was cut" "$(grep -c ' right' /tmp/download)" -eq 4
check "half of them came from web1" "$(grep -c '^web1 right' /tmp/download)" -eq 2
wait "$drain" || { cat /root/log; fail "web1 is not drained"; }
sed 's/^/  /' /root/log
on node ipvsadm --netns $ingress -Ln
check "web1 is gone" "$(grep -c '10\.0\.0\.5:' "$shown")" -eq 0
check "and only from this sandbox" "$(nsenter --net=$app ipvsadm -Sn | grep -c -- '-r 10.0.1.5:0')" -eq 1
on node cat /root/back

say "Its output leads back, and so does a save: each sandbox has a table of its own."
on node sh -c "ipvsadm -R --netns $ingress </root/back"
on node sh -c "for file in $sandboxes/*; do ipvsadm-save -n --all --sysctls --netns \$file >/root/rules.\${file##*/}; done"
on node cat /root/rules.ingress_sbox
check "the sandbox is as before" "$(grep -c -- '-r 10\.0\.0\.[56]:0 -m -w 1' "$shown")" -eq 2
ask client 4 http://192.0.2.1:8080/
check "each container answers again" "$(answers web1) $(answers web2)" = "2 2"

say "When a stack is removed, docker may leave a file behind that is no namespace any more. (With nsenter the error is \
\"Invalid argument\".)"
on node umount $app
fails 2 node ipvsadm --netns $app -Ln
check "the error says so" "$(grep -c 'is not a network namespace' "$shown")" -eq 1
see node ipvsadm --list-netns
check "one sandbox is left" "$(grep -c "^$sandboxes/" "$shown")" -eq 1
