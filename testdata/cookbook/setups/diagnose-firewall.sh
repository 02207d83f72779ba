#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# My LVS does not work: what can be wrong with firewalls and marks
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
# direct routing and NAT with IPv6. Then one firewall after the other stands in
# the way. Each time the client shows what users see, --diagnose finds the cause,
# and its commands, as they are printed, mend it.

# shellcheck disable=SC2154,SC2086 # three_services sets the variables
# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

# firewall HOST: shows the rules on stdin and loads them.
firewall() {
	write /etc/nftables.conf
	on "$1" nft -f /etc/nftables.conf
}

three_services

trouble "Nobody has an answer." "The firewall of the director accepts only what is named, and the services are not. IPVS gets \
packets only after the chains of the hook input, as programs of the director do."
firewall director <<'RULES'
table inet firewall {
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		meta l4proto { icmp, ipv6-icmp } accept
		ct state established,related accept
		tcp dport 22 accept
	}
}
RULES
for url in http://$dr/ http://$nat/ http://$tun/ "http://[$dr6]/" "http://[$nat6]/"; do
	unanswered 1 "$url"
done
found WARNING input-drop director
mend director
for url in http://$dr/ http://$nat/ http://$tun/ "http://[$dr6]/" "http://[$nat6]/"; do
	all_answered 2 "$url"
done
on director nft flush ruleset

trouble "Nobody has an answer from servers behind address translation." "The firewall forwards only packets of connections \
that it knows, and it does not know those of IPVS."
firewall director <<'RULES'
table inet firewall {
	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
	}
}
RULES
unanswered 1 http://$nat/
unanswered 1 "http://[$nat6]/"
all_answer() { quietly client traffic ask 2 "$1" >"$tally"; [[ $(answers nobody) == 0 ]]; }
check "direct routing works, because the director forwards no answers" "$(all_answer http://$dr/ && echo yes)" = yes
found WARNING forward-drop director
mend director
all_answered 2 http://$nat/
all_answered 2 "http://[$nat6]/"
on director nft flush ruleset
on director sysctl -qw net.ipv4.vs.conntrack=0

say "With iptables and no rule for established connections, the mend is a rule."
on director iptables -P FORWARD DROP
unanswered 1 http://$nat/
found WARNING forward-drop director
mend director
all_answered 2 http://$nat/
on director iptables -F FORWARD
on director iptables -P FORWARD ACCEPT

trouble "Connections to a service of NAT time out." "The firewall drops packets of no known connection, and takes the answers \
for such."
firewall director <<'RULES'
table inet firewall {
	chain forward {
		type filter hook forward priority filter;
		ct state invalid drop
	}
}
RULES
unanswered 1 http://$nat/
found WARNING invalid-drop director
mend director
all_answered 2 http://$nat/
on director nft flush ruleset
on director sysctl -qw net.ipv4.vs.conntrack=0

# opened_of_dr: how many open connections of direct routing the table has.
opened_of_dr() { quietly director ipvsadm -Lcn | grep -c "ESTABLISHED.* $dr:80 " || :; }
two_at_most() { (($(opened_of_dr) <= 2)); }

trouble "With direct routing, connections do not end, and the table grows." "The same rule before the service: the firewall \
sees only one side of a connection, and takes its end for a packet of no known connection."
firewall director <<'RULES'
table inet firewall {
	chain input {
		type filter hook input priority filter;
		ct state invalid drop
	}
}
RULES
ask client 2 http://$dr/
check "both requests are answered" "$(answers nobody)" -eq 0
sleep 3
check "both connections are still open" "$(opened_of_dr)" -eq 2
found WARNING invalid-drop director
mend director
all_answered 2 http://$dr/
await "the new connections end" two_at_most
on director nft flush ruleset
on director sysctl -qw net.ipv4.vs.conntrack=0

trouble "Connections to a service of NAT time out, although the director replaces the addresses of clients." "real3 has another \
router. Its answers would come back to the director if they went to the director's own address, and a rule of the firewall \
asks for that, but without net.ipv4.vs.conntrack it has no effect on packets of IPVS."
on real3 ip route replace default via 10.0.0.254
on director iptables -t nat -A POSTROUTING -m ipvs --vaddr $nat --vport 80 -j MASQUERADE
unanswered 1 http://$nat/
found WARNING snat-conntrack director
mend director
all_answered 2 http://$nat/
on director iptables -t nat -F POSTROUTING
on director sysctl -qw net.ipv4.vs.conntrack=0
on real3 ip route replace default via 10.0.0.1

# large: a request that does not fit into one packet.
large() {
	prompt "client# traffic ask 1 http://$nat/000...000"
	PATIENCE=${1:-3}s quietly client traffic ask 1 "http://$nat/$(printf '%03000d' 0)" >"$tally"
	draw
}

# The packets come one by one, as by a wire. Between namespaces they would come as a bundle, which IPVS may take apart.
quietly client ip link set eth0 gso_max_segs 1

trouble "Small requests work, large ones hang." "The way to the server has a smaller MTU. The director says so to the client, \
but its firewall drops the message."
on director ip link set eth1 mtu 1400
firewall director <<'RULES'
table ip firewall {
	chain output {
		type filter hook output priority filter;
		meta l4proto icmp drop
	}
}
RULES
check "a small request has an answer" "$(all_answer http://$nat/ && echo yes)" = yes
large
check "a large request has no answer" "$(answers nobody)" -eq 1
found WARNING icmp-blocked director
mend director
large 10
check "a large request has an answer" "$(answers nobody)" -eq 0
finds_nothing
on director nft flush ruleset
on director ip link set eth1 mtu 1500

marked=203.0.113.7
trouble "Clients of a service of a firewall mark are refused." "No rule sets the mark."
on client ip route add $marked via 192.0.2.1
on director ip address add $marked/32 dev eth0
for real in real1 real2; do
	on $real ip address add $marked/32 dev lo
done
on director ipvsadm -A -f 7 -s rr
on director ipvsadm -a -f 7 -r 192.0.2.21 -g
on director ipvsadm -a -f 7 -r 192.0.2.22 -g
unanswered 1 http://$marked/
found WARNING fwmark-none director
say "These are the commands of the advice, with this address."
on director nft add table inet lvs
on director nft add chain inet lvs marks '{ type filter hook prerouting priority mangle; }'
on director nft add rule inet lvs marks ip daddr $marked tcp dport '{ 80, 443 }' meta mark set 7
all_answered 2 http://$marked/

trouble "Clients of a service of a firewall mark see a timeout, or no route." "The packets are marked, but nothing says that they \
are for the director."
on director ip address delete $marked/32 dev eth0
unanswered 1 http://$marked/
found FAULT fwmark-local director
mend director
all_answered 2 http://$marked/
on director ipvsadm -D -f 7

trouble "Every second connection times out." "The firewall of one server accepts only what is named."
firewall real1 <<'RULES'
table inet firewall {
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		meta l4proto { icmp, ipv6-icmp } accept
		tcp dport 22 accept
	}
}
RULES
unanswered 2 http://$dr/
found WARNING r-fw real1 "${on_dr[@]}"
mend real1
all_answered 2 http://$dr/
on real1 nft flush ruleset

trouble "A server behind a tunnel does not answer." "Its firewall accepts the port, but not the packets of the tunnel."
firewall real4 <<'RULES'
table inet firewall {
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		meta l4proto icmp accept
		tcp dport 80 accept
	}
}
RULES
unanswered 1 http://$tun/
found WARNING r-fw real4 "${on_tun[@]}"
mend real4
all_answered 2 http://$tun/

list_found
