# SPDX-License-Identifier: Apache-2.0
# Tests the systemd unit: its verbs, its sandbox, and a sync daemon whose interface appears late.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

is_active() { systemctl -q is-active ipvsadm; }
do_it() { check "systemctl $1" systemctl "$1" ipvsadm; }

# Restores the initial state between tests.
reset() {
	systemctl stop ipvsadm
	systemctl reset-failed ipvsadm 2>/dev/null || :
	empty
	cp /root/rules.saved "$file"
}

say "systemd-analyze"
systemd-analyze --man=no verify ipvsadm.service >"$work/verify" 2>&1 || { cat "$work/verify"; fail "systemd-analyze verify"; }
is "systemd-analyze verify prints nothing" "$(<"$work/verify")" ""
# systemd-analyze cannot check the manual pages, because the guest has no man.
for page in ipvsadm ipvsadm-boot; do
	check "the unit names the manual page of $page" grep -q "man:$page(8)" <(systemctl show ipvsadm -p Documentation)
	check "the page is installed" test -e "/usr/share/man/man8/$page.8.gz"
done
systemd-analyze security --no-pager ipvsadm.service >"$work/security"
grep -v '✓' "$work/security"
check "the exposure is below 3.0" systemd-analyze security --threshold=29 ipvsadm.service

say "Verbs"
set_debian
set_redhat
systemctl stop ipvsadm
empty
for _ in first second; do
	do_it start
	check "start fills" is_full
done
for _ in first second; do
	do_it reload
	check "reload keeps" is_full
done
for _ in first second; do
	do_it restart
	check "restart fills" is_full
done
for _ in first second; do
	do_it stop
	check "stop empties" is_empty
done
same "the file is what it was" /root/rules.saved "$file"

say "A connection and its counters survive a reload"
echo '-A -t 192.0.2.1:8000 -s rr
-a -t 192.0.2.1:8000 -r 192.0.2.1:8080 -m -w 1' >"$file"
start_echo
counted() { ipvsadm -Ln --stats --exact | awk '$2 == "192.0.2.1:8080" { print $3 }'; }
connected() { ipvsadm -Ln | awk '$2 == "192.0.2.1:8080" { print $5 }'; }
has_counted() { [[ $(counted) == "$1" ]]; }
do_it start
exec 3<>/dev/tcp/192.0.2.1/8000
check "the connection is counted" until_true 30 has_counted 1
is "active connections" "$(connected)" 1
echo '-a -t 192.0.2.1:8000 -r 192.0.2.12:8080 -m -w 0' >>"$file"
do_it reload
check "the reload has changed something" grep -q 192.0.2.12:8080 <(ipvsadm -Sn)
is "connections counted after the reload" "$(counted)" 1
is "active connections after the reload" "$(connected)" 1
echo here >&3
is "the answer to the old connection" "$(timeout 30 head -n 1 <&3)" here
exec 3>&-
echo nonsense >>"$file"
table >"$work/table"
check "a reload of a broken file fails" not systemctl reload ipvsadm
check "the table stays" diff "$work/table" <(table)
check "the unit stays active" is_active
journal_names_line() { journalctl -q --no-pager -b -u ipvsadm | grep -q 'line 4:'; }
check "the journal names the line" until_true 30 journal_names_line
sed -i '$d' "$file"
do_it reload
do_it restart
is "connections counted after a restart" "$(counted)" 0
reset

say "The unit fails for good without rules, with broken ones, and without IPVS"
fails() {
	local status=0
	systemctl start ipvsadm 2>"$work/said" || status=$?
	is "$1: systemctl start" "$status" 1
	is "$1: it is not tried again" "$(systemctl show ipvsadm -p SubState --value)" failed
	is "$1: exit status" "$(systemctl show ipvsadm -p ExecMainStatus --value)" "$2"
	check "$1: the table stays" is_empty
	systemctl reset-failed ipvsadm
}
rm "$file"
fails "no file" 6
echo nonsense >"$file"
fails "broken file" 6
cp /root/rules.saved "$file"
set_redhat 'IPVS_MODULES_UNLOAD="yes"'
do_it start
do_it stop
check "the modules are unloaded after a stop" test ! -e /proc/net/ip_vs
check "none of them is left" not grep -q ^ip_vs /proc/modules
# With this file, neither modprobe nor the kernel loads the module.
echo 'install ip_vs /bin/false' >/etc/modprobe.d/no-ip_vs.conf
status=0
systemctl start ipvsadm 2>/dev/null || status=$?
is "no IPVS: systemctl start" "$status" 1
is "no IPVS: exit status" "$(systemctl show ipvsadm -p ExecMainStatus --value)" 5
rm /etc/modprobe.d/no-ip_vs.conf
systemctl reset-failed ipvsadm
set_redhat
do_it start
check "a start loads them again" is_full
reset

