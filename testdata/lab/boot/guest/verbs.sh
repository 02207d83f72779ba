# Every verb of the init script twice in a row, in the shells and with the functions of the distributions, with a rules
# file, without one and with a broken one.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

script=/etc/init.d/ipvsadm
shell=(sh)

# verb VERB STATUS STATE: twice with this status; then the table is full or empty.
verb() {
	local time status
	for time in first second; do
		status=0
		"${shell[@]}" "$script" ${1:+"$1"} >"$work/said" 2>&1 || status=$?
		if [[ $status != "$2" ]] || ! "is_$3" >"$work/is"; then
			cat "$work/said" "$work/is"
			fail "$1 for the $time time: status $status, expected $2, and the table should be $3"
		fi
		check "$1 says nothing of errors of the script itself" test -z "$(grep -E '(:|command) not found|syntax error' "$work/said")"
		[[ $2 == 0 ]] || check "$1 tells why it failed" test -s "$work/said"
	done
}

# The word that Heartbeat looks for, and not the other.
says() {
	check "status says $1" grep -q "$1" "$work/said"
	check "status does not say $2" test -z "$(grep -i "$2" "$work/said")"
}

with_rules() {
	cp /root/rules.saved "$file"
	empty
	verb status 3 empty
	says stopped running
	verb start 0 full
	verb status 0 full
	says running stopped
	verb reload 0 full
	verb force-reload 0 full
	verb restart 0 full
	verb try-restart 0 full
	verb save 0 full
	same "save writes the same file" /root/rules.saved "$file"
	verb stop 0 empty
	verb status 3 empty
	verb try-restart 0 empty
	verb reload 0 full
	verb panic 0 empty
	verb restart 0 full
	verb stop 0 empty
	same "nothing but save writes the file" /root/rules.saved "$file"
}

# What needs rules fails and changes nothing, whether the table is full or empty.
without_rules() {
	local verb
	for verb in start restart reload force-reload; do
		empty
		verb $verb 6 empty
		fill
		verb $verb 6 full
	done
	verb try-restart 6 full
	verb status 0 full
	verb stop 0 empty
	verb status 3 empty
	verb try-restart 0 empty
	fill
	verb panic 0 empty
}

usage() {
	verb '' 2 empty
	verb nosuch 2 empty
}

say "Every verb twice, with a rules file, without one, with a broken one"
set_debian
set_redhat
with_rules
rm "$file"
without_rules
fill
verb save 0 full
same "save makes a file that is not there" /root/rules.saved "$file"
printf '%s\n' '-A -t 192.0.2.9:80 -s rr' '-A -t nonsense' 'nonsense' >"$file"
without_rules
cp "$file" "$work/broken"
same "a broken file stays" "$work/broken" "$file"
empty
verb start 6 empty
check "each bad line is named" grep -q 'line 2:' "$work/said"
check "each bad line is named" grep -q 'line 3:' "$work/said"

say "What the kernel refuses fails, the rest is done"
printf '%s\n' '-A -t 192.0.2.9:80 -s nosuch' '-A -t 192.0.2.9:81 -s rr' >"$file"
is_partly() { [[ $(ipvsadm -Sn) == '-A -t 192.0.2.9:81 -s rr' ]]; }
verb start 1 partly
verb reload 1 partly
verb restart 1 partly

say "Mistakes of the caller"
cp /root/rules.saved "$file"
empty
usage

say "Without permission"
fill
for verb in start stop restart reload status save panic; do
	status=0
	setpriv --reuid nobody --regid nogroup --clear-groups sh "$script" "$verb" >"$work/said" 2>&1 || status=$?
	is "$verb as nobody" "$status" 4
	check "the table stays" is_full
done
same "the rules file stays" /root/rules.saved "$file"

chattr +i "$file"
verb save 4 full
check "the file is to blame" grep -q "$file" "$work/said"
check "IPVS is not" not grep -q 'initialize ipvs' "$work/said"
chattr -i "$file"

say "Without the program"
mv /sbin/ipvsadm-boot /sbin/away
ran() { "${shell[@]}" "$script" "$1" >"$work/said" 2>&1 && echo 0 || echo $?; }
is "start" "$(ran start)" 5
is "stop" "$(ran stop)" 0
is "status" "$(ran status)" 4
mv /sbin/away /sbin/ipvsadm-boot

say "Without IPVS in the kernel"
empty
set_redhat 'IPVS_MODULES_UNLOAD="yes"'
is "stop" "$(ran stop)" 0
check "stop has unloaded the modules" test ! -e /proc/net/ip_vs
for verb in stop status; do
	ran $verb >/dev/null
	check "$verb does not load them" test ! -e /proc/net/ip_vs
done
echo 'install ip_vs /bin/false' >/etc/modprobe.d/none.conf
for verb in start restart reload; do
	is "$verb" "$(ran $verb)" 5
done
is "status" "$(ran status)" 3
is "stop" "$(ran stop)" 0
rm /etc/modprobe.d/none.conf
set_redhat
verb start 0 full

say "In the shells"
is "sh, until here" "$(readlink -f /bin/sh)" /usr/bin/dash
for shell in "bash --posix" "busybox sh"; do
	read -ra shell <<<"$shell"
	with_rules
done
shell=(sh)

say "With the functions of the distributions"
mv /lib/lsb/init-functions "$work/debian"
say "  none"
with_rules
say "  those of the LSB alone"
cp "$here/lsb-functions" /lib/lsb/init-functions
with_rules
verb start 0 full
check "it is reported" grep -q '^LSB success:' "$work/said"
rm "$file"
verb start 6 full
check "it is reported" grep -q '^LSB failure:' "$work/said"
rm /lib/lsb/init-functions
say "  Red Hat's"
mkdir -p /etc/rc.d/init.d /var/lock/subsys
cp "$here/redhat-functions" /etc/rc.d/init.d/functions
with_rules
verb start 0 full
check "it is reported" grep -q '\[ *OK *\]' "$work/said"
check "Red Hat's rc can see that it has to be stopped" test -e /var/lock/subsys/ipvsadm
verb stop 0 empty
check "and that it has been" test ! -e /var/lock/subsys/ipvsadm
rm "$file"
verb start 6 empty
check "it is reported" grep -q FAILED "$work/said"
rm -r /etc/rc.d /var/lock/subsys
mv "$work/debian" /lib/lsb/init-functions
cp /root/rules.saved "$file"
