# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

diagnosis=/tmp/diagnosis diagnosed=()

# report HOST: shows a whole report, in which nothing is found. The book names one kernel.
report() {
	prompt "$1# ipvsadm --diagnose"
	quietly "$1" ipvsadm --diagnose >$diagnosis 2>&1 || { cat $diagnosis; fail "something is wrong"; }
	cat $diagnosis
	book code '~' < <(sed '1s/; Linux .*/; Linux 6.1.0/' $diagnosis | folded)
}

# A fault makes the exit status 1, a warning or a note, which needs --verbose, does not. The book has the first finding, in
# lines that are not too long.
finds() {
	local status=0 expected=0 found
	[[ $1 != FAULT ]] || expected=1
	diagnosed=("$3" ipvsadm --diagnose "${@:4}")
	prompt "$3# $(words "${diagnosed[@]:1}")"
	quietly "${diagnosed[@]}" >$diagnosis 2>&1 || status=$?
	cat $diagnosis
	book code '~' < <(first_finding)
	found=$(sed -nE 's/^(FAULT|WARNING|NOTE) +([^ ]+).*/\1 \2/p' $diagnosis | sort -u)
	check "it finds $2 and nothing else" "$found" = "$1 $2"
	((status == expected)) || fail "that command ended with status $status"
}

first_finding() {
	sed -nE '/^(FAULT|WARNING|NOTE)/,/^$/{/^$/q;p}' $diagnosis | folded
}

# The lines of a report, in a width that is good for a book; what goes on stands below the text.
folded() {
	fold -s -w 114 | sed -E '2,${/^(FAULT|WARNING|NOTE|Not checked:|On the |[a-z0-9]+ (faults|warnings|notes|checks)[,;])/!s/^([^ ])/  \1/}'
}

# printed_commands: the commands of the findings, each once.
printed_commands() {
	sed -n '/^  Mend:/,/^$/s/^    //p' $diagnosis | awk '!seen[$0]++'
}

