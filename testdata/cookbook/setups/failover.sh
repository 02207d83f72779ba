#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Failover: keepalived on two directors, of which one is the master
#
#        client1      client2               lvs1                lvs2
#        192.0.2.10   192.0.2.11            192.0.2.1           192.0.2.2
#            |            |                     |  192.0.2.100      |
#            |            |                     |  on the master    |
#     -------+------------+-----+---------------+---+---------------+---- lan
#                               |                   |
#                           192.0.2.21          192.0.2.22
#                           192.0.2.100 on lo   192.0.2.100 on lo
#                           real1               real2
#
# Two directors run Debian's unchanged keepalived. By VRRP they elect a master,
# which has the virtual address. Both check the servers and so have the same
# table, and the backup can take over at once when the master fails. The servers
# answer the clients themselves (direct routing).

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs keepalived

vip=192.0.2.100 real1=192.0.2.21:80 real2=192.0.2.22:80

real_server() {
	cat <<-REAL_SERVER
	    real_server $1 80 {
	        weight 3
	        TCP_CHECK {
	            connect_timeout 3
	            nb_get_retry 3
	            delay_before_retry 1
	            connect_port 80
	        }
	    }
	REAL_SERVER
}

both_are() {
	local lvs
	for lvs in lvs1 lvs2; do
		await "$1 on $lvs" cell_is $lvs Weight "$2" $vip:80 "$3"
	done
}

listings_as_original() { same_listings "$1" -Ln '-Ln --stats' '-Ln --persistent-conn' '-Ln --thresholds' -Sn; }

switch lan
host client1 lan 192.0.2.10/24
host client2 lan 192.0.2.11/24
host lvs1 lan 192.0.2.1/24
host lvs2 lan 192.0.2.2/24
host real1 lan 192.0.2.21/24
host real2 lan 192.0.2.22/24

say "The servers have the virtual address on lo, and do not answer ARP for it."
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	on $real ip address add $vip/32 dev lo
	serve $real :80
done

say "The configuration is that of the guides. The director with the higher priority is the master as long as the \
backup hears from it every second. The service chooses the server with the fewest connections (wlc). It keeps a \
client there for 50 seconds after the client's last new connection (persistence_timeout), and longer while ip_vs \
remembers any of the client's connections. A server is up if it accepts connections (TCP_CHECK)."
own lvs1 /etc/keepalived /run
own lvs2 /etc/keepalived /run
write lvs1:/etc/keepalived/keepalived.conf <<CONFIGURATION
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 101
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress {
        $vip
    }
}
virtual_server $vip 80 {
    delay_loop 2
    lb_algo wlc
    lb_kind DR
    persistence_timeout 50
    protocol TCP
$(real_server 192.0.2.21)
$(real_server 192.0.2.22)
}
CONFIGURATION

say "The guides write nb_get_retry, which keepalived 2 would skip: the option is called retry now."
fails 5 lvs1 keepalived --config-test
on lvs1 sed -i s/nb_get_retry/retry/ /etc/keepalived/keepalived.conf
on lvs1 keepalived --config-test
keepalived_conf=$(quietly lvs1 cat /etc/keepalived/keepalived.conf)

say "The backup's configuration differs in two lines."
sed 's/state MASTER/state BACKUP/; s/priority 101/priority 100/' <<<"$keepalived_conf" >/hosts/lvs2/etc/keepalived/keepalived.conf
on lvs2 grep -E 'state|priority' /etc/keepalived/keepalived.conf
start_keepalived lvs1
start_keepalived lvs2
await "lvs1 is the master" has_address lvs1 $vip
check "lvs2 is not the master" "$(has_address lvs2 $vip && echo master)" = ''
both_are "real1 is in" 3 $real1
both_are "real2 is in" 3 $real2
roughly lvs1 ip -4 -brief address show dev eth0
roughly lvs2 ip -4 -brief address show dev eth0

say "Both directors have the same table."
for lvs in lvs1 lvs2; do
	on $lvs ipvsadm -Ln
	listings_as_original $lvs
done

say "Each client stays with one server. The second client got the server with fewer connections."
ask client1 10 http://$vip/
check "real2 answered client1" "$(answers real2)" -eq 10
no_faults lvs1
no_faults lvs2
ask client2 10 http://$vip/
check "real1 answered client2" "$(answers real1)" -eq 10
on lvs1 ipvsadm -Ln
listings_as_original lvs1

say "client2 sends requests without pause, and real1, which answers them, loses its web server. Requests are refused \
until keepalived has tried real1 four times."
load client2 http://$vip/
so_far load
check "no request failed" "$(answers nobody)" -eq 0
stop real1
both_are "real1 is out" '' $real1
so_far load
echo "  ($(answers nobody) requests failed before it was noticed)"
check "some failed" "$(answers nobody)" -gt 0
so_far load 30
check "no request failed since then, although client2 belonged to real1" "$(answers nobody)" -eq 0
check "real2 answers client2 too" "$(answers real2)" -gt 0
release load
check "no request failed until the end" "$(answers nobody)" -eq 0
for lvs in lvs1 lvs2; do
	on $lvs ipvsadm -Ln
	listings_as_original $lvs
done

say "real1 recovers, and both directors add it again. client2 stays with real2."
load client2 http://$vip/
serve real1 :80
both_are "real1 is in again" 3 $real1
so_far load
check "no request failed" "$(answers nobody)" -eq 0
# If the client reuses a port, the director may still remember its old connection to real1.
check "real2 still answers client2" "$(answers real2)" -gt "$(answers real1)"

say "The master loses its power while client2 still sends requests. The backup notices after three seconds, takes \
the virtual address, and announces its own Ethernet address for it to all hosts of the lan."
crash lvs1
await "lvs2 is the master" has_address lvs2 $vip
so_far load
echo "  ($(answers nobody) requests failed until lvs2 had taken over)"
so_far load 30
check "no request failed since then" "$(answers nobody)" -eq 0
release load
roughly lvs2 ip -4 -brief address show dev eth0
on lvs2 ipvsadm -Ln
listings_as_original lvs2
check "keepalived reported no error on lvs1" "$(complaints lvs1)" = ''

say "lvs1 returns with an empty table. It has the higher priority, so it becomes the master as soon as keepalived \
runs. Connections that lvs2 carried at that moment are reset, because lvs1 does not know them. It does not know \
client2's server either. Where that matters, run sync daemons: the master sends its connections to the backup."
host lvs1 lan 192.0.2.1/24
own lvs1 /etc/keepalived /run
echo "$keepalived_conf" >/hosts/lvs1/etc/keepalived/keepalived.conf
on lvs1 ipvsadm -Ln
load client2 http://$vip/
start_keepalived lvs1
await "lvs1 is the master" has_address lvs1 $vip
await "lvs2 is no longer the master" has_no_address lvs2 $vip
so_far load
echo "  ($(answers nobody) requests failed when lvs1 took over)"
so_far load 30
check "no request failed since then" "$(answers nobody)" -eq 0
release load
on lvs1 ipvsadm -Ln
listings_as_original lvs1
for lvs in lvs1 lvs2; do
	check "keepalived reported no error on $lvs" "$(complaints $lvs)" = ''
done
