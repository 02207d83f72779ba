#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Schedulers that remember who belongs where: sh mh dh lblc lblcr
#
#        client
#        192.0.2.10
#        10.1.0.0/16 on lo: many clients
#            |
#     -------+------+------------------------------------------- outside
#                   |
#               director
#               192.0.2.1
#               192.0.2.100: the virtual address
#               203.0.113.0/24: addresses of the world, for dh, lblc and lblcr
#               198.51.100.1
#                   |
#     -------+------+-------+----------------+------------------ inside
#            |              |                |
#       198.51.100.21  198.51.100.22    198.51.100.23
#          real1          real2            real3
#
# Where a server keeps something for a client, such as a session or a cache, the
# client should come back to it. sh, mh and dh compute the server from an
# address, so the director need not remember anything. Another director computes
# the same server: mh if it has the same table, sh and dh only if the servers
# were also added in the same order. lblc and lblcr choose a server once for each
# destination and remember it.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

# shellcheck disable=SC2034 # lib uses it
chart_mark='#'
vip=192.0.2.100
service=(-u "$vip:53")
real1=198.51.100.21 real2=198.51.100.22 real3=198.51.100.23

# each FILE NETWORK URL: asks from every address of the network, draws a chart, and leaves "NAME SOURCE DESTINATION" in FILE.
each() {
	prompt "client# $(words traffic each "$2" "$3")"
	quietly client traffic each "$2" "$3" >"$1" || fail "the requests could not be sent"
	draw "$1"
}

# moved BEFORE AFTER [SERVER]: how many clients have another server than before, not counting clients of SERVER.
moved() {
	awk -v besides="${3:-}" '
		NR == FNR { was[$2, $3] = $1; next }
		was[$2, $3] != besides && was[$2, $3] != $1 { count++ }
		END { print count + 0 }' "$1" "$2"
}

# The smallest number of a server in the last chart.
fewest() { awk '{ print $2 }' "$tally" | sort -n | head -n 1; }

# The difference in connections between the most and the least busy server of the last listing.
uneven() {
	awk '$6 ~ /^[0-9]/ { print $6 }' "$shown" | sort -n | sed -n '1p;$p' | tr '\n' ' ' | awk '{ print $2 - $1 }'
}

# For how many destinations more than one server answered.
divided() {
	awk '{ print $3, $1 }' "$1" | sort -u | cut -d ' ' -f 1 | uniq -d | wc -l
}

# The servers that answered in the last chart.
only() {
	awk '$2 > 0 { print $1 }' "$tally" | tr '\n' ' ' | sed 's/ $//'
}

# fill URL: makes the first server of a destination busier than its weight, then a second one.
fill() {
	keep client 5 "$1"
	first=$(only)
	check "five connections to one destination go to one server, whose weight is four" "$(answers "${first:-none}")" -eq 5
	keep client 4 "$1"
	second=$(only)
	check "the next four go to one server" "$(answers "${second:-none}")" -eq 4
	check "that server is another one" "$second" != "$first"
}

# close_first: ends the connections of the first keep; returns when the director has seen it.
close_first() {
	end client "${opened[0]}"
	wait "${opened[0]}" 2>/dev/null || :
	wait_until "the director has seen it" cell_is director ActiveConn 0 1 "$1:0"
}

switch outside
switch inside
host client outside 192.0.2.10/24
host director outside 192.0.2.1/24,$vip/32 inside 198.51.100.1/24
for i in 1 2 3; do
	host real$i inside 198.51.100.2$i/24
	on real$i ip route add default via 198.51.100.1
done
on director sysctl -qw net.ipv4.ip_forward=1

say "The client has all addresses of 10.1.0.0/16, so it can play many clients. Each sends one UDP packet."
on client ip route add local 10.1.0.0/16 dev lo
on director ip route add 10.1.0.0/16 via 192.0.2.10
for i in 1 2 3; do
	serve real$i udp://:53
	serve real$i :80
