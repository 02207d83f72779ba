#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the guest: sets up a director with real traffic, and writes what --watch shows to /out/screen.

# shellcheck source-path=SCRIPTDIR source=../../cookbook/lib/scenario.sh
source /lab/cookbook/lib/scenario.sh

vip=192.0.2.100 vip6=2001:db8::100
switch outside
switch inside
host client outside 192.0.2.10/24,2001:db8::10/64
host director outside 192.0.2.1/24,$vip/32,2001:db8::1/64,$vip6/128 inside 10.0.0.1/24,fd00::1/64
for n in 1 2 3; do
	host real$n inside 10.0.0.1$n/24,fd00::1$n/64
	on real$n ip route add default via 10.0.0.1
	on real$n ip -6 route add default via fd00::1
	serve real$n :80
	serve real$n :443
	on real$n traffic serve real$n udp://:53
done
on director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
quietly director ipvsadm-restore <<RULES
-A -t $vip:80 -s wrr
-a -t $vip:80 -r 10.0.0.11 -m -w 3
-a -t $vip:80 -r 10.0.0.12 -m -w 2
-a -t $vip:80 -r 10.0.0.13 -m -w 0
-A -t $vip:443 -s sh -b sh-port -p 300
-a -t $vip:443 -r 10.0.0.11 -m
-a -t $vip:443 -r 10.0.0.12 -m
-A -u $vip:53 -s rr
-a -u $vip:53 -r 10.0.0.12 -m
-a -u $vip:53 -r 10.0.0.13 -m
-A -t [$vip6]:80 -s wlc
-a -t [$vip6]:80 -r fd00::11 -m
-a -t [$vip6]:80 -r fd00::13 -m
-A -f 7 -s wlc
RULES
load client http://$vip/
begin /tmp/tls client traffic hold 12 http://$vip:443/
begin /tmp/six client traffic load "http://[$vip6]/"
begin /tmp/dns client traffic ask 1000000 udp://$vip:53

namespaces director
export LC_ALL=C.UTF-8 TERM=xterm-256color
tmux -f /dev/null new-session -d -x 104 -y 19 nsenter "${enter[@]}" -- ipvsadm -Ln --watch
sleep 9
mkdir -p /out
tmux capture-pane -e -p >/out/screen
tmux kill-server
