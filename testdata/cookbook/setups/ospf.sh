#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# OSPF: one virtual address, active on two directors
#
#        client
#        192.0.2.10
#            |
#     -------+------+------------------------------------------- outside
#                   |
#               192.0.2.1
#                router
#               198.51.100.254
#                   |
#     -------+------+------+---------------+---------------+---- inside
#            |             |               |               |
#       198.51.100.1  198.51.100.2   198.51.100.21   198.51.100.22
#           lvs1          lvs2           real1           real2
#
#                    203.0.113.100 on lo of all four
#
# Both directors announce the virtual address to the router by OSPF. The router
# then has two routes of the same cost and spreads connections over them (ECMP).
# So both directors work at the same time, and a failed director is only one
# route less. All three run Debian's bird. The servers answer the client
# themselves (direct routing).

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs bird birdc

# shellcheck disable=SC2034 # lib uses it
chart_mark='#'
vip=203.0.113.100

route_via() { quietly router ip route show $vip | grep -q "via $1 "; }
no_route_via() { ! route_via "$1"; }

# The version of the link state advertisement of lvs1 that a host knows.
said_by_lvs1() {
	quietly "$1" birdc show ospf lsadb type 1 router 198.51.100.1 | awk '$2 == "198.51.100.1" { print $4, $6 }'
}

# After a restart the router first uses the old advertisement of lvs1, which lvs1 has to replace. So the route may appear,
# disappear and appear again.
has_both_routes() {
	local _
	for _ in {1..4}; do
		[[ $(said_by_lvs1 router) == "$(said_by_lvs1 lvs1)" ]] && route_via 198.51.100.1 && route_via 198.51.100.2 || return
		sleep 1
	done
}

make_director() {
	on "$1" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.vs.sloppy_tcp=1
	on "$1" ip address add $vip/32 dev lo
	on "$1" ipvsadm -A -t $vip:80 -s mh -b mh-port
	on "$1" ipvsadm -a -t $vip:80 -r 198.51.100.21 -g
	on "$1" ipvsadm -a -t $vip:80 -r 198.51.100.22 -g
}

start_bird() {
	on "$1" mkdir /run/bird
	on "$1" bird
}

# With the default retransmit of five seconds, bird 2.0.12 may miss its own old advertisement on the router after a quick
# restart, and the router then never accepts the new one.
bird_of_director() {
	cat <<-CONFIGURATION
		router id $1;

		protocol device {
		}

		protocol ospf v2 {
		    ipv4 {
		        import none;
		        export none;
		    };
		    area 0 {
		        interface "eth0" {
		            priority 0;
		            hello 1;
		            retransmit 2;
		            dead count 10;
		        };
		        interface "lo" {
		            stub;
		        };
		    };
		}
	CONFIGURATION
}

# How many connections a director has counted so far.
had() {
	table "$1" -Ln --stats --exact
	cell Conns $vip:80
}

have_had() { (($(had lvs1) + $(had lvs2) >= $1)); }

# How many of the client's open connections these directors know.
carried() {
	for lvs; do
		quietly "$lvs" ipvsadm -Lnc | awk '$3 == "ESTABLISHED" { print $4 }'
	done | sort -u | grep -cxFf <(quietly client ss -Htn state established dst $vip | awk '{ print $3 }') || :
}

carries() { test "$(carried "$1")" "$2" "$3"; }

listings_as_original() { same_listings "$1" -Ln '-Ln --stats' '-Ln --rate' -Sn; }

switch outside
switch inside
host client outside 192.0.2.10/24
host router outside 192.0.2.1/24 inside 198.51.100.254/24
host lvs1 inside 198.51.100.1/24
host lvs2 inside 198.51.100.2/24
host real1 inside 198.51.100.21/24
host real2 inside 198.51.100.22/24
on client ip route add default via 192.0.2.1

say "The servers have the virtual address on lo. It belongs to neither network, so nobody sends ARP requests for it. \
arp_announce=2 keeps the servers from using it as the sender when they ask for the router's address."
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	on $real ip address add $vip/32 dev lo
	on $real ip route add default via 198.51.100.254
	serve $real :80
done

say "The directors have the virtual address on lo too. The router may move a connection from one director to the \
other, so both must choose the same server for it. mh (Maglev) chooses by the client's address, with mh-port also by \
its port, and by the table, which is the same on both. sloppy_tcp lets ip_vs accept connections whose beginning it \
has not seen."
make_director lvs1
make_director lvs2

say "bird announces the addresses of lo. With priority 0 a director never becomes the designated router. A neighbour \
that is silent for ten seconds is dead."
for lvs in lvs1 lvs2; do
	own $lvs /etc/bird /run
