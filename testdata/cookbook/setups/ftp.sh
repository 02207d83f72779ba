#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# FTP: the helper for data connections
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
#     -------+------+-------+----------------------------------- inside
#            |              |
#       198.51.100.21  198.51.100.22
#          real1          real2
#
# FTP opens another connection for each file: in passive mode from the client to
# a port that the server announces, in active mode from the server to a port that
# the client announces. The kernel module ip_vs_ftp reads these announcements,
# replaces the addresses in them, and sends the data to the same server.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"
needs vsftpd tnftp

vip=192.0.2.100

# get MODE: gets the file "who".
get() {
	roughly client sh -c "tnftp -n -V -q 20 $vip <$1"
}

got() {
	grep -c '^real[12]$' "$shown" || :
}

get_in_each_mode() {
	local mode
	for mode in passive extended active; do
		get $mode
		check "the file came in $mode mode" "$(got)" -eq 1
	done
}

switch outside
switch inside
host client outside 192.0.2.10/24
host director outside 192.0.2.1/24,$vip/32 inside 198.51.100.1/24
for i in 1 2; do
	host real$i inside 198.51.100.2$i/24
	on real$i ip route add default via 198.51.100.1
done
on director sysctl -qw net.ipv4.ip_forward=1
echo 'ftp:x:100:65534::/srv/ftp:/bin/false' >>/etc/passwd
mkdir -p /srv/ftp /run/empty

say "The servers run Debian's vsftpd. In active mode, data must come from port 20, where the helper expects it. Each \
server has a file that contains its name."
write /etc/vsftpd.conf <<CONFIGURATION
listen=YES
background=NO
anonymous_enable=YES
local_enable=NO
connect_from_port_20=YES
pasv_min_port=10000
nopriv_user=nobody
secure_chroot_dir=/run/empty
seccomp_sandbox=NO
CONFIGURATION
for real in real1 real2; do
	mkdir -p /srv/$real
	on $real sh -c "echo $real >/srv/$real/who"
	begin /tmp/$real.log $real vsftpd /etc/vsftpd.conf -oanon_root=/srv/$real
done
listens() { quietly "$1" ss -Hltn sport = :21 | grep -q .; }
for real in real1 real2; do
	wait_until "$real listens" listens $real
done

say "The client fetches that file in three modes: passive, where the server announces its address and a port; \
extended passive, where it announces only a port; and active."
cd /root
write passive <<COMMANDS
user anonymous somebody
passive on
epsv4 off
get who -
quit
COMMANDS
sed 's/epsv4 off/epsv4 on/' passive >extended
sed 's/passive on/passive off/' passive >active
prompt "(extended has \"epsv4 on\", active has \"passive off\" instead)"

say "The service is TCP with address translation. Without the helper, the control connection works and data \
connections do not: the client gets an address that it did not call, or a port that is not part of the service."
on director modprobe -r ip_vs_ftp
on director ipvsadm -A -t $vip:21 -s rr
on director ipvsadm -a -t $vip:21 -r 198.51.100.21:21 -m
on director ipvsadm -a -t $vip:21 -r 198.51.100.22:21 -m
get passive
check "no file in passive mode" "$(got)" -eq 0
get extended
check "no file in extended passive mode" "$(got)" -eq 0

finds WARNING ftp director

say "With the helper, both work."
mend director
get_in_each_mode
no_faults director
say "The data connections appear in the listing beside those of port 21, and go to the same server. The one of \
active mode has port 20."
roughly director sh -c 'ipvsadm -Lcn | grep "[0-9]$" | grep -v ":21$" | cut -c 24- | sort -k 3'
check "there is one from port 20" "$(grep -c ':20$' "$shown")" -eq 1
check "there are two to other ports" "$(grep -cv ':20$' "$shown")" -eq 2
on director ipvsadm -Ln
same_as_original director -Ln
same_as_original director -Lcn

say "A director may have a firewall that forwards only packets of connections that it knows. It knows the control \
connections, since the helper tracks them, and the data connections of the passive modes, but none that a server \
opens."
write firewall <<RULES
table ip firewall {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
    }
}
RULES
on director nft -f firewall
for mode in passive extended; do
	get $mode
	check "the file came in $mode mode" "$(got)" -eq 1
done
finds_nothing director
get active
check "no file in active mode" "$(got)" -eq 0
on director ipvsadm-original -E -t $vip:21 -s rr
get active
check "no file with the service as the original sets it either" "$(got)" -eq 0
say "So active mode needs a rule of its own."
on director nft add rule ip firewall forward ip saddr 198.51.100.0/24 tcp sport 20 accept
get active
check "the file came in active mode" "$(got)" -eq 1
same_as_original director -Lcn
say "The firewall does not know the connections of other services of ip_vs and drops their answers, unless \
net.ipv4.vs.conntrack is set."
serve real1 :80
on director ipvsadm -A -t $vip:80
on director ipvsadm -a -t $vip:80 -r 198.51.100.21:80 -m
ask client 1 http://$vip/
check "the web server's answer does not arrive" "$(answers nobody)" -eq 1
on director sysctl -w net.ipv4.vs.conntrack=1
ask client 5 http://$vip/
check "now the web server's answer arrives" "$(answers real1)" -eq 5
get active
check "FTP works as before" "$(got)" -eq 1
