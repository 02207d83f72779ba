#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Heartbeat: two directors, of which one has the rules, ldirectord and the virtual address
#
#        client                lvs1                lvs2
#        192.0.2.10            192.0.2.1           192.0.2.2
#            |                     |  192.0.2.100      |
#            |                     |  on the active    |
#     -------+-------+-------------+----+--------------+------- lan
#                    |                  |
#                192.0.2.21         192.0.2.22
#                192.0.2.100 on lo  192.0.2.100 on lo
#                real1              real2
#
# Debian's unchanged Heartbeat starts the resources of haresources on one node,
# one after the other, and on the other node when the first one fails. The init
# script of ipvsadm is one of the resources. The servers answer the clients
# themselves (direct routing).

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs /usr/libexec/heartbeat/heartbeat ldirectord

vip=192.0.2.100 real1=192.0.2.21:80 real2=192.0.2.22:80

# Does what the installation of the packages would do. Each director then has its own /etc, logs and state.
install_packages() {
	echo 'haclient:x:65:' >>/etc/group
	echo 'hacluster:x:65:65::/var/lib/heartbeat:/bin/false' >>/etc/passwd
	mkdir -p /var/lib/heartbeat/cores/{root,nobody,hacluster} /var/log /etc/default
	chown 65:65 /var/lib/heartbeat /var/lib/heartbeat/cores/hacluster
	cp /lab/sysconfig/ipvsadm.init /etc/init.d/ipvsadm
	chmod 755 /etc/init.d/ipvsadm
	cp /lab/sysconfig/default.debian /etc/default/ipvsadm
}

# A freshly booted director.
director() {
	host "$1" lan "$2"
	own "$1" /etc /var/log /var/lib/heartbeat /run
	quietly "$1" mkdir -p /run/lock /run/heartbeat/{ccm,crm,dopd,rsctmp}
	quietly "$1" chown -R 65:65 /run/heartbeat
}

start_heartbeat() { see "$1" /etc/init.d/heartbeat start; }

is_empty() { [[ $(quietly "$1" ipvsadm -Sn) == '' ]] && has_no_address "$1" $vip; }

resources() { on "$1" grep -oE 'Running /etc/(init|ha.d/resource).*' /var/log/ha-log; }

# The client may still send a request to the old Ethernet address, until it learns the new one.
answered() {
	so_far load 5 >/dev/null
	[[ $(answers nobody) == 0 ]]
}

both_are_in() {
	await "real1 is in on $1" cell_is "$1" Weight 1 $vip:80 $real1
	await "real2 is in on $1" cell_is "$1" Weight 1 $vip:80 $real2
}

listings_as_original() { same_listings "$1" -Ln '-Ln --stats' '-Ln --thresholds' -Sn; }

install_packages
switch lan
host client lan 192.0.2.10/24
host real1 lan 192.0.2.21/24
host real2 lan 192.0.2.22/24

say "The servers have the virtual address on lo, and do not answer ARP for it. Their page /health reports their \
state."
for real in real1 real2; do
	on $real sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	on $real ip address add $vip/32 dev lo
	serve $real :80
done

say "Both directors have the same files. ha.cf names the nodes and how they reach each other. A node that is silent \
for ten seconds is dead."
write /etc/ha.d/ha.cf <<CONFIGURATION
logfile /var/log/ha-log
keepalive 1
deadtime 10
initdead 20
ucast eth0 192.0.2.1
ucast eth0 192.0.2.2
auto_failback on
node lvs1
node lvs2
CONFIGURATION
write /etc/ha.d/authkeys <<CONFIGURATION
auth 1
1 sha1 not-a-secret
CONFIGURATION
chmod 600 /etc/ha.d/authkeys

