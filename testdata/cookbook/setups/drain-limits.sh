#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Taking a server out that is not free to go: limits, UDP, keepalived
#
#        client, which plays 100,352
#        192.0.2.10, 100.64.0.0 to 100.65.135.255
#            |
#     -------+------+--------------------------------------------- outside
#                   |
#               director
#               192.0.2.1, 192.0.2.100: the virtual address
#               10.0.0.1
#                   |
#     -------+------+-------+-------------------------------------- inside
#            |              |
#        10.0.0.21      10.0.0.22
#          real1          real2
#
# Some connections never end, and some programs want a server back. --drain has
# a time limit, says what is left, and does not fight with other programs.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs keepalived jq

vip=192.0.2.100

# in_background FILE HOST COMMAND...: begin, with the process in $background.
in_background() {
	begin "$@"
	background=$!
	disown
}

ended() { ! kill -0 "$1" 2>/dev/null; }

# weight SERVICE: the weight of real1.
weight() {
	table director -Ln
	cell Weight "$1" 10.0.0.21:"${1##*:}"
}

weight_is() { [[ $(weight "$1") == "$2" ]]; }

switch outside
switch inside
host client outside 192.0.2.10/24
host director outside 192.0.2.1/24,$vip/32 inside 10.0.0.1/24
for i in 1 2; do
	host real$i inside 10.0.0.2$i/24
	on real$i ip route add default via 10.0.0.1
	serve real$i :80
	quietly real$i traffic serve real$i udp://:53
done
on director sysctl -qw net.ipv4.ip_forward=1
on director ipvsadm -A -t $vip:80 -s rr
on director ipvsadm -A -u $vip:53 -s rr
for i in 1 2; do
	on director ipvsadm -a -t $vip:80 -r 10.0.0.2$i -m -w 2
	on director ipvsadm -a -u $vip:53 -r 10.0.0.2$i -m -w 2
done

say "A client keeps two connections open, one at each server. --keep changes the scheduler of the service, and thresholds \
of a server, and nothing else."
hold client 2 http://$vip:80/
on director ipvsadm -E --keep -t $vip:80 -s wrr
on director ipvsadm -e --keep -t $vip:80 -r 10.0.0.21 -x 1000
go_on "the connections survive" 2
no_faults director
on director sh -c "ipvsadm -Sn | grep -- '-t $vip:80'"
check "the server has its method and weight" "$(grep -c -- '-r 10.0.0.21:80 -m -w 2 -x 1000 -y 0' "$shown")" -eq 1

say "At the limit, --drain leaves the weight at 0 and says how to \
go on and back, or puts everything back, or removes the server all the same. The exit status tells which it was."
fails 1 director sh -c "ipvsadm --drain -r 10.0.0.21 -t $vip:80 --wait 3 >/root/back 2>/root/log"
roughly director tail -n 3 /root/log
check "the weight is 0" "$(weight $vip:80)" = 0
on director ipvsadm -e --keep -t $vip:80 -r 10.0.0.21 -w 2
go_on "the client still has both servers" 2
fails 1 director sh -c "ipvsadm --drain -r 10.0.0.21 -t $vip:80 --wait 3 --at-end undo >/root/back 2>/root/log"
check "the weight is as before" "$(weight $vip:80)" = 2
go_on "the client still has both servers" 2
on director sh -c "ipvsadm --drain -r 10.0.0.21 -t $vip:80 --wait 3 --at-end remove >/root/back 2>/root/log"
check "it says what that cut" "$(grep -c '1 server removed, 1 connection was cut.$' /root/log)" -eq 1
check "the server is gone" "$(weight $vip:80)" = ""
on director sh -c 'ipvsadm -R </root/back'

say "The connection of real1 was silent from then on, and now it is back in its trash time. A pool of such connections \
would never end; --idle says after which silence they do not count."
release hold
in_background /tmp/idle client traffic open 2 http://$vip/
idle=$background
wait_until "the connections are open" has_lines 2 /tmp/idle
on director sh -c "ipvsadm --drain -r 10.0.0.21 -t $vip:80 --idle 4 >/root/back 2>/root/log"
check "it was removed with an open connection" "$(grep -c '1 server removed' /root/log)" -eq 1
on director sh -c 'ipvsadm -R </root/back'
kill "$idle"

