#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ldirectord: servers that fail are taken out, and come back
#
#        client
#        192.0.2.10, 2001:db8::10
#            |
#     -------+------+------------------------------------------- outside
#                   |
#               director
#               192.0.2.1, 2001:db8::1
#               192.0.2.100, 192.0.2.101, 2001:db8::100: the virtual addresses
#               198.51.100.1, 2001:db8:1::1
#                   |
#     -------+------+-------+-----------------+------------------ inside
#            |              |                 |
#       198.51.100.21  198.51.100.22     198.51.100.23
#          real1          real2             real3
#
# Debian's unchanged ldirectord requests a page from every server and updates
# ip_vs accordingly. It runs ipvsadm to change the table, and parses the listings
# of ipvsadm to learn its state. The servers are behind address translation.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs ldirectord perl

vip=192.0.2.100 vip6=2001:db8::100 marked=192.0.2.101
real1=198.51.100.21:8080 real2=198.51.100.22:8080 real3=198.51.100.23:8080
log=/var/log/ldirectord.log

# How often ldirectord has run this command: strace records every program that it and its children start.
ran() {
	grep -cF "execve(\"/sbin/ipvsadm\", [\"/sbin/ipvsadm\", $1" /tmp/programs || :
}

quoted() {
	sed 's/[^ ]*/"&"/g; s/ /, /g' <<<"$*"
}

listings_as_original() { same_listings director -Ln '-Ln --thresholds' '-Ln --stats' '-Ln --persistent-conn' -Sn; }

switch outside
switch inside
host client outside 192.0.2.10/24,2001:db8::10/64
host director outside 192.0.2.1/24,2001:db8::1/64 inside 198.51.100.1/24,2001:db8:1::1/64
host real1 inside 198.51.100.21/24,2001:db8:1::21/64
host real2 inside 198.51.100.22/24,2001:db8:1::22/64
host real3 inside 198.51.100.23/24,2001:db8:1::23/64

say "The servers answer through the director, which translates the addresses back, so the director is their router. \
Their page /health reports their state."
on director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
for real in real1 real2 real3; do
	on $real ip route add default via 198.51.100.1
	on $real ip route add default via 2001:db8:1::1
	serve $real :8080
done

say "The director has the virtual addresses and its own web server, for the time when no other is left. It marks \
packets to $marked with 7."
on director ip address add $vip/32 dev eth0
on director ip address add $marked/32 dev eth0
on director ip address add $vip6/128 dev eth0 nodad
serve director :80
write /etc/nftables.conf <<RULES
table ip mark_web {
	chain prerouting {
		type filter hook prerouting priority mangle
		ip daddr $marked tcp dport 8080 meta mark set 7
	}
}
RULES
on director nft -f /etc/nftables.conf

say "A service that does not belong to ldirectord exists already."
on director ipvsadm -A -t 192.0.2.1:25 -s wlc
on director ipvsadm -a -t 192.0.2.1:25 -r 198.51.100.25 -m -w 3
foreign=$(quietly director ipvsadm -Ln -t 192.0.2.1:25)

say "The configuration has four services of different kinds. ldirectord deletes a server that fails (quiescent = \
no), and adds the director's own when none is left. (Without readdquiescent, a new server is added and deleted again \
before its first check.)"
write /etc/ha.d/web.cf <<CONFIGURATION
checktimeout = 20
negotiatetimeout = 20
checkinterval = 1
quiescent = no
readdquiescent = yes
logfile = "$log"

virtual = $vip:80
    real = $real1 masq 1
    real = $real2 masq 1
    fallback = 127.0.0.1:80 gate
    service = http
    request = "health"
    receive = "well"
    scheduler = rr
    protocol = tcp

virtual6 = [$vip6]:80
    real6 = [2001:db8:1::21]:8080 masq 1
    real6 = [2001:db8:1::22]:8080 masq 2
    checktype = connect
    scheduler = wrr
    protocol = tcp

