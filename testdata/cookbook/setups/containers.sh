#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Containers: a root directory with nothing in it but ipvsadm
#
#        client
#        192.0.2.10
#            |
#     -------+------+------------------------------- outside
#                   |
#               director, with a container
#               192.0.2.1, 192.0.2.100: the virtual address
#               10.0.0.1
#                   |
#     -------+------+-------+----------------------- inside
#            |              |
#        10.0.0.21:8080  10.0.0.22:8080
#          real1          real2
#
# A container that shares the director's network administers it. The image of the
# container is the binary alone: no C library, no /lib/modules, no /etc/services,
# no resolver, no /proc, no shell.

# shellcheck source-path=SCRIPTDIR source=../lib/scenario.sh
source "$(dirname "$0")/../lib/scenario.sh"

vip=192.0.2.100
real1=10.0.0.21:8080 real2=10.0.0.22:8080

# Rates may sink between the two listings, so further pairs are compared if two differ.
listings_as_original() {
	local words try
	for words in -Ln '-Ln --stats' '-Ln --rate' '-Ln --thresholds' '-L --timeout' -Sn; do
		for try in {1..10}; do
			# shellcheck disable=SC2086 # several options
			diff <(quietly director ipvsadm-original $words) <(quietly director contain /ipvsadm $words) >/tmp/diff && break
		done
		[[ ! -s /tmp/diff ]] || { cat /tmp/diff; fail "after $try tries the original ipvsadm does not print the same for $words"; }
		passed "the original ipvsadm prints the same, outside, for $words"
	done
}

# Schedulers and helpers first, because they use ip_vs.
mapfile -t modules < <(grep -o '^ip_vs_[a-z_]*' /proc/modules)
rmmod "${modules[@]}" ip_vs

switch outside
switch inside
host client outside 192.0.2.10/24
host director outside 192.0.2.1/24,$vip/32 inside 10.0.0.1/24
host real1 inside 10.0.0.21/24
host real2 inside 10.0.0.22/24
for real in real1 real2; do
	on $real ip route add default via 10.0.0.1
	serve $real :8080
done

say "unshare creates the namespaces of the container and sets its root directory."
write /usr/local/bin/contain <<'SCRIPT'
#!/bin/sh
exec unshare --mount --uts --ipc --pid --fork --root=/box "$@"
SCRIPT
chmod +x /usr/local/bin/contain
on director sysctl -qw net.ipv4.ip_forward=1
on director mkdir /box
on director cp /usr/sbin/ipvsadm /box/ipvsadm
on director find /box

say "The original does not start in the container: it needs the C library and more."
on director cp /usr/sbin/ipvsadm-original /box/ipvsadm-original
fails 127 director contain /ipvsadm-original -Ln
on director rm /box/ipvsadm-original

say "A container uses the kernel of its host. If this kernel has no ip_vs and cannot load it, every command fails."
modprobe=$(</proc/sys/kernel/modprobe)
on director sysctl -qw kernel.modprobe=/nowhere
fails 2 director contain /ipvsadm -Ln
check "the error says that ip_vs is missing" "$(grep -c '^Are you sure that IP Virtual Server is built in' "$shown")" -eq 1
on director sysctl -qw "kernel.modprobe=$modprobe"

say "If the host has the module, the kernel loads it with the host's modprobe when ipvsadm first asks for it. \
Schedulers are loaded in the same way. The container needs neither modprobe nor modules."
fails 1 director grep '^ip_vs' /proc/modules
on director contain /ipvsadm -Ln
on director contain /ipvsadm -A -t $vip:80 -s wrr
on director contain /ipvsadm -a -t $vip:80 -r $real1 -m
on director contain /ipvsadm -a -t $vip:80 -r $real2 -m -w 2
on director grep -o '^ip_vs[a-z_]*' /proc/modules

