#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Upgrades Debian's package in the guest, which boots twice: the upgrade comes first, then the machine reboots.
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

version() { dpkg-query -W -f '${Version}' ipvsadm; }
is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1") == installed ]]; }
rules() { ipvsadm-save -n; }
counted() { ipvsadm -Ln --stats --exact | awk '$2 == "192.0.2.1:8080" { print $3 }'; }

before_upgrade() {
	say "A director with Debian's package: $(version)"
	check "it is Debian's" dpkg --compare-versions "$(version)" lt 1:1.31.0+go
	sed -i 's/^AUTO=.*/AUTO="true"/' "$settings"
	echo '# a note of the administrator' >>"$settings"
	ipvsadm -R <<-'RULES'
		-A -t 192.0.2.1:8000 -s wrr
		-a -t 192.0.2.1:8000 -r 192.0.2.1:8080 -m -w 3
		-A -f 7 -s sh -p 300
		-a -f 7 -r 192.0.2.9 -g -w 1
	RULES
	ipvsadm --set 901 121 301
	ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 7
	rules >"$file"
	systemctl enable ipvsadm
	systemctl start ipvsadm
	start_echo
	exec 3<>/dev/tcp/192.0.2.1/8000
}

upgrade() {
	say "The upgrade"
	local state
	for state in ActiveState ActiveEnterTimestampMonotonic; do
		systemctl show keepalived -p "$state"
	done >"$work/keepalived"
	rules >/root/rules.before
	table >"$work/table"
	cp "$file" /root/rules.saved
	cp "$settings" "$work/settings"
	DEBIAN_FRONTEND=noninteractive dpkg -i /root/ipvsadm.deb </dev/null >"$work/dpkg" 2>&1 || { cat "$work/dpkg"; fail "dpkg -i"; }
	cat "$work/dpkg"
	check "the version is ours: $(version)" dpkg --compare-versions "$(version)" gt 1:1.31.0+go
	check "so is the program" grep -q '^ipvsadm v1.31+go' <(ipvsadm -v)
	same "the table, the timeouts and the daemon are what they were" "$work/table" <(table)
	same "the rules are saved in the same words" /root/rules.before <(rules)
	same "the rules file is what it was" /root/rules.saved "$file"
	same "the settings are what they were" "$work/settings" "$settings"
	check "keepalived is still installed" is_installed keepalived
	for state in ActiveState ActiveEnterTimestampMonotonic; do
		systemctl show keepalived -p "$state"
	done >"$work/keepalived.after"
	same "keepalived was not restarted" "$work/keepalived" "$work/keepalived.after"
	check "the unit is enabled" systemctl -q is-enabled ipvsadm
	has_counted() { [[ $(counted) == 1 ]]; }
	check "the connection is still counted" until_true 30 has_counted
	echo here >&3
	is "its answer" "$(timeout 30 head -n 1 <&3)" here
	exec 3>&-
}

after_reboot() {
	say "After the reboot"
	check "the unit is ours" test "$(systemctl show ipvsadm -p FragmentPath --value)" = /usr/lib/systemd/system/ipvsadm.service \
		-o "$(systemctl show ipvsadm -p FragmentPath --value)" = /lib/systemd/system/ipvsadm.service
	are_restored() { rules | diff /root/rules.before -; }
	check "it has restored the rules" until_true 60 are_restored
	is "failed units" "$(systemctl --failed --plain --no-legend)" ""
}

removal() {
	say "Removal and purge"
	local how
	for how in --remove --purge; do
		dpkg $how ipvsadm </dev/null
		same "the rules file is left by $how" /root/rules.saved "$file"
		check "the table is left by $how" grep -q 'C0000201:1F40 wrr' /proc/net/ip_vs
	done
}

if [[ ! -e /root/rules.before ]]; then
	before_upgrade
	upgrade
	touch /lab/again
	exit
fi
after_reboot
removal
say "All $(wc -l <"$tally") checks passed."