virtual = 7
    real = 198.51.100.21 masq 1
    real = 198.51.100.22 masq 1
    service = http
    checkport = 8080
    request = "health"
    receive = "well"
    scheduler = rr
    persistent = 60
    netmask = 255.255.255.0
    protocol = fwm

virtual = $vip:53
    real = 198.51.100.21:53 masq 1
    checktype = on
    scheduler = sh
    schedflags = sh-port
    ops = yes
    protocol = udp
CONFIGURATION

say "ldirectord looks for /sbin/ipvsadm first, which must be this ipvsadm. strace records which programs ldirectord \
starts."
check "/sbin/ipvsadm is this ipvsadm" /sbin/ipvsadm -ef /lab/ipvsadm
check "/usr/sbin/ipvsadm is this ipvsadm" /usr/sbin/ipvsadm -ef /lab/ipvsadm
prompt "director# ldirectord web.cf start"
quietly director strace -D -f --seccomp-bpf -e trace=execve -s 200 -o /tmp/programs ldirectord web.cf start
await "both servers are in" cell_is director Weight 1 $vip:80 $real2
await "the servers of IPv6 are in" cell_is director Weight 2 "[$vip6]:80" '[2001:db8:1::22]:8080'
await "the servers of the firewall mark are in" cell_is director Weight 1 7 198.51.100.22:0
await "the director's own server is out" cell_is director Weight '' $vip:80 127.0.0.1:80
on director ipvsadm -Ln
check "real1 is in" "$(cell Weight $vip:80 $real1)" = 1
check "real1 is behind address translation" "$(cell Forward $vip:80 $real1)" = Masq
listings_as_original

say "Requests to each service. The service of the mark is persistent, so it always sends a client to the same \
server."
ask client 20 http://$vip/
check "real1 answered half" "$(answers real1)" -eq 10
check "real2 answered half" "$(answers real2)" -eq 10
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10
ask client 30 "http://[$vip6]/"
check "real1 answered a third" "$(answers real1)" -eq 10
check "real2, of weight 2, answered two thirds" "$(answers real2)" -eq 20
no_faults director -t $vip:80
no_faults director -t "[$vip6]:80"
ask client 10 http://$marked:8080/
check "one server answered all" $(($(answers real1) * $(answers real2) + $(answers real1) + $(answers real2))) -eq 10

say "A client sends requests without pause, and real1's web server dies. Requests to real1 are refused until \
ldirectord notices. After that no request may fail."
load client http://$vip/
so_far load
check "no request failed" "$(answers nobody)" -eq 0
stop real1
await "ldirectord has taken real1 out" cell_is director Weight '' $vip:80 $real1
so_far load
echo "  ($(answers nobody) of $(($(answers nobody) + $(answers real1) + $(answers real2))) requests failed before it noticed)"
check "some failed" "$(answers nobody)" -gt 0
await "real1 is out of the IPv6 service too" cell_is director Weight '' "[$vip6]:80" '[2001:db8:1::21]:8080'
await "the same holds for the service of the mark" cell_is director Weight '' 7 198.51.100.21:0
so_far load 50
check "no request failed since then" "$(answers nobody)" -eq 0
check "none reached real1" "$(answers real1)" -eq 0
check "real2 answered" "$(answers real2)" -gt 0

say "real1 recovers under load, and no client notices."
serve real1 :8080
await "ldirectord has put real1 back" cell_is director Weight 1 $vip:80 $real1
await "the same holds for the service of the mark" cell_is director Weight 1 7 198.51.100.21:0
so_far load
check "no request failed" "$(answers nobody)" -eq 0
so_far load 50
check "no request failed since then" "$(answers nobody)" -eq 0
check "real1 answers again" "$(answers real1)" -gt 0
release load
check "no request failed until the end" "$(answers nobody)" -eq 0
on director ipvsadm -Ln --stats
listings_as_original

