#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs, upgrades and removes our rpm with Debian's rpm, in small roots with busybox that look like Fedora and SUSE.
#
# Usage: rpm.sh VERSION
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=checks.sh
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

version=$1
new=(/dist/*.x86_64.rpm)
rules=/etc/ipvsadm.rules config=/etc/sysconfig/ipvsadm-config

# small_root NAME ID: with a systemd that notes what it is asked. It refuses to restart a unit that says so, and restarts
# marked units at the end, both as the real one does.
small_root() {
	root=/tmp/$1
	mkdir -p "$root"/{bin,dev,usr/bin,usr/sbin,etc/sysconfig,run/systemd/system,var/lib}
	if [[ $1 == fedora* ]]; then # from 42 on
		rmdir "$root/usr/sbin"
		ln -s bin "$root/usr/sbin"
	fi
	ln -s usr/sbin "$root/sbin"
	mknod -m 666 "$root/dev/null" c 1 3
	cp /bin/busybox "$root/bin/"
	chroot "$root" /bin/busybox --install -s /bin
	echo "ID=$2" >"$root/etc/os-release"
	cat >"$root/usr/bin/systemctl" <<-'SH'
		#!/bin/sh
		case "$*" in
		'try-restart ipvsadm.service')
			if ! grep -qsx RefuseManualStop=yes /run/systemd/system/ipvsadm.service.d/*.conf; then echo restarted >>/run/asked; fi ;;
		*Markers=+needs-restart) touch /run/marked ;;
		*Markers=-needs-restart) rm -f /run/marked ;;
		daemon-reload) ;;
		*) echo "$*" >>/run/asked ;;
		esac
	SH
	chmod 755 "$root/usr/bin/systemctl"
	touch "$root/run/asked"
}

# The root has no packages but ours, so that rpm cannot find /bin/sh in its database.
rpm_in() { quietly rpm --root "$root" --nodeps "$@"; }

nothing_happens() {
	same "nothing is started, stopped or restarted" "$(cat "$root/run/asked")" ""
	check "systemd has no unit to restart later" missing "$root/run/marked"
	check "systemd may stop the unit again" missing "$root/run/systemd/system/ipvsadm.service.d"
	: >"$root/run/asked"
}

is_ours() {
	local tool
	for tool in ipvsadm ipvsadm-save ipvsadm-restore ipvsadm-boot; do
		check "/sbin/$tool is there" chroot "$root" /bin/test -x /sbin/$tool
	done
	same "ipvsadm -v" "$(chroot "$root" /sbin/ipvsadm -v | cut -d ' ' -f 2 | cut -d + -f 1)" v1.31
	same "version" "$(rpm --root "$root" -q --qf '%{EPOCH}:%{VERSION}-%{RELEASE}\n' ipvsadm)" "1:$version-1"
	check "rpm finds all files" rpm --root "$root" --nodeps -V ipvsadm
	check "the unit calls what is there" chroot "$root" /bin/test -x "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$root/usr/lib/systemd/system/ipvsadm.service")"
}

part "the package"
check "there is one" test -f "${new[0]}"
quietly rpm -K --nosignature "${new[@]}"
same "what it requires" "$(rpm -qp --requires "${new[@]}" 2>/dev/null | grep -v '^rpmlib(' | sort -u)" "$(printf '/bin/sh')"
same "newest entry of its changelog" "$(rpm -qp --qf '%{CHANGELOGNAME}\n' "${new[@]}" 2>/dev/null | sed 's/.* - //')" "$version-1"
for architecture in aarch64 armv7hl ppc64le riscv64 s390x x86_64; do
	same "architecture of the package for $architecture" "$(rpm -qp --qf '%{ARCH} %{NAME}' /dist/*."$architecture".rpm 2>/dev/null)" "$architecture ipvsadm"
done

for system in 'fedora fedora /etc/sysconfig/ipvsadm-config' 'suse opensuse-leap /etc/sysconfig/ipvsadm'; do
	read -r name id settings <<<"$system"
	part "installation on $id"
	small_root "$name" "$id"
	rpm_in -i "${new[@]}"
	nothing_happens
	is_ours
	check "the settings are the default ones" cmp "$root$settings" "$root/usr/share/ipvsadm/sysconfig.${settings##*/}"
	echo "# mine" >>"$root$settings"
	echo '-A -f 1' >"$root$rules"
	edited=$(state "$root$settings" "$root$rules")
	rpm_in -U --force "${new[@]}"
	nothing_happens
	same "edited settings and rules are as they were" "$(state "$root$settings" "$root$rules")" "$edited"

	part "removal on $id"
	rpm_in -e ipvsadm
	same "only the unit is disabled" "$(cat "$root/run/asked")" "--no-reload disable ipvsadm.service"
	same "edited settings and rules are as they were" "$(state "$root$settings" "$root$rules")" "$edited"
	same "nothing else is left" "$(find "$root"/{usr,var/lib/ipvsadm,var/lib/rpm-state} -name '*ipvsadm*' 2>/dev/null)" ""
done

for system in 'fedora-upgrade fedora bin' 'suse-upgrade opensuse-leap sbin'; do
	read -r name id sbin <<<"$system"
	part "upgrade from a package like that of $id, in /usr/$sbin"
	small_root "$name" "$id"
	rpm_in -i /old/"$sbin"/*.rpm
	printf '%s\n' '-A -t 192.0.2.1:80 -s wrr' >"$root$rules"
	chmod 600 "$root$rules"
	echo 'IPVS_SAVE_ON_STOP="yes"' >"$root$config"
	edited=$(state "$root$rules" "$root$config")
	: >"$root/run/asked"
	rpm_in -U "${new[@]}"
	nothing_happens
	is_ours
	same "edited settings and rules are as they were" "$(state "$root$rules" "$root$config")" "$edited"
	same "nothing is put aside" "$(find "$root/etc" -name '*.rpm*')" ""

	part "downgrade to a package like that of $id"
	rpm_in -U --oldpackage /old/"$sbin"/*.rpm
	check "their program runs" chroot "$root" /sbin/ipvsadm
	# As rpm does with any file that a package brings as configuration, and that no package had brought before.
	same "the rules are put aside" "$(state "$root$rules.rpmorig" | tail -n +2)" "$(sed -n 2p <<<"$edited")"

	part "upgrade without our scripts"
	: >"$root/run/asked"
	rpm_in -U --noscripts "${new[@]}"
	rpm_in -U --oldpackage /old/"$sbin"/*.rpm
	rpm_in -U --nopre --nopost --noposttrans "${new[@]}"
	same "their script restarts the service, and this test notices" "$(sort -u "$root/run/asked")" restarted
done
