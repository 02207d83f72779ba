#!/usr/bin/env bash
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
# A scheduler chooses the server of each new connection. Those shown here need
# not know who the client is: they give turns, or look for who has least to do,
# that is, for who has the fewest open connections (ActiveConn). Where these are
# equal, lc and wlc look at those that have ended (InActConn).

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

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

say "rr, round robin: by turns, whatever the weight."
ask client 60 http://$vip/
check "each answered a third" "$(shares)" = "20 20 20"

say "wrr, weighted round robin: with weight 3 three turns while another one has one."
on director ipvsadm -E -t $vip:80 -s wrr
ask client 60 http://$vip/
check "they answered 3 to 2 to 1" "$(shares)" = "30 20 10"

say "Turns are right where connections are short and alike. Where some stay, the open ones are what counts. lc, least \
connection, chooses who has the fewest, whatever the weight, if only it is not 0. The client now keeps its connections \
open."
on director ipvsadm -E -t $vip:80 -s lc
on director ipvsadm -e -t $vip:80 -r $real3 -m -w 0
keep client 8 http://$vip/
check "half of them are real1's, half real2's" "$(shares)" = "4 4 0"

say "The reverse of it: a server that comes new gets everything until it has as much as the others. Whoever cannot bear \
that raises its weight step by step, with wlc."
on director ipvsadm -e -t $vip:80 -r $real3 -m -w 1
keep client 4 http://$vip/
check "the next four are real3's" "$(shares)" = "0 0 4"
on director ipvsadm -Ln
check "each has four open connections" \
	"$(for i in 1 2 3; do cell ActiveConn $vip:80 198.51.100.2$i:80; done | tr '\n' ' ')" = "4 4 4 "
same_as_original director -Ln
close_all

say "wlc, weighted least connection, is the default: it chooses who has the fewest in proportion to the weight."
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
check "the first three are real2's, though real1 is idle" "$(shares)" = "0 3 0"
keep client 2 http://$vip:81/
check "of the next two each gets one, so they have one and four" "$(shares)" = "1 1 0"
close_all

say "nq, never queue: as sed, but who is idle is taken at once."
on director ipvsadm -E -t $vip:81 -s nq
keep client 2 http://$vip:81/
check "the first two make both busy" "$(shares)" = "1 1 0"
keep client 3 http://$vip:81/
check "the next three are the fast one's" "$(shares)" = "0 3 0"
on director ipvsadm -Ln -t $vip:81
same_as_original director -Ln -t $vip:81
close_all

say "fo, failover: all to the server of the highest weight, until its weight is 0 or it is gone."
on director ipvsadm -A -t $vip:82 -s fo
add_three $vip:82
ask client 10 http://$vip:82/
check "all are real1's" "$(shares)" = "10 0 0"
on director ipvsadm -e -t $vip:82 -r $real1 -m -w 0
ask client 10 http://$vip:82/
check "then all are real2's" "$(shares)" = "0 10 0"
on director ipvsadm -d -t $vip:82 -r $real2
ask client 10 http://$vip:82/
check "then all are real3's" "$(shares)" = "0 0 10"

say "ovf, overflow: all to the server of the highest weight, as long as it has no more open connections than its weight; \
then to the next. So each gets one more than its weight, and after that there is no service."
on director ipvsadm -A -t $vip:83 -s ovf
add_three $vip:83
keep client 4 http://$vip:83/
check "the first four are real1's" "$(shares)" = "4 0 0"
keep client 3 http://$vip:83/
check "the next three are real2's" "$(shares)" = "0 3 0"
keep client 2 http://$vip:83/
check "the next two are real3's" "$(shares)" = "0 0 2"
on director ipvsadm -Ln -t $vip:83
same_as_original director -Ln -t $vip:83
ask client 1 http://$vip:83/
check "the tenth is refused" "$(awk '$1 == "nobody" { print $3, $4 }' "$tally")" = "connection refused"
close_all
on director ipvsadm-original -E -t $vip:83 -s ovf
keep client 5 http://$vip:83/
check "the service that the original makes has four at real1, too" "$(shares)" = "4 1 0"
close_all

say "The kernel loads the module ip_vs_NAME when it first hears of a scheduler, and has all of its own; but twos, which \
takes the less busy of two servers found at random, is not in every distribution's."
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