done

say "sh, source hashing: the client's address selects one of 256 places in a table, and the servers share the places \
according to their weights."
on director ipvsadm -A "${service[@]}" -s sh
for real in "$real1" "$real2" "$real3"; do
	on director ipvsadm -a "${service[@]}" -r "$real" -m
done
each /tmp/sh 10.1.0.0/24 udp://$vip:53
check "each server has about a third of the 256 clients" "$(fewest)" -ge 60
each /tmp/again 10.1.0.0/24 udp://$vip:53
no_faults director
check "when they come again, every client has the server it had" "$(moved /tmp/sh /tmp/again)" -eq 0
on director ipvsadm -e "${service[@]}" -r $real1 -m -w 2
each /tmp/heavy 10.1.0.0/24 udp://$vip:53
check "with weight 2 real1 has about half" "$(answers real1)" -ge 108
check "real1 has not much more than half" "$(answers real1)" -le 148
on director ipvsadm -e "${service[@]}" -r $real1 -m -w 1

say "A server with weight 0 keeps its places, so its clients have no server. With sh-fallback they get other servers \
while it is out."
on director ipvsadm -e "${service[@]}" -r $real3 -m -w 0
each /tmp/out 10.1.0.0/24 udp://$vip:53
check "no client of real3 has an answer" "$(answers nobody)" -eq "$(grep -c ^real3 /tmp/sh)"
on director ipvsadm -E "${service[@]}" -s sh -b sh-fallback
each /tmp/fallback 10.1.0.0/24 udp://$vip:53
check "with sh-fallback everyone has an answer" "$(answers nobody)" -eq 0
check "all other clients keep their servers" "$(moved /tmp/sh /tmp/fallback real3)" -eq 0
on director ipvsadm -Ln "${service[@]}"
same_as_original director -Ln "${service[@]}"

say "But if the server is deleted, all places are assigned anew, and many clients of the other servers move."
on director ipvsadm -d "${service[@]}" -r $real3
each /tmp/deleted 10.1.0.0/24 udp://$vip:53
moved_sh=$(moved /tmp/sh /tmp/deleted real3)
check "of the other servers' clients more than a quarter moved" $((moved_sh * 4)) -gt "$(grep -vc ^real3 /tmp/sh)"

say "With sh-port the client's port counts too. That spreads the connections of one client, or of all clients behind \
a proxy."
on director ipvsadm -a "${service[@]}" -r $real3 -m
ask client 60 udp://$vip:53
check "without it a client has one server, whatever its port" "$(awk '$2 > 0' "$tally" | wc -l)" -eq 1
on director ipvsadm -E "${service[@]}" -s sh -b sh-port
ask client 60 udp://$vip:53
check "with it a client has all three" "$(awk '$2 > 0' "$tally" | wc -l)" -eq 3

say "mh, Maglev hashing, has a larger table, which changes little when servers are added or deleted. Otherwise it \
works as sh does: clients keep their servers, and there are mh-fallback and mh-port."
on director ipvsadm -E "${service[@]}" -s mh
each /tmp/mh 10.1.0.0/24 udp://$vip:53
check "each server has about a third" "$(fewest)" -ge 60
each /tmp/again 10.1.0.0/24 udp://$vip:53
check "clients keep their servers" "$(moved /tmp/mh /tmp/again)" -eq 0
on director ipvsadm -d "${service[@]}" -r $real3
each /tmp/deleted 10.1.0.0/24 udp://$vip:53
moved_mh=$(moved /tmp/mh /tmp/deleted real3)
check "of the other servers' clients less than a tenth moved" $((moved_mh * 10)) -lt "$(grep -vc ^real3 /tmp/mh)"
echo "  moved: $moved_sh of $(grep -vc ^real3 /tmp/sh) with sh, $moved_mh of $(grep -vc ^real3 /tmp/mh) with mh" | tee /tmp/moved
book code '~' </tmp/moved

