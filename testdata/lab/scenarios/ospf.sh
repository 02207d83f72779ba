#!/usr/bin/env bash
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
# Both directors tell the router by OSPF that the virtual address is theirs. It
# has two routes of the same cost then, and spreads connections over them (ECMP).
# So both work at a time, and a director that is gone is just a route less. All
# run Debian's bird. The servers answer the client themselves (direct routing).

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
needs bird birdc

# shellcheck disable=SC2034 # lib.sh uses it
chart_mark='#'
vip=203.0.113.100

route_via() { quietly router ip route show $vip | grep -q "via $1 "; }
no_route_via() { ! route_via "$1"; }

# Which edition of what lvs1 says of itself is known to a host.
said_by_lvs1() {
	quietly "$1" birdc show ospf lsadb type 1 router 198.51.100.1 | awk '$2 == "198.51.100.1" { print $4, $6 }'
}

# After a restart the router first goes by what it knows of lvs1's former life, and lvs1 has to replace that; so the route
# may come, go and come.
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

# With the default of five seconds to retransmit, bird 2.0.12 may overlook after a quick restart what the router knows of its
# former life, and the router then never takes up what it says.
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

# How many of the connections that the client has open are known to these directors.
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

say "The servers have the virtual address on lo. It belongs to neither network, so nobody asks by ARP who has it; \
arp_announce=2 keeps them from naming it when they ask who the router is."
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	on $real ip address add $vip/32 dev lo
	on $real ip route add default via 198.51.100.254
	serve $real :80
done

say "The directors have it there too. As the router may hand a connection from one to the other, both must choose the same \
server for it: mh (Maglev) chooses by the client's address and, with mh-port, its port, and by the table, which is the \
same on both. sloppy_tcp lets ip_vs take up connections whose beginning it has not seen."
make_director lvs1
make_director lvs2

say "bird announces the addresses of lo. With priority 0 a director leaves it to the router to be the designated one. \
Who says nothing for ten seconds is dead."
for lvs in lvs1 lvs2; do
	own $lvs /etc/bird /run
done
bird_of_director 198.51.100.1 | write lvs1:/etc/bird/bird.conf
bird_of_director 198.51.100.2 >/hosts/lvs2/etc/bird/bird.conf
on lvs2 grep 'router id' /etc/bird/bird.conf
start_bird lvs1
start_bird lvs2

say "The router puts what it learns into its kernel's table, routes of the same cost as one with several next hops. By \
default the kernel chooses among them by addresses only, and each client would always come to the same director. With \
fib_multipath_hash_policy=3 it goes by what fib_multipath_hash_fields names, with 0x37 by addresses, protocol and ports."
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

say "For packets from a wire, fib_multipath_hash_policy=1 does the same, and many guides have that. But where all hosts are \
namespaces of one machine, it goes by a number that the sender's kernel gave the packet, another one each time the packet \
has to be sent again. The connections of a director that is gone would all get to the other one so, and never come back."
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
	check "$lvs had a part of them" "$(cell Conns $vip:80)" -gt 20
	listings_as_original $lvs
done

say "Sixteen connections that stay open and have requests all the time: each director knows those it carries."
hold client 16 http://$vip:80/
for lvs in lvs1 lvs2; do
	on $lvs ipvsadm -Ln
	same_as_original $lvs -Ln
done
check "together they have all sixteen" "$(carried lvs1 lvs2)" -eq 16
await "lvs1 has some of them" carries lvs1 -gt 0
await "lvs2 has some of them" carries lvs2 -gt 0

say "lvs1 loses its power. After ten seconds without a word the router takes its route out, and lvs2 gets everything. It \
finds the server of each open connection as lvs1 did."
crash lvs1
await "the router has no route via lvs1" no_route_via 198.51.100.1
on router ip route show $vip
await "lvs2 has all sixteen" carries lvs2 -eq 16
go_on "each of them goes on" 16
on lvs2 ipvsadm -Ln
listings_as_original lvs2
so_far hold 80
check "no connection broke" "$(answers nobody)" -eq 0
ask client 50 http://$vip/
check "new ones are all answered" $(($(answers real1) + $(answers real2))) -eq 50

say "lvs1 starts again, and the router gives it its part, of the open connections too. lvs2 remembers them until they time \
out."
host lvs1 inside 198.51.100.1/24
own lvs1 /etc/bird /run
make_director lvs1
bird_of_director 198.51.100.1 >/hosts/lvs1/etc/bird/bird.conf
start_bird lvs1
await "lvs1 has some of the open connections" carries lvs1 -gt 0
await "the router keeps both routes" has_both_routes
go_on "all sixteen go on" 16
on router ip route show $vip
so_far hold 80
check "no connection broke" "$(answers nobody)" -eq 0
on lvs1 ipvsadm -Ln
same_as_original lvs1 -Ln

say "lvs2 is to be serviced: its bird says goodbye. Until the router has taken the route out, lvs2 forwards what still \
comes."
on lvs2 sh -c "birdc down | tail -n 1"
await "the router has no route via lvs2" no_route_via 198.51.100.2
await "lvs1 has all sixteen" carries lvs1 -eq 16
go_on "each of them goes on" 16
release hold
check "no connection broke" "$(answers nobody)" -eq 0
ask client 50 http://$vip/
check "new ones are all answered" $(($(answers real1) + $(answers real2))) -eq 50
on lvs1 ipvsadm -Ln
listings_as_original lvs1
