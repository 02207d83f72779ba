# SPDX-License-Identifier: Apache-2.0
# The second boot: checks that the table was restored before the network services started.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

say "The table after the reboot"
for service in first keepalived; do
	check "$service has started" test -e "/root/at.$service"
	same "when $service started, the table was the saved one" /root/table.saved "/root/at.$service"
done
check "the table is still the saved one" is_full
check "eth0 is up" grep -q 192.0.2.1 <(ip -4 address show dev eth0)
check "keepalived runs" until_true 60 pidof keepalived
same "the rules file is what it was" /root/rules.saved "$file"
check "the table was empty when ipvsadm had stopped" test -e /root/at.last
is "rules and daemons after ipvsadm had stopped" "$(grep -v Timeout /root/at.last || :)" ""

if [[ $1 == systemd ]]; then
	microseconds() { systemctl show ipvsadm -p "$1" --value; }
	awk -v began="$(microseconds ExecMainStartTimestampMonotonic)" -v ended="$(microseconds ExecMainExitTimestampMonotonic)" \
		-v first="$(</root/uptime.first)" 'BEGIN {
			printf "ipvsadm-boot ran from %.2f to %.2f s after the start of the kernel, ", began / 1e6, ended / 1e6
			printf "the first service of the network started at %.2f s\n", first
		}'
	is "failed units" "$(systemctl --failed --plain --no-legend)" ""
	journalctl -q --no-pager -b -1 -u ipvsadm >"$work/journal"
	check "the journal of the last shutdown reports the stop" grep -q 'Stopped' "$work/journal"
	journalctl -q --no-pager -b -1 >"$work/journal"
	check "nothing failed in the first boot or its shutdown" awk '/systemd\[1\]: .*[Ff]ailed (to st|with result)/ { print; bad = 1 } END { exit bad }' "$work/journal"
else
	echo "the first service of the network started $(</root/uptime.first) s after the start of the kernel"
fi