say "haresources names the preferred node and what to start there, from left to right: the rules, then ldirectord, \
which adds a service and checks its servers, and last the address, when all is ready for requests."
write /etc/ha.d/haresources <<CONFIGURATION
lvs1 ipvsadm ldirectord::web.cf IPaddr2::$vip/32/eth0
CONFIGURATION
write /etc/ha.d/web.cf <<CONFIGURATION
checkinterval = 1
checktimeout = 20
negotiatetimeout = 20
quiescent = no
virtual = $vip:80
    real = $real1 gate
    real = $real2 gate
    service = http
    request = "health"
    receive = "well"
    scheduler = rr
    protocol = tcp
CONFIGURATION

say "The rules are for mail, which nothing checks. AUTO must be true, or the init script leaves the table alone. The \
script is not enabled at boot, because Heartbeat starts it."
write /etc/ipvsadm.rules <<RULES
-A -t $vip:25 -s wlc
-a -t $vip:25 -r 192.0.2.21:25 -g -w 1
-a -t $vip:25 -r 192.0.2.22:25 -g -w 1
RULES
sed -i 's/^AUTO=.*/AUTO="true"/' /etc/default/ipvsadm
director lvs1 192.0.2.1/24
director lvs2 192.0.2.2/24
on lvs1 grep ^AUTO= /etc/default/ipvsadm
fails 3 lvs1 /etc/init.d/ipvsadm status

say "Heartbeat starts on both directors, and starts the resources on lvs1."
start_heartbeat lvs1
start_heartbeat lvs2
await "lvs1 has the address" has_address lvs1 $vip
both_are_in lvs1
resources lvs1
on lvs1 /etc/init.d/ipvsadm status
listings_as_original lvs1
check "lvs2 does not have the address" "$(has_address lvs2 $vip && echo active)" = ''
fails 3 lvs2 /etc/init.d/ipvsadm status
ask client 20 http://$vip/
check "real1 answered half" "$(answers real1)" -eq 10
check "real2 answered half" "$(answers real2)" -eq 10
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10
no_faults lvs1 -t $vip:80
no_faults lvs2

say "ldirectord deletes real1 while its page /health reports it as ill, and adds it again afterwards."
touch /tmp/real1.ill
await "real1 is out" cell_is lvs1 Weight '' $vip:80 $real1
ask client 10 http://$vip/
check "real2 answered all" "$(answers real2)" -eq 10
rm /tmp/real1.ill
both_are_in lvs1

say "Heartbeat relies on this: stopping a stopped resource does no harm."
on lvs2 /etc/init.d/ipvsadm stop

say "lvs1 loses its power while the client sends requests without pause. After ten seconds lvs2 starts the \
resources."
load client http://$vip/
so_far load
check "no request failed" "$(answers nobody)" -eq 0
cp -a /hosts/lvs1/var/lib/heartbeat /tmp/disk # what Heartbeat knows after the next boot
crash lvs1
await "lvs2 has the address" has_address lvs2 $vip
both_are_in lvs2
await "the client is answered" answered
so_far load 30
check "no request failed since then" "$(answers nobody)" -eq 0
check "real1 answered" "$(answers real1)" -gt 0
check "real2 answered" "$(answers real2)" -gt 0
release load
resources lvs2
on lvs2 ipvsadm -Ln
listings_as_original lvs2

say "lvs1 comes back. With auto_failback, lvs2 stops the resources from right to left, which empties its table, and \
lvs1 starts them."
load client http://$vip/
director lvs1 192.0.2.1/24
cp -a /tmp/disk/. /hosts/lvs1/var/lib/heartbeat/
start_heartbeat lvs1
await "lvs1 has the address" has_address lvs1 $vip
await "lvs2 has neither rules nor the address" is_empty lvs2
both_are_in lvs1
await "the client is answered" answered
so_far load 30
check "no request failed since then" "$(answers nobody)" -eq 0
release load
resources lvs2
fails 3 lvs2 /etc/init.d/ipvsadm status
resources lvs1
on lvs1 ipvsadm -Ln
listings_as_original lvs1
