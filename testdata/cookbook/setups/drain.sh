#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Taking a server out: --drain
#
#          client
#          203.0.113.10              192.0.2.10
#          2001:db8:f::10            2001:db8::10
#              |                         |
#     -----+---+------ outside     ------+----+-----------+-----------+------ lan
#          |                                  |           |           |
#      director                           director      real1       real2
#      203.0.113.1                        192.0.2.1     192.0.2.21  192.0.2.22
#      203.0.113.100: the virtual address 192.0.2.100   2001:db8::21
#      of NAT, 2001:db8:f::100            192.0.2.101               2001:db8::22
#                                         2001:db8::100, 2001:db8::101
#
# A server is to be rebooted. Its clients shall not notice: new ones get another
# server, and downloads that have begun end at it. --drain takes a host out of
# all its services, whatever their protocol and method: weight 0, wait, remove.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs jq

nat=203.0.113.100 nat6=2001:db8:f::100
direct=192.0.2.100 direct6=2001:db8::100
tunnel=192.0.2.101 tunnel6=2001:db8::101
all=("$direct:80" "$tunnel:80" "$nat:80" "[$direct6]:80" "[$tunnel6]:80" "[$nat6]:80")

# in_background FILE HOST COMMAND...: begin, with the process in $background.
in_background() {
	begin "$@"
	background=$!
	disown
}

ended() { ! kill -0 "$1" 2>/dev/null; }

# all_zero: whether all servers at real1 have weight 0 or are gone.
all_zero() {
	[[ $(quietly director ipvsadm -Sn | grep -E -- '-r (192.0.2.21|\[2001:db8::21\]):' | grep -Ecv -- '-w 0( |$)') == 0 ]]
}

# count_syns: counts from now on how many TCP connections real1 is asked for; syns tells.
count_syns() {
	quietly real1 nft -f - <<-'RULES'
		add table inet watch
		delete table inet watch
		table inet watch {
			chain input { type filter hook input priority 0; tcp flags & (syn | ack) == syn counter; }
		}
	RULES
}

syns() { quietly real1 nft list table inet watch | sed -n 's/.* counter packets \([0-9]*\) .*/\1/p'; }

# note_lateness: keeps in /tmp/late by how many milliseconds a sleep lasted longer than it should, on a machine with much else
# to do.
note_lateness() {
	local start late most=0
	while :; do
		start=${EPOCHREALTIME/./}
		sleep 0.2
		late=$(((${EPOCHREALTIME/./} - start) / 1000 - 200))
		((late <= most)) || { most=$late; echo "$most" >/tmp/late; }
	done
}

# all_begun COUNT: whether so many downloads have begun.
all_begun() { [[ $(cat /tmp/download.* | grep -c begun) == "$1" ]]; }

switch outside
switch lan
host client lan 192.0.2.10/24,2001:db8::10/64 outside 203.0.113.10/24,2001:db8:f::10/64
host director lan 192.0.2.1/24,2001:db8::1/64,$direct/32,$tunnel/32,$direct6/128,$tunnel6/128 \
	outside 203.0.113.1/24,2001:db8:f::1/64,$nat/32,$nat6/128
for i in 1 2; do
	host real$i lan 192.0.2.2$i/24,2001:db8::2$i/64
done

say "Both servers take part in six services: by direct routing, by tunnels and by NAT, over IPv4 and over IPv6."
on director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
# Else the director would send packets of the tunnel from a virtual address, and servers that have it refuse them.
quietly director ip address change $direct6/128 dev eth0 preferred_lft 0
quietly director ip address change $tunnel6/128 dev eth0 preferred_lft 0
for i in 1 2; do
	quietly real$i modprobe -a ipip ip6_tunnel
	quietly real$i sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.all.rp_filter=0
	quietly real$i ip address add $direct/32 dev lo
	quietly real$i ip address add $direct6/128 dev lo
	quietly real$i ip address add $tunnel/32 dev tunl0
	quietly real$i ip link set tunl0 up
	quietly real$i sysctl -qw net.ipv4.conf.tunl0.rp_filter=0
	quietly real$i ip address add $tunnel6/128 dev ip6tnl0 nodad
	quietly real$i ip link set ip6tnl0 up
	quietly real$i ip route add default via 192.0.2.1
	quietly real$i ip -6 route add default via 2001:db8::1
	serve real$i :80