say "A UDP client that sends from one port all the time never leaves a server of weight 0, whatever the sysctls: only TCP \
and SCTP tell where a connection begins."
in_background /tmp/beat client traffic beat udp://$vip:53
beat=$background
wait_until "the client has an answer" has_lines 1 /tmp/beat
mine=$(awk 'NR == 1 { print $1 }' /tmp/beat) real=10.0.0.2${mine#real}
on director sysctl -qw net.ipv4.vs.expire_nodest_conn=1
status=0
quietly director sh -c "ipvsadm --drain -r $real -u $vip:53 --wait 14 --at-end undo >/root/back 2>/root/log" || status=$?
sed 's/^/  /' /root/log
check "it was not drained" "$status" -eq 1
check "the client still has its server" "$(tail -n 1 /tmp/beat | cut -d ' ' -f 1)" = "$mine"
say "The client pauses, and ten seconds later the server is drained."
kill "$beat"
start=$SECONDS
quietly director sh -c "ipvsadm --drain -r $real -u $vip:53 >/root/back 2>/root/log"
waited=$((SECONDS - start))
echo "  ($waited s)"
check "that took ten seconds, or few more" "$((waited >= 9 && waited <= 20))" -eq 1
quietly director ipvsadm -R </root/back

say "The last usable server of a service stays, since new clients would get nothing."
on director ipvsadm -e --keep -t $vip:80 -r 10.0.0.22 -w 0
fails 2 director ipvsadm --drain -r 10.0.0.21
on director ipvsadm -e --keep -t $vip:80 -r 10.0.0.22 -w 2

say "A sync daemon, and programs that write the table, are warned of."
on director ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 7
quietly director sh -c "ipvsadm --drain -r 10.0.0.21 -u $vip:53 --keep-server >/root/back 2>/root/log" || fail "it is not drained"
check "the other director is named" "$(grep -c 'a sync daemon runs here: other directors have tables of their own' /root/log)" -eq 1
quietly director ipvsadm -R </root/back
on director ipvsadm --stop-daemon backup

say "keepalived checks the servers of a service of its own, and with inhibit_on_failure sets the weight of one that fails to \
0, and back when it recovers."
write /etc/keepalived/keepalived.conf <<CONFIGURATION
virtual_server $vip 8080 {
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    delay_loop 1
    inhibit_on_failure
$(for i in 1 2; do cat <<-SERVER
    real_server 10.0.0.2$i 80 {
        weight 3
        HTTP_GET {
            url {
                path /health
                status_code 200
            }
            connect_timeout 20
            retry 0
            delay_loop 1
            warmup 0
        }
    }
SERVER
done)
}
CONFIGURATION
weight_8080() {
	table director -Ln
	[[ $(cell Weight $vip:8080 10.0.0.21:80) == "$1" ]]
}
begin /tmp/director.log director keepalived --dont-fork --log-console --log-detail
disown
await "keepalived has its servers" weight_8080 3
in_background /tmp/idle client traffic open 2 http://$vip:8080/
idle=$background
wait_until "the connections are open" has_lines 2 /tmp/idle
in_background /root/log director sh -c "exec ipvsadm --drain -r 10.0.0.21 -t $vip:8080 >/root/back"
drain=$background
await "the weight is 0" weight_8080 0
touch /tmp/real1.ill
sleep 6
rm /tmp/real1.ill
wait_until "the drain has stopped" ended "$drain"
sed 's/^/  /' /root/log /tmp/director.log | tail -n 40
check "it warned of keepalived" "$(grep -c 'warning: keepalived runs here and may set the weight back' /root/log)" -eq 1
check "it stopped when the weight was set" "$(grep -c 'another program set the weight of 10.0.0.21:80 of TCP 192.0.2.100:8080 to 3' /root/log)" -eq 1
check "and left it alone" "$(weight_8080 3 && echo yes)" = yes
kill "$idle"
stop director

say "A hundred thousand clients send a packet each. While it waits, --drain takes less than a tenth of a processor: it does \
not read such a large connection table, since the counters of the servers tell nearly as well when the last packet came."
on director ipvsadm -A -u $vip:5353 -s rr
on director ipvsadm -a -u $vip:5353 -r 10.0.0.21 -g
on director ipvsadm -a -u $vip:5353 -r 10.0.0.22 -g
for network in 100.64.0.0/16 100.65.0.0/17 100.65.128.0/21; do
	on client traffic crowd $network udp://$vip:5353
done
table director -Ln
check "real1 has half of the connections" "$(cell InActConn $vip:5353 10.0.0.21:5353)" -eq 50176
TIMEFORMAT='%U %S %R'
{ time quietly director sh -c "ipvsadm --drain -r 10.0.0.21 -r 10.0.0.22 -u $vip:5353 --force --wait 200 >/root/back 2>/root/log"; } 2>/tmp/times || { cat /root/log; fail "it is not drained"; }
awk '{ printf "  (%.1f s of processor in %.1f s)\n", $1 + $2, $3 }' /tmp/times
check "it took less than a tenth of the processor" "$(awk '{ print ($1 + $2) * 10 < $3 }' /tmp/times)" -eq 1
sed 's/^/  /' /root/log
check "and twelve seconds of silence were enough" "$(awk '{ print $3 < 25 }' /tmp/times)" -eq 1
