#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# keepalived: a table that another program writes, and rules restored beside it
#
#        client                       spare
#        192.0.2.10, 2001:db8::10     192.0.2.2
#            |                            |
#     -------+------+---------------------+--------------------- outside
#                   |
#               director
#               192.0.2.1, 2001:db8::1, 2001:db8::100
#               192.0.2.100: the virtual address, which keepalived brings up
#               198.51.100.1
#                   |
#     -------+------+-------+------------------------------------ inside
#            |              |
#       198.51.100.21  198.51.100.22
#          real1          real2
#
# Debian's unchanged keepalived configures the kernel itself, without ipvsadm.
# With ipvsadm an administrator lists what keepalived has done, saves it, and
# manages other services beside it.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs keepalived

vip=192.0.2.100 vip6=2001:db8::100
real1=198.51.100.21:8080 real2=198.51.100.22:8080

listings_as_original() {
	same_listings director -Ln '-Ln --exact' '-Ln --stats' '-Ln --stats --exact' '-Ln --rate' '-Ln --rate --exact' '-Ln --thresholds' \
		'-Ln --persistent-conn' '-Ln --tun-info' '-Ln --nosort' "-Ln -t $vip:80" "-Ln -u $vip:53 --stats" \
		"-Ln -t [$vip6]:80 --thresholds" '-Ln -f 7' '-Ln -f 8 -6' "-Ln -t $vip:443 --tun-info" -L \
		'-L --daemon' '-L --timeout' -Sn -S
}

server_without_check() {
	printf '    real_server %s %s {\n        weight %s\n%s    }\n' "$1" "$2" "$3" "${4:+        $4$'\n'}"
}

server_with_check() {
	cat <<-SERVER
	    real_server $1 $2 {
	        weight $3
	        ${4:-}
	        HTTP_GET {
	            url {
	                path /health
	                status_code 200
	            }
	            connect_port 8080
	            connect_timeout 20
	            retry 0
	            delay_loop 1
	            warmup 0
	        }
	    }
	SERVER
}

switch outside
switch inside
host client outside 192.0.2.10/24,2001:db8::10/64
host director outside 192.0.2.1/24,2001:db8::1/64,2001:db8::100/128 inside 198.51.100.1/24
host real1 inside 198.51.100.21/24
host real2 inside 198.51.100.22/24
host spare outside 192.0.2.2/24

say "The servers answer through the director, which translates the addresses back. Their page /health reports their \
state. The director has its own web server, the sorry server, for the time when no other is left."
on director sysctl -qw net.ipv4.ip_forward=1
for real in real1 real2; do
	on $real ip route add default via 198.51.100.1
	serve $real :8080
done
serve director :80
on spare ip route add default via 192.0.2.1

say "A service that does not belong to keepalived exists already."
on director ipvsadm -A -t 192.0.2.1:25 -s wlc
on director ipvsadm -a -t 192.0.2.1:25 -r 198.51.100.25 -m -w 3

