#!/usr/bin/env bash
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
# The director is administered from a container that shares its network. The
# image of the container is the binary: no C library, no /lib/modules, no
# /etc/services, no resolver, no /proc, no shell.

# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

vip=192.0.2.100
real1=10.0.0.21:8080 real2=10.0.0.22:8080

# Rates may sink between the two listings; so some more are compared if they differ.
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

# Schedulers and helpers first, then what they use.
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

say "unshare makes the namespaces of the container, and chooses its root directory."
write /usr/local/bin/contain <<'SCRIPT'
#!/bin/sh
exec unshare --mount --uts --ipc --pid --fork --root=/box "$@"
SCRIPT
chmod +x /usr/local/bin/contain
on director sysctl -qw net.ipv4.ip_forward=1
on director mkdir /box
on director cp /usr/sbin/ipvsadm /box/ipvsadm
on director find /box

say "The original does not start in there: it needs the C library, and some more."
on director cp /usr/sbin/ipvsadm-original /box/ipvsadm-original
fails 127 director contain /ipvsadm-original -Ln
on director rm /box/ipvsadm-original

say "A container has the kernel of its host. If that has no ip_vs, and cannot load it, nothing can be done."
modprobe=$(</proc/sys/kernel/modprobe)
on director sysctl -qw kernel.modprobe=/nowhere
fails 2 director contain /ipvsadm -Ln
check "the error says that ip_vs is missing" "$(grep -c '^Are you sure that IP Virtual Server is built in' "$shown")" -eq 1
on director sysctl -qw "kernel.modprobe=$modprobe"

say "If the host has it, the kernel loads it with the host's own modprobe as soon as it is asked for, and the scheduler later \
on too. The container needs neither modprobe nor modules."
fails 1 director grep '^ip_vs' /proc/modules
on director contain /ipvsadm -Ln
on director contain /ipvsadm -A -t $vip:80 -s wrr
on director contain /ipvsadm -a -t $vip:80 -r $real1 -m
on director contain /ipvsadm -a -t $vip:80 -r $real2 -m -w 2
on director grep -o '^ip_vs[a-z_]*' /proc/modules

say "Without -n, numbers are shown where there are no names, at once. (-n is still the better habit.)"
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

say "Rules go out by stdout and come in by stdin, so no file needs to be in there."
on director sh -c 'contain /ipvsadm -S -n >/root/rules'
on director cat /root/rules
on director contain /ipvsadm -C
on director sh -c 'contain /ipvsadm -R </root/rules'
quietly director contain /ipvsadm -S -n >/tmp/rules
diff /root/rules /tmp/rules || fail "the rules are not what they were"
ok "the rules are what they were"

say "With a link, the binary also answers to ipvsadm-restore, which changes only what is different."
on director ln -s ipvsadm /box/ipvsadm-restore
on director sh -c 'sed "s/-w 2/-w 1/" /root/rules | contain /ipvsadm-restore --dry-run'
on director sh -c 'sed "s/-w 2/-w 1/" /root/rules | contain /ipvsadm-restore'
ask client 30 http://$vip/
check "both answered half" "$(answers real1) $(answers real2)" = "15 15"

rules=$(quietly director contain /ipvsadm -S -n)
say "What is not there is missed only by those who ask for it: host names, port names, and the list of connections, which \
the kernel has in /proc. In a rules file each bad line is named, and nothing is changed."
fails 2 director contain /ipvsadm -A -t www.example:443
fails 2 director contain /ipvsadm -A -t $vip:https
fails 2 director contain /ipvsadm -a -t $vip:80 -r real3.example:8080 -m
fails 2 director sh -c 'printf "%s\n" "-A -t www.example:443" "-a -t www.example:443 -r 10.0.0.21 -m" | contain /ipvsadm -R'
fails 1 director contain /ipvsadm -L -n -c
check "the table was not touched" "$(quietly director contain /ipvsadm -S -n)" = "$rules"

say "Names of hosts come from /etc/hosts as soon as there is one, those of ports from /etc/services."
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
check "and of ports" "$(grep -cE 'www\.example:https? |real[12]\.example:(http-alt|8443) ' "$shown")" -eq 6

say "With a /proc of its own, the container has the connections too."
on director mkdir /box/proc
see director sh -c 'unshare --mount --pid --fork --root=/box --mount-proc /ipvsadm -L -n -c | head -n 5'
check "connections of the client are there" "$(grep -c '^TCP .* 192\.0\.2\.10:' "$shown")" -eq 3

say "One kind of container is shut out: in a user namespace of its own, without privileges on the host, root is not root \
enough for ip_vs. The original fares no better."
fails 2 director unshare --user --map-root-user --net --root=/box /ipvsadm -L -n
check "the error says so" "$(grep -c 'you must be root' "$shown")" -eq 1
fails 2 director unshare --user --map-root-user --net ipvsadm-original -L -n
check "the original says so too" "$(grep -c 'you must be root' "$shown")" -eq 1