say "All servers report themselves as ill: their web servers run, but /health says so. ldirectord adds the \
director's own server."
touch /tmp/real1.ill /tmp/real2.ill
await "the director's own server is in" cell_is director Weight 1 $vip:80 127.0.0.1:80
await "real1 is out" cell_is director Weight '' $vip:80 $real1
await "real2 is out" cell_is director Weight '' $vip:80 $real2
await "real1 is out of the service of the mark too" cell_is director Weight '' 7 198.51.100.21:0
await "real2 is out of the service of the mark too" cell_is director Weight '' 7 198.51.100.22:0
on director ipvsadm -Ln
ask client 5 http://$vip/
check "the director's own server answered all" "$(answers director)" -eq 5
listings_as_original
rm /tmp/real1.ill
await "real1 is back" cell_is director Weight 1 $vip:80 $real1
await "the director's own server is out" cell_is director Weight '' $vip:80 127.0.0.1:80
ask client 5 http://$vip/
check "real1 answers" "$(answers real1)" -eq 5
rm /tmp/real2.ill
await "real2 is back" cell_is director Weight 1 $vip:80 $real2

say "ldirectord reads a new configuration while it runs. real1 gets more weight. real2 gets thresholds (u: and l:): \
from two connections on it gets no new ones, until it has fewer than one. real3 is added, and the service of the \
mark is deleted."
sed -i "s/real = $real1 masq 1/real = $real1 masq 3/; /^virtual = 7/,/^\$/d
	s/real = $real2 masq 1/real = $real2 masq 1 l:1 u:2\n    real = $real3 masq 1/; s/scheduler = rr/scheduler = wrr/" /etc/ha.d/web.cf
on director sed -n "/^virtual = $vip:80/,/^$/p" /etc/ha.d/web.cf
on director ldirectord web.cf reload
await "real3 is in" cell_is director Weight 1 $vip:80 $real3
await "real1 has its weight" cell_is director Weight 3 $vip:80 $real1
await "the service of the mark is gone" cell_is director Weight '' 7 198.51.100.22:0
await "the reload is over" grep -q 'Purged virtual server (start): 7' $log
on director ipvsadm -Ln --thresholds
check "real2's upper threshold is 2" "$(cell Uthreshold $vip:80 $real2)" -eq 2
check "real2's lower threshold is 1" "$(cell Lthreshold $vip:80 $real2)" -eq 1
listings_as_original

say "ldirectord reads the same configuration once more. ipvsadm's listings tell it that every server already has its \
settings, thresholds included, so it changes none."
edited=$(ran '"-e"')
check "before that, ldirectord had edited real1 and real2" "$edited" -ge 2
listed=$(ran '"-E"')
on director ldirectord web.cf reload
more_than_before() { (($(ran '"-E"') >= listed + 3)); }
await "ldirectord has read the configuration" more_than_before
say "ldirectord still checks the servers: real2 fails and recovers."
touch /tmp/real2.ill
await "real2 is out" cell_is director Weight '' $vip:80 $real2
rm /tmp/real2.ill
await "real2 is back" cell_is director Weight 1 $vip:80 $real2
check "ldirectord edited no server" "$(ran '"-e"')" -eq "$edited"

say "When ldirectord stops, it deletes its services, and no others."
on director ldirectord web.cf stop
gone() { table director -Ln && [[ $(grep -c '^[TUF]' "$shown") == 1 && ! -e /run/ldirectord.web.cf.pid ]]; }
await "the services of ldirectord are gone" gone
on director ipvsadm -Ln
check "the other service is as it was" "$(quietly director ipvsadm -Ln -t 192.0.2.1:25)" = "$foreign"

say "The log of ldirectord, without the lines that only report servers as up or down."
grep -v 'Invoking\|Exiting from' $log
check "no command of ipvsadm failed" "$(grep -ciE 'system\(.*failed|can not|could not|warn|error' $log)" -eq 0
programs=$(sed -n 's/.*execve("\([^"]*ipvsadm[^"]*\)".*/\1/p' /tmp/programs | sort | uniq -c)
echo "  (how often it ran which ipvsadm: $programs)"
check "ldirectord ran only this ipvsadm" "$(awk '{ print $2 }' <<<"$programs")" = /sbin/ipvsadm
for command in "-A -t $vip:80" "-A -t [$vip6]:80" '-A -f 7' "-A -u $vip:53" "-a -t $vip:80" "-d -t $vip:80 -r $real1" \
	"-E -t $vip:80" "-D -t $vip:80" '-L -n --thresholds'; do
	check "ldirectord ran ipvsadm $command" "$(ran "$(quoted "$command")")" -gt 0