say "real3 is added again, and then gets weight 0."
on director ipvsadm -a "${service[@]}" -r $real3 -m
on director ipvsadm -e "${service[@]}" -r $real3 -m -w 0
each /tmp/out 10.1.0.0/24 udp://$vip:53
check "with weight 0 no client of real3 has an answer" "$(answers nobody)" -eq "$(grep -c ^real3 /tmp/mh)"
on director ipvsadm -E "${service[@]}" -s mh -b mh-fallback
each /tmp/fallback 10.1.0.0/24 udp://$vip:53
check "with mh-fallback everyone has an answer" "$(answers nobody)" -eq 0
check "all other clients keep their servers" "$(moved /tmp/mh /tmp/fallback real3)" -eq 0
on director ipvsadm -E "${service[@]}" -s mh -b mh-fallback,mh-port
on director ipvsadm -e "${service[@]}" -r $real3 -m -w 1
ask client 60 udp://$vip:53
check "with mh-port one client is spread" "$(awk '$2 > 0' "$tally" | wc -l)" -eq 3
on director ipvsadm -Ln "${service[@]}"
same_as_original director -Ln "${service[@]}"

say "The other three schedulers use the destination address. They are for caches and proxies in front of other \
networks. The director accepts all packets to 203.0.113.0/24 and marks them, and the mark is the service. (Here the \
proxies answer the requests themselves.)"
on client ip route add 203.0.113.0/24 via 192.0.2.1
on director ip route add local 203.0.113.0/24 dev lo
write /etc/nftables.conf <<'RULES'
table ip world {
	chain prerouting {
		type filter hook prerouting priority mangle;
		ip daddr 203.0.113.0/24 meta mark set 1
	}
}
RULES
on director nft -f /etc/nftables.conf

say "dh, destination hashing: each destination has its server, whoever the client is."
on director ipvsadm -A -f 1 -s dh
for real in "$real1" "$real2" "$real3"; do
	on director ipvsadm -a -f 1 -r "$real" -m -w 4
done
each /tmp/dh 10.1.0.0/30 udp://203.0.113.0/26:53
check "the 64 destinations are spread" "$(fewest)" -ge 32
check "every destination has one server for all four clients" "$(divided /tmp/dh)" -eq 0
no_faults director -f 1

say "lblc, locality-based least connection: a new destination gets the least busy server. It keeps this server until \
the server has more open connections than its weight while another server has fewer than half of its own weight."
on director ipvsadm -E -f 1 -s lblc
each /tmp/lblc 10.1.0.0/30 udp://203.0.113.0/26:53
check "every destination has one server for all four clients" "$(divided /tmp/lblc)" -eq 0
on director ipvsadm -Ln -f 1
check "with the connections of dh, which have not expired yet, each server has about as many" "$(uneven)" -le 12
fill http://203.0.113.200/
on director ipvsadm -Ln -f 1
same_as_original director -Ln -f 1
close_first "${!first}"
keep client 1 http://203.0.113.200/
check "the destination stays there, although the first server is idle again" "$(only)" = "$second"
end client "${opened[@]:1}"
wait "${opened[@]:1}" 2>/dev/null || :
opened=()
wait_until "the director has seen it" cell_is director ActiveConn 0 1 "${!second}:0"

say "lblcr, with replication: a server that is too busy is not replaced but gets help. A destination then has \
several servers, and the least busy one gets the connection."
on director ipvsadm -E -f 1 -s lblcr
each /tmp/lblcr 10.1.0.0/30 udp://203.0.113.0/26:53
check "every destination has one server for all four clients" "$(divided /tmp/lblcr)" -eq 0
fill http://203.0.113.201/
close_first "${!first}"
keep client 1 http://203.0.113.201/
check "the first server is idle again, and gets the connection" "$(only)" = "$first"