done
for service in "${all[@]}"; do
	quietly director ipvsadm -A -t "$service" -s rr
done
quietly director ipvsadm --set 0 20 0
for i in 1 2; do
	on director ipvsadm -a -t $direct:80 -r 192.0.2.2$i -g -w 3
	on director ipvsadm -a -t $tunnel:80 -r 192.0.2.2$i -i -w 3 -x 5000 -y 4000
	on director ipvsadm -a -t $nat:80 -r 192.0.2.2$i:80 -m -w 3
	on director ipvsadm -a -t [$direct6]:80 -r [2001:db8::2$i]:80 -g -w 3
	on director ipvsadm -a -t [$tunnel6]:80 -r [2001:db8::2$i]:80 -i -w 3
	on director ipvsadm -a -t [$nat6]:80 -r [2001:db8::2$i]:80 -m -w 3
done
quietly director ipvsadm -Sn >/root/before
for service in "${all[@]}"; do
	quietly client traffic ask 2 "http://$service/" >"$tally" || fail "no answer from $service"
	check "both servers answer at $service" "$(answers real1)$(answers real2)" = 11
done
no_faults director

say "In each service a client begins two downloads, one from each server. In one service it also closes its own side of \
two connections, as programs do that have nothing more to say. The downloads end after real1 has got its weight 0. Other \
clients keep coming all the time."
downloads=()
for n in "${!all[@]}"; do
	in_background "/tmp/download.$n" client traffic download 2 "http://${all[n]}/slow?seconds=$((6 + 2 * n))&after=/tmp/draining"
	downloads+=("$background")
done
in_background /tmp/download.half client traffic download-half 2 "http://$direct:80/slow?seconds=8&after=/tmp/draining"
downloads+=("$background")
wait_until "the downloads have begun" all_begun 14
in_background /tmp/probe client traffic probe "${all[@]/#/http://}"
probe=$background
count_syns
sleep 3
check "they reach real1, too" "$(syns)" -gt 0

say "With expire_nodest_conn=1 the kernel gives a client another server if its own is gone. So --drain need not wait \
until the last entry of an old connection expires, but only until all of them are silent. The director takes real1 out."
on director sysctl -qw net.ipv4.vs.expire_nodest_conn=1
echo 0 >/tmp/late
note_lateness &
lateness=$!
disown
in_background /root/log director sh -c 'exec ipvsadm --drain -r 192.0.2.21 -r 2001:db8::21 --output json >/root/drain.json'
drain=$background
await "all weights of real1 are 0" all_zero
count_syns
touch /tmp/draining
for process in "${downloads[@]}"; do
	wait_until "the downloads have ended" ended "$process"