done

say "ldirectord can also give a failed server no new connections but let it finish those it has (quiescent = yes). \
This time ldirectord runs with -d and reports whatever it does not understand. The service has another port, because \
a server that comes back to a service still counts the connections that it had there, which matters for thresholds."
write /etc/ha.d/quiet.cf <<CONFIGURATION
checktimeout = 20
negotiatetimeout = 20
checkinterval = 1
quiescent = yes
readdquiescent = yes

virtual = $vip:81
    real = $real1 masq 1
    real = $real2 masq 1 l:1 u:2
    service = http
    request = "health"
    receive = "well"
    scheduler = rr
    protocol = tcp
CONFIGURATION
begin /tmp/debug director ldirectord -d quiet.cf start
ldirectord=$!
await "real1 is in" cell_is director Weight 1 $vip:81 $real1
await "real2 is in" cell_is director Weight 1 $vip:81 $real2
table director -Ln --thresholds
check "real2 has its thresholds" "$(cell Uthreshold $vip:81 $real2) $(cell Lthreshold $vip:81 $real2)" = "2 1"

say "The client opens six connections and keeps them open: real2 gets two, which is its limit, and real1 the others."
hold client 6 http://$vip:81/
both() { table director -Ln && [[ $(cell ActiveConn $vip:81 $real1) == 4 && $(cell ActiveConn $vip:81 $real2) == 2 ]]; }
await "real1 has four of them, and real2 two" both
ask client 5 http://$vip:81/
check "real2 takes no more" "$(answers real1)" -eq 5

say "real1 fails its check."
touch /tmp/real1.ill
await "ldirectord has set its weight to 0" cell_is director Weight 0 $vip:81 $real1
on director ipvsadm -Ln
listings_as_original
so_far hold
go_on "all six connections continue" 6
so_far hold 60
check "no connection ended" "$(answers nobody)" -eq 0
check "those with real1 continue" "$(answers real1)" -gt 0
check "those with real2 continue" "$(answers real2)" -gt 0
table director -Ln
check "real1's four connections are still there" "$(cell ActiveConn $vip:81 $real1)" -eq 4

say "real1 recovers."
rm /tmp/real1.ill
await "the server has its weight back" cell_is director Weight 1 $vip:81 $real1
ask client 5 http://$vip:81/
check "real1 takes new connections" "$(answers real1)" -eq 5
go_on "all six connections continue" 6
release hold
check "the old connections were never interrupted" "$(answers nobody)" -eq 0

say "real2 fails and recovers, and has its thresholds again."
touch /tmp/real2.ill
await "real2 has weight 0" cell_is director Weight 0 $vip:81 $real2
rm /tmp/real2.ill
await "the server has its weight back" cell_is director Weight 1 $vip:81 $real2
on director ipvsadm -Ln --thresholds
check "real2 has its thresholds" "$(cell Uthreshold $vip:81 $real2) $(cell Lthreshold $vip:81 $real2)" = "2 1"
listings_as_original
kill $ldirectord
await "ldirectord has deleted its service" cell_is director Weight '' $vip:81 $real1
wait $ldirectord 2>/dev/null || :
# At the end of any listing, ldirectord warns of "uninitialized in split".
check "ldirectord understood every line of ipvsadm" \
	"$(grep -E 'Unknown line|seem to be inside|system\(.*failed|uninitialized' /tmp/debug | grep -v ' in split ' || :)" = ''
check "the other service is as it was" "$(quietly director ipvsadm -Ln -t 192.0.2.1:25)" = "$foreign"