say "The configuration of keepalived has a bit of everything: all protocols, firewall marks, IPv6, all forwarding \
methods, persistence, scheduler flags, thresholds, timeouts, and a daemon that sends connections to another \
director."
write /etc/keepalived/keepalived.conf <<CONFIGURATION
global_defs {
    router_id director
    lvs_timeouts tcp 800 tcpfin 100 udp 250
    lvs_sync_daemon eth1 main id 21 maxlen 1400 port 8849 ttl 3 group 224.0.0.81
}
vrrp_instance main {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 100
    virtual_ipaddress {
        $vip/32 dev eth0
    }
}
virtual_server $vip 80 {
    lvs_sched wrr
    lvs_method NAT
    protocol TCP
    delay_loop 1
    quorum 1
    sorry_server 127.0.0.1 80
    sorry_server_lvs_method DR
$(server_with_check ${real1/:/ } 1 $'uthreshold 5000\n        lthreshold 1000')
$(server_with_check ${real2/:/ } 2)
}
virtual_server $vip 8080 {
    lvs_sched rr
    lvs_method DR
    protocol TCP
    persistence_timeout 300
    persistence_granularity 255.255.255.0
    delay_loop 1
    inhibit_on_failure
$(server_with_check ${real1/:/ } 10)
$(server_with_check ${real2/:/ } 20)
}
virtual_server $vip 443 {
    lvs_sched wlc
    protocol TCP
$(server_without_check 198.51.100.31 443 1 'lvs_method DR')
$(server_without_check 198.51.100.32 443 2 'lvs_method TUN')
$(server_without_check 198.51.100.33 443 3 'lvs_method TUN type gue port 6080')
$(server_without_check 198.51.100.34 443 4 'lvs_method TUN type gue port 6081 csum')
$(server_without_check 198.51.100.35 443 5 'lvs_method TUN type gue port 6082 remcsum')
$(server_without_check 198.51.100.36 443 6 'lvs_method TUN type gre')
$(server_without_check 198.51.100.37 443 7 'lvs_method TUN type gre csum')
$(server_without_check 198.51.100.38 8443 8 'lvs_method NAT')
}
virtual_server $vip 53 {
    lvs_sched sh
    sh-port
    sh-fallback
    ops
    lvs_method NAT
    protocol UDP
$(server_without_check 198.51.100.21 53 1)
$(server_without_check 198.51.100.22 5353 1)
}
virtual_server $vip 5060 {
    lvs_sched rr
    lvs_method NAT
    persistence_engine sip
    persistence_timeout 90
    protocol UDP
$(server_without_check 198.51.100.21 5060 1)
}
virtual_server $vip 2905 {
    lvs_sched sed
    lvs_method NAT
    protocol SCTP
$(server_without_check 198.51.100.21 2905 65535)
}
virtual_server fwmark 7 {
    lvs_sched mh
    mh-port
    lvs_method DR
    persistence_timeout 60
$(server_without_check 198.51.100.21 0 1)
$(server_without_check 198.51.100.22 0 1 $'uthreshold 7')
}
virtual_server fwmark 8 {
    lvs_sched fo
    lvs_method TUN
    ip_family inet6
$(server_without_check 2001:db8:1::21 0 1)
}
virtual_server $vip6 80 {
    lvs_sched wlc
    lvs_method NAT
    persistence_timeout
    persistence_granularity 64
    protocol TCP
$(server_without_check 2001:db8:1::21 8080 1)
$(server_without_check 2001:db8:1::22 8080 0)
}
CONFIGURATION

start_keepalived director
await "both servers are in" cell_is director Weight 2 $vip:80 $real2
await "keepalived has brought up the virtual address" has_address director $vip
synced() { quietly director ipvsadm -L --daemon | grep -q '^master'; }
await "keepalived has started the sync daemon" synced
on director ipvsadm -Ln
on director ipvsadm -Ln --tun-info
on director ipvsadm -L --timeout
on director ipvsadm -L --daemon
listings_as_original
check "keepalived reported no error" "$(complaints director)" = ''

say "real2 has twice the weight of real1. Every listing of keepalived's services and their counters is what the \
original prints."
ask client 30 http://$vip/
check "real1 answered a third" "$(answers real1)" -eq 10
check "real2 answered two thirds" "$(answers real2)" -eq 20
no_faults director -t $vip:80
counted director $vip:80 30
listings_as_original

say "The saved table can be restored on another host, named spare."
on director ipvsadm-save -n --output /root/rules
on spare sh -c 'ipvsadm-restore </root/rules'
same_table() {
	local words
	for words in -Sn '-Ln --thresholds' '-Ln --tun-info'; do
		# shellcheck disable=SC2086 # several options
		diff <(quietly director "$1" $words | without_counts) <(quietly spare "$1" $words | without_counts) ||
			fail "spare has not the same table, as $1 $words shows"
	done
	ok "spare has the same table, as $1 shows"
}
# The last two columns of a server's thresholds and tunnels are its connections.
without_counts() {
	sed -E '/^  -> [^R]/s/( +[0-9]+ +[0-9]+) *$//'
}
same_table ipvsadm
same_table ipvsadm-original
on spare ipvsadm -C
say "So can a table that the original saved, although it lacks the thresholds."
on director sh -c 'ipvsadm-original -Sn >/root/rules-of-original'
on spare sh -c 'ipvsadm-restore </root/rules-of-original'
diff <(quietly director ipvsadm-original -Sn) <(quietly spare ipvsadm-original -Sn) || fail "spare has not the same table"
ok "spare has the same table"
on spare ipvsadm -C

say "Now a restore changes the other service while keepalived runs. The rules file has the whole table, with another \
weight for the server of that service, one more server, and one more service."
sed -E 's/^(-a -t 192\.0\.2\.1:25 .*) -w 3$/\1 -w 5/' /root/rules >/root/more-rules
cat >>/root/more-rules <<RULES
-a -t 192.0.2.1:25 -r 198.51.100.26:25 -m -w 1 -x 50 -y 5
-A -t 192.0.2.1:143 -s lc
-a -t 192.0.2.1:143 -r 198.51.100.26:143 -m -w 1
RULES
on director grep '192\.0\.2\.1:' /root/more-rules
on director sh -c 'ipvsadm-restore --dry-run </root/more-rules'
check "no service of keepalived would change" "$(grep -vc '192\.0\.2\.1:' "$shown" || :)" -eq 0
check "there would be four changes" "$(wc -l <"$shown")" -eq 4

