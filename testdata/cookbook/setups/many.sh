#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A hundred thousand connections: listings at scale
#
#        client, which plays 50,176
#        100.64.0.0 to 100.64.195.255
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
# A busy director has more connections than anyone can read, but scripts do read
# them. A listing begins at once, continues as the kernel delivers entries, and
# takes no more memory for a hundred thousand of them than for a few.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100
clients=$((0x8000 + 0x4000 + 0x400))

# of_copy PROGRAM OPTION...: lists the entries in the file entries instead of the kernel's.
of_copy() {
	# shellcheck disable=SC2016 # $@ is the inner shell's
	quietly director unshare --mount sh -c '
		mount -t tmpfs none /proc && mkdir /proc/net && ln -s /root/entries /proc/net/ip_vs_conn && exec "$@"' sh "$@"
}

without_expire() {
	sed 's/^\([A-Z]* *\)[0-9]*:[0-9]* /\1/'
}

# Turns names back into addresses and ports, separated by single blanks.
without_names() {
	awk -v vip=$vip '
		FILENAME == "/etc/services" { if (split($2, port, "/") == 2 && port[2] == "udp") number[$1] = port[1]; next }
		FNR > 2 { for (i = 4; i <= 6; i++) {
			split($i, end, ":")
			$i = (end[1] == "dns.example" ? vip : end[1]) ":" (end[2] in number ? number[end[2]] : end[2])
		} }
		{ $1 = $1; print }' /etc/services "$1"
}

# read_slowly FILE MEGABYTES: reads what ipvsadm writes to the pipe, and checks the process at the thousandth line and at
# nine tenths.
read_slowly() {
	awk '
		NR == 1000 { system("cat /proc/$(pidof ipvsadm)/io >early") }
		NR == 90000 { system("cat /proc/$(pidof ipvsadm)/status >late") }
		{ print }' pipe >"$1"
	check "there are 100,352 entries, and two lines above them" "$(wc -l <"$1")" -eq $((2 * clients + 2))
	check "at the thousandth line it had read less than 400 kB" "$(awk '$1 == "rchar:" { print $2 }' early)" -lt 400000
	check "it never took more than $2 MB of memory" "$(awk '$1 == "VmHWM:" { print $2 }' late)" -lt "$2"000
	echo "  ($(awk '$1 == "rchar:" { print $2 }' early) bytes, $(awk '$1 == "VmHWM:" { print $2 }' late) kB)"
}

# Checks that both programs print the same for the entries of the copy.
same_of_copy() {
	of_copy ipvsadm "$@" >ours
	of_copy ipvsadm-original "$@" >original
	cmp ours original || fail "the original ipvsadm does not print the same for $*"
	passed "the original ipvsadm prints the same for $*"
}

switch outside
switch inside
host client outside 192.0.2.10/24
host director outside 192.0.2.1/24,$vip/32 inside 198.51.100.1/24
host real1 inside 198.51.100.21/24
host real2 inside 198.51.100.22/24
cd /root

say "Each client of a persistent service has two entries: one for its packets, and one that keeps it at its server. \
The servers do not answer here. The timeouts are long enough that no entry expires during the test."
on director ipvsadm -A -u $vip:53 -s rr -p 3000
on director ipvsadm -a -u $vip:53 -r 198.51.100.21:53 -g
on director ipvsadm -a -u $vip:53 -r 198.51.100.22:53 -g
on director ipvsadm --set 0 0 3000
for network in 100.64.0.0/17 100.64.128.0/18 100.64.192.0/22; do
	on client traffic crowd $network udp://$vip:53
done
on director ipvsadm -Ln --persistent-conn
check "half of the clients are at real1" "$(cell PersistConn $vip:53 198.51.100.21:53)" -eq $((clients / 2))
check "the other half is at real2" "$(cell PersistConn $vip:53 198.51.100.22:53)" -eq $((clients / 2))
same_as_original director -Ln --persistent-conn
one_without_faults director ipvsadm --diagnose --verbose

say "The test reads the listing slowly. After a thousand lines, ipvsadm has read few more entries from the kernel. \
At nine tenths the test checks its memory."
mkfifo pipe
begin pipe director ipvsadm -Lcn
read_slowly live 12
check "half of them keep clients at servers" "$(grep -c ':0  ' live)" -eq $clients

say "The entries are read once more, into a file. That takes long, because the kernel starts again at the first \
entry for every few that it delivers. With the file in place of the kernel's entries, the original can list them \
too."
on director sh -c 'cat /proc/net/ip_vs_conn >entries'
same_of_copy -Lcn
cmp <(without_expire <live) <(without_expire <ours) || fail "what was listed is not what the original lists"
ok "ipvsadm listed all entries of the kernel, as the original does"
same_of_copy -Lcn --persistent-conn

say "The same with names, which come only from /etc/hosts here."
sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf
echo "$vip dns.example" >>/etc/hosts
of_copy ipvsadm -Lc >pipe &
read_slowly named 16
check "each entry has the service's name" "$(grep -c ' dns.example:domain ' named)" -eq $((2 * clients))
of_copy ipvsadm -Lcn >ours
cmp <(awk '{ $1 = $1; print }' ours) <(without_names named) || fail "with names the entries are not the same"
ok "except for the names, the entries are the same"
head -n 2001 entries >some
mv some entries
same_of_copy -Lc
same_of_copy -Lc --persistent-conn