done
wait_until "the drain has ended" ended "$drain"
kill "$probe" $lateness
on director sh -c 'tail -n 1 /root/drain.json | jq -r .result'
check "real1 is drained" "$(cat "$shown")" = drained
check "no download was cut" "$(cat /tmp/download.* | awk '$2 != "right" && $2 != "begun"' | wc -l)" -eq 0
check "real1 had half of them" "$(cat /tmp/download.* | grep -c '^real1 right')" -eq 7
check "after weight 0 no client reached real1" "$(syns)" -eq 0
! grep nobody /tmp/probe || fail "not all clients were served"
check "all clients were served" "$(grep -c nobody /tmp/probe)" -eq 0
# The time from the last packet of each of real1's downloads until it left that service: at least from the client's close on,
# and at most from the moment on when the server had written all. All clocks here are the same.
milliseconds='def milliseconds: (sub("\\..*"; "Z") | fromdate) * 1000 + ((match("\\.[0-9]+").string | "0\(.)" | tonumber * 1000 | floor) // 0);'
slowest=0 fastest=99999 began=$(jq -s "$milliseconds"' .[0].time | milliseconds' /root/drain.json)
for n in "${!all[@]}"; do
	service="TCP ${all[n]}"
	removed=$(jq -s --arg service "$service" "$milliseconds"'
		[.[] | select(.servers[]? | .service == $service and .state == "removed") | .time][0] | milliseconds' /root/drain.json)
	files=("/tmp/download.$n")
	[[ $n != 0 ]] || files+=(/tmp/download.half)
	read -r written closed < <(cat "${files[@]}" | awk '
		$1 == "real1" && $3 > written { written = $3 }
		$1 == "real1" && $4 > closed { closed = $4 }
		END { print written, closed }')
	((written > began)) || fail "the download of $service ended before the drain began"
	least=$((removed - closed)) most=$((removed - written))
	echo "  ($service: removed $least to $most ms after the last packet)"
	((slowest >= least)) || slowest=$least
	((fastest <= most)) || fastest=$most
done
late=$(cat /tmp/late)
echo "  (the machine was up to $late ms late)"
((slowest <= 12000 + late)) || jq -c '[.time, (.servers[] | [.service, .state, .active, .inactive, .silent])]' /root/drain.json
# Nothing can remove a server while it gets no processor.
check "real1 left each service at most 12 seconds after the last packet" $((slowest - late)) -le 12000
check "and not before it was silent for ten, less a second of rounding" "$fastest" -ge 9000

say "The first line of its output has the way back, which was written before the first change."
on director sh -c "head -n 1 /root/drain.json | jq -r '.way_back[]' | tee /root/back"
on director sh -c 'ipvsadm -R </root/back'
quietly director ipvsadm -Sn >/root/after
check "everything is as before" "$(diff <(sort /root/before) <(sort /root/after) | wc -l)" -eq 0

say "Without it, packets of old connections would be dropped. So --drain waits until their entries have expired, here \
after 20 seconds in the state FIN_WAIT. This time it drains one service only, and leaves the server there, with weight 0."
on director sysctl -qw net.ipv4.vs.expire_nodest_conn=0
quietly client traffic download 2 "http://$direct:80/slow?seconds=1" >/tmp/short
start=$SECONDS
on director sh -c "ipvsadm --drain -r 192.0.2.21 -t $direct:80 --keep-server >/root/back 2>/root/log"
waited=$((SECONDS - start))
on director cat /root/back
echo "  ($waited s)"
check "it waited for the entries" "$((waited >= 14 && waited <= 60))" -eq 1
check "real1 stays, with weight 0" "$(quietly director ipvsadm -Sn | grep -c -- "-t $direct:80 -r 192.0.2.21:80 -g -w 0")" -eq 1
on director sh -c 'ipvsadm -R </root/back'

say "A persistent client comes back to its server in spite of weight 0. --drain says so, waits in vain, and ends with the \
status 1 and the rules that lead back."
on director ipvsadm -E --keep -t $nat:80 -p 300
in_background /tmp/probe client traffic probe "http://$nat/"
probe=$background
wait_until "the client has a server" has_lines 3 /tmp/probe
mine=$(awk 'NR == 1 { print $1 }' /tmp/probe) real=192.0.2.2${mine#real}
status=0
quietly director sh -c "ipvsadm --drain -r $real -t $nat:80 --wait 8 >/root/back 2>/root/log" || status=$?
sed 's/^/  /' /root/log
check "it was not drained" "$status" -eq 1
check "a note names the sysctl" "$(grep -c '^Persistence: clients of .*expire_quiescent_template=1$' /root/log)" -eq 1
check "the client still has its server" "$(tail -n 1 /tmp/probe | cut -d ' ' -f 1)" = "$mine"

say "Somebody sets the sysctl. Now the client gets another server with its next connection, and its old one is drained."
on director sysctl -qw net.ipv4.vs.expire_quiescent_template=1 net.ipv4.vs.expire_nodest_conn=1
quietly director sh -c "ipvsadm --drain -r $real -t $nat:80 >/root/back 2>/root/log" || { cat /root/log; fail "it is not drained"; }
sed 's/^/  /' /root/log
check "it is drained" "$(grep -c '^Drained in .*; 1 server removed, no connection was cut.$' /root/log)" -eq 1
check "the client has another server" "$(tail -n 1 /tmp/probe | cut -d ' ' -f 1)" != "$mine"
check "each of its requests was answered" "$(grep -c nobody /tmp/probe)" -eq 0
kill "$probe"
