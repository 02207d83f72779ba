# SPDX-License-Identifier: Apache-2.0
# The first boot: sets rules, saves them, enables their restore at boot, and installs services that record the table.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

# Before the first run of ipvsadm. status must not load the module.
status=0
ipvsadm-boot status >"$work/status" 2>&1 || status=$?
is "status of a fresh machine" $status 3
is "output of status" "$(<"$work/status")" "ipvsadm is stopped"
check "status loads no module" test ! -e /proc/net/ip_vs

sed -i 's/^AUTO=.*/AUTO="true"/' "$settings"
ipvsadm -R <"$here/rules"
table >/root/table.made

# Records the table when the network services start.
install_systemd() {
	cat >/etc/systemd/system/first.service <<-'UNIT'
		[Unit]
		After=network.target
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/lab/boot/record first
		[Install]
		WantedBy=multi-user.target
	UNIT
	# Stops after ipvsadm.
	cat >/etc/systemd/system/last.service <<-'UNIT'
		[Unit]
		Before=ipvsadm.service
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/true
		ExecStop=/lab/boot/record last
		[Install]
		WantedBy=multi-user.target
	UNIT
	mkdir -p /etc/systemd/system/keepalived.service.d
	printf '%s\n' '[Service]' 'ExecStartPre=/lab/boot/record keepalived' >/etc/systemd/system/keepalived.service.d/record.conf
	systemctl daemon-reload
	systemctl enable --now ipvsadm last
	systemctl enable first
}

install_sysvinit() {
	cat >/etc/init.d/first <<-'SCRIPT'
		#!/bin/sh
		### BEGIN INIT INFO
		# Provides:          first
		# Required-Start:    $network
		# Required-Stop:
		# Default-Start:     2 3 4 5
		# Default-Stop:
		# Short-Description: records the table
		### END INIT INFO
		[ "$1" != start ] || /lab/boot/record first
	SCRIPT
	# Stops after ipvsadm.
	cat >/etc/init.d/last <<-'SCRIPT'
		#!/bin/sh
		### BEGIN INIT INFO
		# Provides:          last
		# Required-Start:    $network
		# Required-Stop:     $local_fs
		# X-Stop-After:      ipvsadm
		# Default-Start:     2 3 4 5
		# Default-Stop:      0 6
		# Short-Description: records the table
		### END INIT INFO
		[ "$1" != stop ] || /lab/boot/record last
	SCRIPT
	chmod 755 /etc/init.d/{first,last}
	echo '/lab/boot/record keepalived' >/etc/default/keepalived
	update-rc.d ipvsadm defaults
	update-rc.d first defaults
	update-rc.d last defaults
}

cat >/etc/keepalived/keepalived.conf <<-'CONF'
	vrrp_instance test {
		interface eth0
		virtual_router_id 51
		virtual_ipaddress {
			192.0.2.100/24
		}
	}
CONF
check "the init script saves" /etc/init.d/ipvsadm save
check "the services are enabled" "install_$1"
table >/root/table.saved
cp "$file" /root/rules.saved
same "saving and enabling leave the table alone" /root/table.made /root/table.saved
is "owner and mode of the rules file" "$(stat -c '%U %a' "$file")" "root 600"