mend() {
	local command commands
	mapfile -t commands < <(printed_commands)
	((${#commands[@]} > 0)) || fail "no command was printed"
	for command in "${commands[@]}"; do
		prompt "$1# $command"
		quietly "$1" bash -c "$command" >/tmp/mended 2>&1 || { cat /tmp/mended; fail "that command failed"; }
	done
}

# shellcheck disable=SC2120 # scenarios give it words
finds_nothing() {
	local status=0
	(($# == 0)) || diagnosed=("$1" ipvsadm --diagnose "${@:2}")
	quietly "${diagnosed[@]}" >$diagnosis 2>&1 || status=$?
	if ((status != 0)) || grep -qE '^(FAULT|WARNING|NOTE)' $diagnosis; then
		cat $diagnosis
		fail "the diagnosis still finds something"
	fi
	ok "the diagnosis finds nothing any more"
}

no_faults() {
	local line addresses=() address host
	one_without_faults "$1" ipvsadm --diagnose --verbose "${@:2}"
	sed -n '/^On the real servers/,$p' $diagnosis >/tmp/real-servers
	list_hosts
	while read -r line; do
		case $line in
		ipvsadm\ *)
			for address in "${addresses[@]}"; do
				host=$(host_with "$address") || continue
				one_without_faults "$host" bash -c "$line"
			done
			;;
		*:) IFS=', ' read -ra addresses <<<"${line%:}" ;;
		esac
	done </tmp/real-servers
}

one_without_faults() {
	quietly "$@" </dev/null >$diagnosis 2>&1 || { cat $diagnosis; fail "the diagnosis of $1, which works, finds a fault: $(words "${@:2}")"; }
	passed "no fault is found: $1# $(words "${@:2}")"
}

# host_with ADDRESS: the host that has an address, if there is one; no_faults lists the addresses.
host_with() {
	awk -v address="$1" '$2 == address { print $1; found = 1; exit } END { exit !found }' /tmp/hosts
}

list_hosts() {
	local name
	for name in /run/netns/*; do
		ip -n "${name##*/}" -oneline address show | awk -v name="${name##*/}" '{ sub(/\/.*/, "", $4); print name, $4 }'
	done >/tmp/hosts
}

# three_services: the set-up in which things are broken, and what to run on its servers.
three_services() {
	dr=192.0.2.100 nat=192.0.2.101 tun=192.0.2.102 dr6=2001:db8::100 nat6=2001:db8:ff::1
	on_dr=(real-server -t "$dr:80" -g --director 192.0.2.1)
	on_dr6=(real-server -t "[$dr6]:80" -g --director 2001:db8::1)
	on_nat=(real-server -t "$nat:80" -m -r 10.0.0.23:8080 --director 10.0.0.1)
	on_nat6=(real-server -t "[$nat6]:80" -m -r "[2001:db8:1::23]:8080" --director 2001:db8:1::1)
	on_tun=(real-server -t "$tun:80" -i --director 192.0.2.1)
	switch outside
	switch inside
	switch there
	host client outside 192.0.2.10/24,2001:db8::10/64
	host director outside 192.0.2.1/24,$dr/32,$nat/32,$tun/32,2001:db8::1/64,$dr6/128 inside 10.0.0.1/24,2001:db8:1::1/64
	host router outside 192.0.2.254/24 there 198.51.100.1/24
	host real1 outside 192.0.2.21/24,2001:db8::21/64
	host real2 outside 192.0.2.22/24,2001:db8::22/64
	host real3 inside 10.0.0.23/24,2001:db8:1::23/64
	host real4 there 198.51.100.24/24
	# The networks between the director and real4 have room for the headers of tunnels.
	for end in director/eth0 outside/director.eth0 outside/router.eth0 router/eth0 router/eth1 there/router.eth1 there/real4.eth0 real4/eth0; do
		quietly "${end%/*}" ip link set "${end#*/}" mtu 1600
	done
	quietly real1 ip link set eth0 address 02:00:00:00:00:21
	quietly router sysctl -qw net.ipv4.ip_forward=1
	quietly client ip -6 route add 2001:db8:ff::/64 via 2001:db8::1
	quietly director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0
	quietly director ip link add vips type veth peer name vips-far
	quietly director ip link set vips up
	quietly director ip link set vips-far up
	quietly director ip address add $nat6/128 dev vips nodad
	for real in real1 real2; do
		quietly $real sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
		quietly $real ip address add $dr/32 dev lo
		quietly $real ip address add $dr6/128 dev lo
		quietly $real traffic serve $real :80
	done
	quietly real3 ip route add default via 10.0.0.1
	quietly real3 ip -6 route add default via 2001:db8:1::1
	quietly real3 traffic serve real3 :8080
	quietly real4 ip route add default via 198.51.100.1
	quietly real4 modprobe ipip
	quietly real4 ip address add $tun/32 dev tunl0
	quietly real4 ip address add $dr/32 dev tunl0
	quietly real4 ip link set tunl0 up
	quietly real4 traffic serve real4 :80
	quietly director ip route add 198.51.100.0/24 via 192.0.2.254
	quietly director ipvsadm-restore <<RULES
-A -t $dr:80 -s rr
-a -t $dr:80 -r 192.0.2.21:80 -g
-a -t $dr:80 -r 192.0.2.22:80 -g
-A -t $nat:80 -s rr
-a -t $nat:80 -r 10.0.0.23:8080 -m
-A -t $tun:80 -s rr
-a -t $tun:80 -r 198.51.100.24:80 -i
-A -t [$dr6]:80 -s rr
-a -t [$dr6]:80 -r [2001:db8::21]:80 -g
-a -t [$dr6]:80 -r [2001:db8::22]:80 -g
-A -t [$nat6]:80 -s rr
-a -t [$nat6]:80 -r [2001:db8:1::23]:8080 -m
RULES
}

# trouble SYMPTOM TEXT: begins the story of one fault.
trouble() {
	symptom=$1
	say "$1 $2"
}

# unanswered COUNT URL [SECONDS]: of so many requests, at least one has no answer, for which the client waits so long.
unanswered() {
	PATIENCE=${3:-3}s ask client "$1" "$2"
	check "a request has no answer" "$(answers nobody)" -ge 1
}

# found SEVERITY ID HOST [OPTION...]: what --diagnose finds, for the list at the end.
found() {
	finds "$@"
	printf '%s|%s\n' "$symptom" "$2" >>/tmp/found
}

# all_answered COUNT URL: everything works again, and the diagnosis agrees.
all_answered() {
	quietly client traffic ask "$1" "$2" >"$tally"
	check "the client has an answer to each request" "$(awk '$1 != "nobody" { sum += $2 } END { print sum + 0 }' "$tally")" -eq "$1"
	finds_nothing
}

# forget HOST: the host forgets the MAC addresses that it knows.
forget() { quietly "$1" ip neigh flush dev eth0; }

list_found() {
	say "From what users see to the name of the check, which ipvsadm-diagnose(7) explains:"
	awk -F'|' '!pairs[$0]++ { ids[$1] = ids[$1] (ids[$1] == "" ? "" : ", ") $2 } !seen[$1]++ { order[++n] = $1 }
		END { for (i = 1; i <= n; i++) print order[i] " **" ids[order[i]] "**" }' /tmp/found | tee /tmp/table
	book list </tmp/table
}
