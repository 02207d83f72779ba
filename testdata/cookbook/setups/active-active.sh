#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Active-active: two directors with a virtual address each, which stand in for each other
#
#        client1      client2               lvs1                lvs2
#        192.0.2.10   192.0.2.11            192.0.2.1           192.0.2.2
#            |            |                 192.0.2.100         192.0.2.101
#            |            |                     |                   |
#     -------+------------+-----+---------------+---+---------------+---- lan
#                               |                   |
#                           192.0.2.21          192.0.2.22
#                            192.0.2.100 and .101 on lo
#                               real1               real2
#
# With one virtual address the backup idles until the master fails. With two
# addresses each director is the master of one and the backup of the other. Some
# clients use the first address, others the second, since DNS returns them in
# turn. If a director fails, the other one takes over its address.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs keepalived

first=192.0.2.100 second=192.0.2.101

instance() {
	cat <<-INSTANCE
		vrrp_instance VI_$1 {
		    state $2
		    interface eth0
		    virtual_router_id 5$1
		    priority $3
		    advert_int 1
		    virtual_ipaddress {
		        $4
		    }
		}
	INSTANCE
}

service() {
	cat <<-SERVICE
		virtual_server $1 80 {
		    delay_loop 2
		    lb_algo wlc
		    lb_kind DR
		    protocol TCP
		    real_server 192.0.2.21 80 {
		        weight 3
		        TCP_CHECK {
		            connect_timeout 3
		        }
		    }
		    real_server 192.0.2.22 80 {
		        weight 3
		        TCP_CHECK {
		            connect_timeout 3
		        }
		    }
		}
	SERVICE
}

# configuration STATE PRIORITY STATE PRIORITY: for the first and the second instance.
configuration() {
	instance 1 "$1" "$2" $first
	instance 2 "$3" "$4" $second
	service $first
	service $second
}

# How many connections the service has had.
conns() {
	table "$1" -Ln --stats --exact
	cell Conns "$2:80"
}

counts() { (($(conns "$1" "$2") == $3)); }

listings_as_original() { same_listings "$1" -Ln '-Ln --stats' '-Ln --thresholds' "-Ln -t $second:80" -Sn; }

switch lan
host client1 lan 192.0.2.10/24
host client2 lan 192.0.2.11/24
host lvs1 lan 192.0.2.1/24
host lvs2 lan 192.0.2.2/24
host real1 lan 192.0.2.21/24
host real2 lan 192.0.2.22/24

say "The servers have both virtual addresses on lo, and do not answer ARP for them."
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	on $real ip address add $first/32 dev lo
	on $real ip address add $second/32 dev lo
	serve $real :80
done

say "Each director has two VRRP instances, MASTER in one and BACKUP in the other. Both directors have the services \
of both addresses."
own lvs1 /etc/keepalived /run
own lvs2 /etc/keepalived /run
configuration MASTER 101 BACKUP 100 | write lvs1:/etc/keepalived/keepalived.conf
configuration BACKUP 100 MASTER 101 >/hosts/lvs2/etc/keepalived/keepalived.conf
on lvs2 grep -E 'instance|state|priority' /etc/keepalived/keepalived.conf
start_keepalived lvs1
start_keepalived lvs2
await "lvs1 has $first" has_address lvs1 $first
await "lvs2 has $second" has_address lvs2 $second
await "lvs1 does not have $second" has_no_address lvs1 $second
await "lvs2 does not have $first" has_no_address lvs2 $first
roughly lvs1 ip -4 -brief address show dev eth0
roughly lvs2 ip -4 -brief address show dev eth0
for lvs in lvs1 lvs2; do
	await "$lvs has the first service" cell_is $lvs Weight 3 $first:80 192.0.2.22:80
	await "$lvs has the second service" cell_is $lvs Weight 3 $second:80 192.0.2.22:80
	on $lvs ipvsadm -Ln
	listings_as_original $lvs
done

say "client1 uses the first address, client2 the second."
ask client1 20 http://$first/
check "real1 answered half of client1's requests" "$(answers real1)" -eq 10
check "real2 answered the other half" "$(answers real2)" -eq 10
ask client2 20 http://$second/
check "real1 answered half of client2's requests" "$(answers real1)" -eq 10
check "real2 answered the other half" "$(answers real2)" -eq 10
await "lvs1 carried client1's connections" counts lvs1 $first 20
await "lvs2 carried client2's connections" counts lvs2 $second 20
check "lvs1 carried none of client2's connections" "$(conns lvs1 $second)" -eq 0
check "lvs2 carried none of client1's connections" "$(conns lvs2 $first)" -eq 0
on lvs1 ipvsadm -Ln --stats
on lvs2 ipvsadm -Ln --stats
no_faults lvs1
no_faults lvs2

say "lvs1 loses its power while client1 sends requests without pause. lvs2 takes over the first address."
load client1 http://$first/
so_far load
check "no request failed" "$(answers nobody)" -eq 0
crash lvs1
await "lvs2 has $first" has_address lvs2 $first
so_far load
echo "  ($(answers nobody) requests failed until lvs2 had taken over)"
so_far load 30
check "no request failed since then" "$(answers nobody)" -eq 0
release load
roughly lvs2 ip -4 -brief address show dev eth0
ask client2 20 http://$second/
check "client2 noticed nothing" $(($(answers real1) + $(answers real2))) -eq 20
on lvs2 ipvsadm -Ln
listings_as_original lvs2
check "keepalived reported no error on lvs1" "$(complaints lvs1)" = ''

say "lvs1 starts again with an empty table, and takes its address back as soon as keepalived runs."
load client1 http://$first/
host lvs1 lan 192.0.2.1/24
own lvs1 /etc/keepalived /run
configuration MASTER 101 BACKUP 100 >/hosts/lvs1/etc/keepalived/keepalived.conf
start_keepalived lvs1
await "lvs1 has $first" has_address lvs1 $first
await "lvs2 no longer has $first" has_no_address lvs2 $first
so_far load
echo "  ($(answers nobody) requests failed when lvs1 took over)"
so_far load 30
check "no request failed since then" "$(answers nobody)" -eq 0
release load
check "lvs2 has kept $second" "$(has_address lvs2 $second && echo yes)" = yes
on lvs1 ipvsadm -Ln
listings_as_original lvs1
for lvs in lvs1 lvs2; do
	check "keepalived reported no error on $lvs" "$(complaints $lvs)" = ''
done