done
bird_of_director 198.51.100.1 | write lvs1:/etc/bird/bird.conf
bird_of_director 198.51.100.2 >/hosts/lvs2/etc/bird/bird.conf
on lvs2 grep 'router id' /etc/bird/bird.conf
start_bird lvs1
start_bird lvs2

say "The router writes the routes that it learns into its kernel's table, those of the same cost as one route with \
several next hops. By default the kernel chooses the next hop by addresses only, so a client would always reach the \
same director. With fib_multipath_hash_policy=3 it uses the fields that fib_multipath_hash_fields names: 0x37 means \
addresses, protocol and ports."
own router /etc/bird /run
write router:/etc/bird/bird.conf <<CONFIGURATION
router id 198.51.100.254;

protocol device {
}

protocol kernel {
    merge paths;
    ipv4 {
        import none;
        export all;
    };
}

protocol ospf v2 {
    ecmp;
    ipv4 {
        import all;
        export none;
    };
    area 0 {
        interface "eth1" {
            hello 1;
            retransmit 2;
            dead count 10;
        };
    };
}
CONFIGURATION
on router sysctl -qw net.ipv4.ip_forward=1 net.ipv4.fib_multipath_hash_policy=3 net.ipv4.fib_multipath_hash_fields=0x37

say "Many guides use fib_multipath_hash_policy=1, which does the same for packets from a wire. But where all hosts \
are namespaces of one machine, that policy uses a number that the sender's kernel gave the packet, and a \
retransmitted packet has another number. So all connections of a failed director would move to the other one and \
never come back."
start_bird router
await "the router has a route via lvs1" route_via 198.51.100.1
await "the router has a route via lvs2" route_via 198.51.100.2
roughly router sh -c 'birdc show ospf neighbors | grep Full | sort'
on router ip route show $vip

say "A hundred connections: the router gives about half of them to each director."
ask client 100 http://$vip/
check "every request had an answer" $(($(answers real1) + $(answers real2))) -eq 100
check "real1 answered some" "$(answers real1)" -gt 20
check "real2 answered some" "$(answers real2)" -gt 20
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10
await "the directors have counted all of them" have_had 100
for lvs in lvs1 lvs2; do
	on $lvs ipvsadm -Ln --stats
	check "$lvs had some of them" "$(cell Conns $vip:80)" -gt 20
	listings_as_original $lvs
	no_faults $lvs
done

say "Sixteen connections stay open and carry requests all the time. Each director knows those that it forwards."
hold client 16 http://$vip:80/
for lvs in lvs1 lvs2; do
	on $lvs ipvsadm -Ln
	same_as_original $lvs -Ln
done
check "together they have all sixteen" "$(carried lvs1 lvs2)" -eq 16
await "lvs1 has some of them" carries lvs1 -gt 0
await "lvs2 has some of them" carries lvs2 -gt 0

say "lvs1 loses its power. After ten seconds of silence the router removes its route, and lvs2 gets all packets. For \
each open connection lvs2 computes the same server as lvs1."
crash lvs1
await "the router has no route via lvs1" no_route_via 198.51.100.1
on router ip route show $vip
await "lvs2 has all sixteen" carries lvs2 -eq 16
go_on "each of them continues" 16
on lvs2 ipvsadm -Ln
listings_as_original lvs2
so_far hold 80
check "no connection broke" "$(answers nobody)" -eq 0
ask client 50 http://$vip/
check "all new connections are answered" $(($(answers real1) + $(answers real2))) -eq 50

say "lvs1 starts again, and the router gives it its share, including open connections. lvs2 remembers those until \
they time out."
host lvs1 inside 198.51.100.1/24
own lvs1 /etc/bird /run
make_director lvs1
bird_of_director 198.51.100.1 >/hosts/lvs1/etc/bird/bird.conf
start_bird lvs1
await "lvs1 has some of the open connections" carries lvs1 -gt 0
await "the router keeps both routes" has_both_routes
go_on "all sixteen continue" 16
on router ip route show $vip
so_far hold 80
check "no connection broke" "$(answers nobody)" -eq 0
on lvs1 ipvsadm -Ln
same_as_original lvs1 -Ln

say "Before maintenance of lvs2, its bird leaves OSPF. Until the router has removed the route, lvs2 forwards the \
packets that still arrive."
on lvs2 sh -c "birdc down | tail -n 1"
await "the router has no route via lvs2" no_route_via 198.51.100.2
await "lvs1 has all sixteen" carries lvs1 -eq 16
go_on "each of them continues" 16
release hold
check "no connection broke" "$(answers nobody)" -eq 0
ask client 50 http://$vip/
check "all new connections are answered" $(($(answers real1) + $(answers real2))) -eq 50
on lvs1 ipvsadm -Ln
listings_as_original lvs1