# One line for each service or server of keepalived, with its connections and packets, in a fixed order.
counters() {
	quietly director ipvsadm -Ln --stats --exact | awk '
		$1 ~ /^(TCP|UDP|SCTP|FWM)$/ { service = $1 " " $2; own = $2 ~ /^192\.0\.2\.1:/ }
		/^(TCP|UDP|SCTP|FWM|  ->)/ && !own && $2 !~ /^Remote/ {
			print service, $1 == "->" ? $2 : "-", $(NF - 4), $(NF - 3), $(NF - 2), $(NF - 1), $NF }'
}

say "Twenty restores, alternating between the two files, while a client sends requests without pause."
load client http://$vip/
counters >/tmp/counters-before
backwards=0
for round in {1..10}; do
	for rules in more-rules rules; do
		quietly director sh -c "ipvsadm-restore </root/$rules" || fail "restore $round of $rules failed"
		counters >/tmp/counters-now
		awk 'NR == FNR { for (i = 3; i <= NF; i++) before[$1 $2 $3, i] = $i; known[$1 $2 $3]; next }
			{ found[$1 $2 $3]; for (i = 4; i <= NF; i++) if ($i < before[$1 $2 $3, i]) bad = 1 }
			END { for (key in known) if (!(key in found)) bad = 1; exit bad }' /tmp/counters-before /tmp/counters-now ||
			backwards=$((backwards + 1))
		mv /tmp/counters-now /tmp/counters-before
	done
done
so_far load
check "no request failed" "$(answers nobody)" -eq 0
check "real1 answered" "$(answers real1)" -gt 0
check "real2 answered" "$(answers real2)" -gt 0
check "no counter of keepalived's services decreased" "$backwards" -eq 0
on director sh -c 'ipvsadm-restore </root/more-rules'
on director ipvsadm -Ln -t 192.0.2.1:25
check "the server of the other service has its new weight" "$(cell Weight 192.0.2.1:25 198.51.100.25:25)" -eq 5
check "keepalived reported no error" "$(complaints director)" = ''

say "keepalived continues its work: real1 fails its check while the client still sends requests. keepalived deletes \
it from port 80, and sets its weight to 0 on port 8080, which has inhibit_on_failure."
touch /tmp/real1.ill
await "real1 is out" cell_is director Weight '' $vip:80 $real1
await "on port 8080 its weight is 0" cell_is director Weight 0 $vip:8080 198.51.100.21:8080
so_far load
check "at most one request failed, one that real1 had at that moment" "$(answers nobody)" -le 1
so_far load 50
check "no request failed since then" "$(answers nobody)" -eq 0
check "none reached real1" "$(answers real1)" -eq 0
release load
listings_as_original
load client http://$vip/
rm /tmp/real1.ill
await "real1 is back" cell_is director Weight 1 $vip:80 $real1
await "on port 8080 too" cell_is director Weight 10 $vip:8080 198.51.100.21:8080
release load
check "no request failed" "$(answers nobody)" -eq 0
table director -Ln --thresholds
check "real1 has its thresholds" "$(cell Uthreshold $vip:80 $real1) $(cell Lthreshold $vip:80 $real1)" = "5000 1000"

say "When both servers fail their checks, the quorum is lost and the director's own server answers."
touch /tmp/real1.ill /tmp/real2.ill
await "the director's own server is in" cell_is director Weight 1 $vip:80 127.0.0.1:80
await "real2 is out" cell_is director Weight '' $vip:80 $real2
ask client 5 http://$vip/
check "the director's own server answered all" "$(answers director)" -eq 5
listings_as_original
rm /tmp/real1.ill /tmp/real2.ill
await "real1 is back" cell_is director Weight 1 $vip:80 $real1
await "real2 is back" cell_is director Weight 2 $vip:80 $real2
await "the director's own server is out" cell_is director Weight '' $vip:80 127.0.0.1:80
ask client 30 http://$vip/
check "real1 answered a third" "$(answers real1)" -eq 10
check "real2 answered two thirds" "$(answers real2)" -eq 20

say "When keepalived stops, it deletes its services, and no others."
check "keepalived reported no error" "$(complaints director)" = ''
end director "$(cat /run/keepalived.pid)"
stopped() { [[ ! -e /run/keepalived.pid ]]; }
await "keepalived has stopped" stopped
on director ipvsadm -Ln
check "the other two services are left, and nothing else" "$(grep -c '^[TUSF]' "$shown")" -eq 2
check "these services have their servers" "$(grep -c '^  -> [0-9]' "$shown")" -eq 3
check "keepalived reported no error" "$(complaints director)" = ''
