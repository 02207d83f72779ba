# SPDX-License-Identifier: Apache-2.0
# Runs every verb of the init script twice in a row: with a rules file, without one and with a broken one; also without
# privileges, without the program and without IPVS.
# shellcheck shell=bash source-path=SCRIPTDIR source=script.sh
source "$(dirname "$0")/script.sh"

# without_rules STATE: verbs that need rules fail. They do not change a full table. An empty table gets the good lines of
# the file, which is STATE.
without_rules() {
	local verb
	for verb in start restart reload force-reload; do
		empty
		verb $verb 6 "$1"
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
without_rules empty
fill
verb save 0 full
same "save makes a file that is not there" /root/rules.saved "$file"
printf '%s\n' '-A -t 192.0.2.9:80 -s rr' '-A -t nonsense' 'nonsense' >"$file"
is_good() { [[ $(ipvsadm -Sn) == '-A -t 192.0.2.9:80 -s rr' ]]; }
without_rules good
cp "$file" "$work/broken"
same "a broken file stays" "$work/broken" "$file"
empty
verb start 6 good
check "each bad line is named" grep -q 'line 2:' "$work/said"
check "each bad line is named" grep -q 'line 3:' "$work/said"

say "The kernel refuses one rule, the others are applied"
printf '%s\n' '-A -t 192.0.2.9:80 -s nosuch' '-A -t 192.0.2.9:81 -s rr' >"$file"
is_partly() { [[ $(ipvsadm -Sn) == '-A -t 192.0.2.9:81 -s rr' ]]; }
empty
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