say "Without -n, the listing shows numbers where it finds no names, and does not wait. (-n is still the better \
habit.)"
on director contain /ipvsadm -L
check "the service is in the table" "$(cell Weight $vip:80 $real2)" -eq 2
ask client 30 http://$vip/
check "real1 answered a third" "$(answers real1)" -eq 10
check "real2 answered two thirds" "$(answers real2)" -eq 20
check "the servers saw the client's own address" "$(sources)" = 192.0.2.10
counted director $vip:80 30
on director contain /ipvsadm -Ln --stats
check "as many connections as requests" "$(cell Conns $vip:80)" -eq 30
listings_as_original
no_faults director

say "Rules leave the container by stdout and enter it by stdin, so it needs no file."
on director sh -c 'contain /ipvsadm -S -n >/root/rules'
on director cat /root/rules
on director contain /ipvsadm -C
on director sh -c 'contain /ipvsadm -R </root/rules'
quietly director contain /ipvsadm -S -n >/tmp/rules
diff /root/rules /tmp/rules || fail "the rules are not what they were"
ok "the rules are what they were"

say "Through a link, the binary also answers to the name ipvsadm-restore, which changes only what differs."
on director ln -s ipvsadm /box/ipvsadm-restore
on director sh -c 'sed "s/-w 2/-w 1/" /root/rules | contain /ipvsadm-restore --dry-run'
on director sh -c 'sed "s/-w 2/-w 1/" /root/rules | contain /ipvsadm-restore'
ask client 30 http://$vip/
check "both answered half" "$(answers real1) $(answers real2)" = "15 15"

rules=$(quietly director contain /ipvsadm -S -n)
say "A command fails only if it needs what the container lacks: host names, port names, or the list of connections, \
which the kernel has in /proc. Each bad line of a rules file is reported, and nothing changes."
fails 2 director contain /ipvsadm -A -t www.example:443
fails 2 director contain /ipvsadm -A -t $vip:https
fails 2 director contain /ipvsadm -a -t $vip:80 -r real3.example:8080 -m
fails 2 director sh -c 'printf "%s\n" "-A -t www.example:443" "-a -t www.example:443 -r 10.0.0.21 -m" | contain /ipvsadm -R'
fails 1 director contain /ipvsadm -L -n -c
check "the table was not touched" "$(quietly director contain /ipvsadm -S -n)" = "$rules"

say "Once the container has /etc/hosts and /etc/services, the names of hosts and ports come from there."
write /box/etc/hosts <<HOSTS
$vip www.example
10.0.0.21 real1.example
10.0.0.22 real2.example
HOSTS
on director contain /ipvsadm -A -t www.example:443
on director contain /ipvsadm -a -t www.example:443 -r real1.example:8443 -m
on director contain /ipvsadm
check "the listing has the names of hosts" "$(grep -cE 'www\.example:(80|443) |real[12]\.example:(8080|8443) ' "$shown")" -eq 5
on director cp /etc/services /box/etc/services
on director contain /ipvsadm -a -t www.example:https -r real2.example:8443 -m
on director contain /ipvsadm
check "the listing has the names of ports too" "$(grep -cE 'www\.example:https? |real[12]\.example:(http-alt|8443) ' "$shown")" -eq 6

say "With its own /proc, the container can list connections too."
on director mkdir /box/proc
see director sh -c 'unshare --mount --pid --fork --root=/box --mount-proc /ipvsadm -L -n -c | head -n 5'
check "connections of the client are there" "$(grep -c '^TCP .* 192\.0\.2\.10:' "$shown")" -eq 3

say "In a user namespace of its own, as in a rootless container, root has no privileges on the host, and ip_vs refuses \
netlink. The older socket options work there, for IPv4; the program says so once. The original fails."
on director unshare --user --map-root-user --net --root=/box /ipvsadm -L -n
check "it says what is used" "$(grep -c 'netlink is refused; over the older socket options: IPv4 only' "$shown")" -eq 1
fails 2 director unshare --user --map-root-user --net ipvsadm-original -L -n
check "the original says so too" "$(grep -c 'you must be root' "$shown")" -eq 1