say "An unprivileged user cannot make a restore wait"
setpriv --reuid nobody --regid nogroup --clear-groups flock --no-fork /proc/self/ns/net sleep 60 &
locker=$!
is_locked() { ! flock -n /proc/self/ns/net true; }
check "the network namespace is locked" until_true 30 is_locked
began=$(date +%s%N)
do_it start
check "the start does not wait for the lock" test $((($(date +%s%N) - began) / 1000000)) -lt 4900
check "it fills" is_full
is "mode and owner of the directory of locks" "$(stat -c '%a %U' /run/ipvsadm)" "700 root"
kill $locker
wait $locker || :
reset

say "In its sandbox the unit can save"
set_redhat 'IPVS_SAVE_ON_STOP="yes"'
chmod 640 "$file"
chgrp adm "$file"
do_it start
ipvsadm -A -t 192.0.2.99:99 -s rr
do_it stop
check "the table is emptied" is_empty
check "and saved" grep -qxF -e '-A -t 192.0.2.99:99 -s rr' "$file"
is "the file's mode and owner are kept" "$(stat -c '%a %U %G' "$file")" "640 root adm"
cp "$file" "$work/saved"
do_it stop
same "a second stop does not save" "$work/saved" "$file"
say "A rules file that root does not own"
cp /root/rules.saved "$file"
chmod 600 "$file"
chown nobody:nogroup "$file"
do_it start
check "the file is read" is_full
warned() { journalctl -q --no-pager -b -u ipvsadm | grep -q 'it belongs to user 65534'; }
check "there is a warning" until_true 30 warned
ipvsadm -A -t 192.0.2.99:99 -s rr
do_it stop
check "and saved" grep -qxF -e '-A -t 192.0.2.99:99 -s rr' "$file"
is "the file's mode and owner are kept" "$(stat -c '%a %U %G' "$file")" "600 nobody nogroup"

say "Rules outside /etc, with the drop-in of the manual"
mkdir -p /srv/lvs /etc/systemd/system/ipvsadm.service.d
cp /root/rules.saved /srv/lvs/rules
echo 'IPVSADM_CONFIG="/srv/lvs/rules"' >/etc/sysconfig/ipvsadm
printf '%s\n' '[Service]' 'ReadWritePaths=/srv/lvs' >/etc/systemd/system/ipvsadm.service.d/rules.conf
systemctl daemon-reload
do_it start
check "the rules are read" is_full
ipvsadm -A -t 192.0.2.99:99 -s rr
do_it stop
check "and saved" grep -qxF -e '-A -t 192.0.2.99:99 -s rr' /srv/lvs/rules
rm -r /srv/lvs /etc/sysconfig/ipvsadm /etc/systemd/system/ipvsadm.service.d
systemctl daemon-reload
chown root:root "$file"
set_redhat
reset

say "A sync daemon whose interface appears late"
sed -i 's/--start-daemon master --mcast-interface eth0/--start-daemon master --mcast-interface late0/' "$file"
has_table() { ipvsadm -Sn | grep -q 192.0.2.1:80; }
is_tried_again() { (($(systemctl show ipvsadm -p NRestarts --value) >= 2)); }
printf '%s\n' '[Unit]' 'After=ipvsadm.service' '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'ExecStart=/bin/true' \
	>/etc/systemd/system/after.service
systemctl daemon-reload
systemctl start --no-block ipvsadm after
check "the table does not wait for the interface" until_true 60 has_table
check "the start is tried again" until_true 60 is_tried_again
check "the unit is not active yet" not is_active
check "a later unit does not wait for it" until_true 60 systemctl -q is-active after
ip link add late0 up type dummy
ip address add 198.51.100.1/24 dev late0
check "the unit is active in the end" until_true 60 is_active
check "the daemon runs" grep -q 'master.*late0' <(ipvsadm -Ln --daemon)
ip link delete late0
reset
is "failed units" "$(systemctl --failed --plain --no-legend)" ""
