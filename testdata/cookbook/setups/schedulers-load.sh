#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Schedulers that go by turns, weight and load: rr wrr lc wlc sed nq fo ovf
#
#        client
#        192.0.2.10
#            |
#     -------+------+------------------------------------------- outside
#                   |
#               director
#               192.0.2.1
#               192.0.2.100: the virtual address
#               198.51.100.1
#                   |
#     -------+------+-------+----------------+------------------ inside
#            |              |                |
#       198.51.100.21  198.51.100.22    198.51.100.23
#          real1          real2            real3
#
# A scheduler chooses the server of each new connection. The schedulers shown
# here do not look at the client: they take turns, or choose the server with the
# fewest open connections (ActiveConn). Where these are equal, lc and wlc compare
# the connections that have ended (InActConn).

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100
real1=198.51.100.21:80 real2=198.51.100.22:80 real3=198.51.100.23:80

# The numbers of the last chart, in the order of the servers.
shares() {
	local server numbers=()
	for server in "${servers[@]}"; do
		numbers+=("$(answers "$server")")
	done
	echo "${numbers[*]}"
}

# Ends all kept connections; returns when the director has seen it.
close_all() {
	end client "${opened[@]}"
	wait "${opened[@]}" 2>/dev/null || :
	opened=()
	wait_until "the director has no open connections" none_open
}

# add_three SERVICE: adds the servers, with different weights.
add_three() {
	on director ipvsadm -a -t "$1" -r $real1 -m -w 3
	on director ipvsadm -a -t "$1" -r $real2 -m -w 2
	on director ipvsadm -a -t "$1" -r $real3 -m -w 1
}

none_open() {
	table director -Ln
	! awk '$1 == "->" && $5 ~ /^[1-9]/ { found = 1 } END { exit !found }' "$shown"
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

say "Three servers of different weights, behind address translation."
for i in 1 2 3; do
	serve real$i :80
done
on director ipvsadm -A -t $vip:80 -s rr
add_three $vip:80

say "rr, round robin: one server after the other, whatever the weight."
ask client 60 http://$vip/
check "each answered a third" "$(shares)" = "20 20 20"
no_faults director

say "wrr, weighted round robin: a server with weight 3 has three turns while one with weight 1 has one."
on director ipvsadm -E -t $vip:80 -s wrr
ask client 60 http://$vip/
check "they answered 3 to 2 to 1" "$(shares)" = "30 20 10"

say "Turns are right where connections are short and alike. Where some stay open, the number of open connections \
matters. lc, least connection, chooses the server with the fewest, whatever its weight, unless that is 0. The client \
now keeps its connections open."
on director ipvsadm -E -t $vip:80 -s lc
on director ipvsadm -e -t $vip:80 -r $real3 -m -w 0
keep client 8 http://$vip/
check "real1 and real2 have half of them each" "$(shares)" = "4 4 0"

say "The drawback: a new server gets every connection until it has as many as the others. To avoid that, use wlc and \
raise the weight of the new server step by step."
on director ipvsadm -e -t $vip:80 -r $real3 -m -w 1
keep client 4 http://$vip/
check "real3 gets the next four" "$(shares)" = "0 0 4"
on director ipvsadm -Ln
check "each has four open connections" \
	"$(for i in 1 2 3; do cell ActiveConn $vip:80 198.51.100.2$i:80; done | tr '\n' ' ')" = "4 4 4 "
same_as_original director -Ln
close_all

say "wlc, weighted least connection, is the default. It chooses the server with the fewest connections in proportion \
to its weight."
on director ipvsadm -E -t $vip:80 -s wlc
keep client 12 http://$vip/
check "their connections are 3 to 2 to 1" "$(shares)" = "6 4 2"
on director ipvsadm -Ln
same_as_original director -Ln
close_all

say "sed, shortest expected delay, counts the new connection too: (ActiveConn + 1) / weight. So a slow server gets \
nothing while a fast one is hardly busy. Here real2 is four times as fast."
on director ipvsadm -A -t $vip:81 -s sed
on director ipvsadm -a -t $vip:81 -r $real1 -m -w 1
on director ipvsadm -a -t $vip:81 -r $real2 -m -w 4
keep client 3 http://$vip:81/
check "real2 gets the first three, although real1 is idle" "$(shares)" = "0 3 0"
keep client 2 http://$vip:81/
check "each server gets one of the next two, so they have one and four" "$(shares)" = "1 1 0"
close_all

say "nq, never queue: as sed, but an idle server is chosen first."
on director ipvsadm -E -t $vip:81 -s nq
keep client 2 http://$vip:81/
check "each server gets one of the first two" "$(shares)" = "1 1 0"
keep client 3 http://$vip:81/
check "the fast server gets the next three" "$(shares)" = "0 3 0"
on director ipvsadm -Ln -t $vip:81
same_as_original director -Ln -t $vip:81
close_all

say "fo, failover: all connections go to the server with the highest weight, until its weight is 0 or it is deleted."
on director ipvsadm -A -t $vip:82 -s fo
add_three $vip:82
ask client 10 http://$vip:82/
check "real1 gets all" "$(shares)" = "10 0 0"
on director ipvsadm -e -t $vip:82 -r $real1 -m -w 0
ask client 10 http://$vip:82/
check "then real2 gets all" "$(shares)" = "0 10 0"
on director ipvsadm -d -t $vip:82 -r $real2
ask client 10 http://$vip:82/
check "then real3 gets all" "$(shares)" = "0 0 10"

say "ovf, overflow: connections go to the server with the highest weight as long as it has no more open connections \
than its weight, then to the next. So each server gets one more than its weight, and further connections are \
refused."
on director ipvsadm -A -t $vip:83 -s ovf
add_three $vip:83
keep client 4 http://$vip:83/
check "real1 gets the first four" "$(shares)" = "4 0 0"
keep client 3 http://$vip:83/
check "real2 gets the next three" "$(shares)" = "0 3 0"
keep client 2 http://$vip:83/
check "real3 gets the next two" "$(shares)" = "0 0 2"
on director ipvsadm -Ln -t $vip:83
same_as_original director -Ln -t $vip:83
ask client 1 http://$vip:83/
check "the tenth is refused" "$(awk '$1 == "nobody" { print $3, $4 }' "$tally")" = "connection refused"
close_all
on director ipvsadm-original -E -t $vip:83 -s ovf
keep client 5 http://$vip:83/
check "a service added by the original has four at real1, too" "$(shares)" = "4 1 0"
close_all

say "The kernel loads the module ip_vs_NAME when a scheduler is first used. Distributions have the modules of all of \
its schedulers, but some lack twos, which picks two servers at random and takes the less busy one."
fails 255 director ipvsadm -A -t $vip:84 -s unheard-of
outcome() {
	local status=0
	quietly director "$1" -A -t $vip:84 -s "$2" 2>&1 || status=$?
	echo "status $status"
	quietly director ipvsadm -D -t $vip:84 2>/dev/null || :
}
for scheduler in unheard-of twos; do
	check "the original ipvsadm says the same of $scheduler" \
		"$(outcome ipvsadm $scheduler)" = "$(outcome ipvsadm-original $scheduler)"
done
