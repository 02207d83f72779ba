#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs, upgrades, downgrades and removes our deb in a bare Debian.
#
# Usage, in a root of its own each: debian.sh upgrade|disabled|fresh|removed DEB VERSION
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=checks.sh
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

deb=$2 version=$3
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
unit=ipvsadm.service
enabled=/etc/systemd/system/multi-user.target.wants/$unit
settings=/etc/default/ipvsadm rules=/etc/ipvsadm.rules

# What maintainer scripts ask init systems to do is noted, and not done. deb-systemd-invoke asks policy-rc.d first.
asked=/run/asked
mkdir -p /run/systemd/system
printf '#!/bin/sh\necho "invoke $*" >>%s\nexit 101\n' $asked >/usr/sbin/policy-rc.d
cat >/usr/bin/systemctl <<-SH
	#!/bin/sh
	echo "systemctl \$*" >>$asked
	case \$* in
	*' preset '*) mkdir -p ${enabled%/*} && ln -sf /usr/lib/systemd/system/$unit $enabled ;; # Debian's preset is to enable
	esac
SH
chmod 755 /usr/sbin/policy-rc.d /usr/bin/systemctl

apt() { quietly apt-get -q -y --no-install-recommends "$@"; }

# asks_nothing COMMAND...: of the administrator. dpkg reads /dev/null here, so that a question would also be an error.
asks_nothing() {
	: >$asked
	"$@"
	! grep -E '^Configuration file|==>' /tmp/log || fail "a question about a configuration file"
	echo "ok: $*: no question"
}

# To ipvsadm itself, that is; ldirectord's scripts may do what they like. deb-systemd-helper asks for the preset, which
# enables the unit.
nothing_happens() {
	same "nothing is started, stopped or restarted" "$(grep ipvsadm $asked | grep -v ' preset ipvsadm.service$' || :)" ""
}

has_start_link() { compgen -G '/etc/rc[S2345].d/S??ipvsadm' >/dev/null; }

installed_version() { dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$1"; }

edit() {
	sed -i 's/^AUTO=.*/AUTO="true"/; s/^DAEMON=.*/DAEMON="master"/' $settings
	printf '%s\n' '-A -t 192.0.2.1:80 -s wrr' '-a -t 192.0.2.1:80 -r 10.0.0.2 -g -w 7' >$rules
	chmod 640 $rules
	edited=$(state $settings $rules)
}

keeps_edited() { same "edited settings and rules are as they were" "$(state $settings $rules)" "$edited"; }

is_ours() {
	local tool
	same "version of the package" "$(installed_version ipvsadm)" "ii $version"
	for tool in ipvsadm ipvsadm-save ipvsadm-restore ipvsadm-boot; do
		check "/sbin/$tool is there" test -x /sbin/$tool
	done
	same "ipvsadm -v" "$(/sbin/ipvsadm -v | cut -d ' ' -f 2 | cut -d + -f 1)" v1.31
	check "the unit calls what is there" test -x "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' /usr/lib/systemd/system/$unit)"
	check "the init script calls what is there" test -x "$(sed -n 's/^BOOT=//p' /etc/init.d/ipvsadm)"
	same "dpkg finds all files" "$(dpkg --verify ipvsadm | grep -v ' c /etc/' || :)" ""
	check "apt is content" apt check
	check "apt does not go back" test -z "$(apt-get -s dist-upgrade 2>/dev/null | grep '^Inst ipvsadm')"
}

upgrade_from_debian() {
	asks_nothing apt install "$deb"
	nothing_happens
	check "systemd reads the unit" grep -qx 'systemctl --system daemon-reload' $asked
	is_ours
	keeps_edited
	check "ldirectord is still there" grep -q '^ii' <(installed_version ldirectord)
	check "keepalived is still there" grep -q '^ii' <(installed_version keepalived)
	check "ipvsadm-restore takes the rules" ipvsadm-restore --check $rules
}

test_upgrade() {
	local theirs
	part "Debian's packages, edited"
	apt install ipvsadm ldirectord keepalived
	theirs=$(dpkg-query -W -f '${Version}' ipvsadm)
	edit
	echo "$theirs is installed"

	part "upgrade"
	upgrade_from_debian
	check "the unit is enabled, as their service was" test -L $enabled
	check "the init script is enabled before the runlevels" test -n "$(compgen -G '/etc/rcS.d/S??ipvsadm')"
	check "and not a second time" test -z "$(compgen -G '/etc/rc[2345].d/S??ipvsadm')"
	check "the install script of the tarball refuses" refuses_beside_package
	check "it does not remove files of the package" refuses_to_remove_package
	check "it removes its own files beside the package" removes_beside_package
	is_ours

	part "downgrade"
	asks_nothing apt install --allow-downgrades "ipvsadm=$theirs"
	same "version" "$(installed_version ipvsadm)" "ii $theirs"
	keeps_edited
	check "ldirectord is still there" grep -q '^ii' <(installed_version ldirectord)
	check "their script would restart the service, and this test would notice" grep -q 'invoke ipvsadm.* restart' $asked
	check "their program runs" test -x /sbin/ipvsadm-restore

	part "upgrade again"
	upgrade_from_debian

	part "removal"
	asks_nothing apt remove ipvsadm
	nothing_happens
	keeps_edited
	check "the program is gone" missing /usr/sbin/ipvsadm
	check "the init script says so" says_gone

	part "installation after removal"
	asks_nothing apt install "$deb"
	nothing_happens
	is_ours
	keeps_edited
	check "the unit is still enabled" test -L $enabled
	check "no copy of the rules is left" missing /var/lib/ipvsadm

	part "purge"
	edited=$(state $rules)
	asks_nothing apt purge ipvsadm
	nothing_happens
	leaves_rules_alone
}

# leaves_rules_alone: of all that was configured.
leaves_rules_alone() {
	same "the rules are as they were" "$(state $rules)" "$edited"
	check "settings are gone" missing $settings
	check "the init script is gone" missing /etc/init.d/ipvsadm
	check "its links are gone" test -z "$(compgen -G '/etc/rc?.d/*ipvsadm')"
	check "the unit is not enabled" missing $enabled
	check "systemd's helper knows nothing" test -z "$(find /var/lib/systemd -name '*ipvsadm*')"
	check "no copy of the rules is left" missing /var/lib/ipvsadm
	check "dpkg knows nothing" forgotten
}

forgotten() { [[ $(dpkg-query -W -f '${db:Status-Status}' ipvsadm 2>/dev/null || echo not-installed) == not-installed ]]; }

says_gone() { /etc/init.d/ipvsadm stop 2>/dev/null && [[ $(/etc/init.d/ipvsadm start 2>&1) == 'ipvsadm: there is no /usr/sbin/ipvsadm-boot' ]]; }

unpack_tarball() { mkdir -p /tmp/tarball && tar -xzf /dist/*-linux-amd64.tar.gz -C /tmp/tarball --strip-components 1; }

refuses_beside_package() {
	unpack_tarball && ! /tmp/tarball/install.sh >/tmp/log 2>&1 && grep -q '^install.sh: dpkg has a package ipvsadm here' /tmp/log
}

refuses_to_remove_package() {
	! /tmp/tarball/install.sh --prefix=/usr --uninstall >/tmp/log 2>&1 && grep -q '^install.sh: what is in /usr is of the package ipvsadm' /tmp/log
}

removes_beside_package() {
	cp /usr/sbin/ipvsadm /usr/local/sbin/ && /tmp/tarball/install.sh --uninstall >/tmp/log 2>&1 && [[ ! -e /usr/local/sbin/ipvsadm ]]
}

# The administrator does not want the rules to be restored at boot.
test_disabled() {
	part "Debian's packages, not enabled"
	apt install ipvsadm ldirectord keepalived
	edit
	update-rc.d ipvsadm disable
	rm -f $enabled # systemctl disable

	part "upgrade"
	upgrade_from_debian
	check "the unit is not enabled" missing $enabled
	check "the init script is not enabled" eval '! has_start_link'
}

test_fresh() {
	part "installation"
	asks_nothing apt install "$deb"
	nothing_happens
	is_ours
	check "the settings are the default ones" cmp $settings /usr/share/ipvsadm/default
	check "there are no rules" missing $rules
	check "the unit is not enabled" missing $enabled
	check "the init script is not enabled" eval '! has_start_link'

	part "upgrade from ours to ours"
	edit
	mkdir -p ${enabled%/*} && ln -s /usr/lib/systemd/system/$unit $enabled # systemctl enable
	newer
	asks_nothing apt install /tmp/newer.deb
	nothing_happens
	version=$version.1
	is_ours
	keeps_edited
	check "the unit is still enabled" test -L $enabled

	part "removal, then purge"
	asks_nothing apt remove ipvsadm
	nothing_happens
	keeps_edited
	edited=$(state $rules)
	asks_nothing apt purge ipvsadm
	nothing_happens
	leaves_rules_alone

	part "rules without settings"
	asks_nothing apt install "$deb"
	check "the rules would be restored as before" missing $settings
	same "the rules are as they were" "$(state $rules)" "$edited"
	asks_nothing apt purge ipvsadm

	part "tarball"
	unpack_tarball
	rm $rules
	quietly /tmp/tarball/install.sh
	check "/usr/local/sbin/ipvsadm runs" eval "/usr/local/sbin/ipvsadm -v >/dev/null"
	check "the boot file calls what is there" grep -q /usr/local/sbin/ipvsadm-boot /etc/init.d/ipvsadm
	check "the settings are the default ones" grep -qx 'AUTO="false"' $settings
	edit
	quietly /tmp/tarball/install.sh
	keeps_edited
	quietly /tmp/tarball/install.sh --uninstall
	keeps_edited
	same "nothing else is left" "$(find /usr/local /etc/init.d /etc/systemd -name '*ipvsadm*')" ""
}

# newer: our package with a higher version.
newer() {
	rm -rf /tmp/newer
	dpkg-deb -R "$deb" /tmp/newer
	sed -i "s/^Version: .*/&.1/" /tmp/newer/DEBIAN/control
	quietly dpkg-deb -b --root-owner-group /tmp/newer /tmp/newer.deb
}

# Debian's package was removed but not purged.
test_removed() {
	part "Debian's package, removed"
	apt install ipvsadm
	edit
	apt remove ipvsadm

	part "installation"
	asks_nothing apt install "$deb"
	nothing_happens
	is_ours
	keeps_edited
	check "the init script can run" test -x /etc/init.d/ipvsadm
	check "the unit is enabled, as their service was" test -L $enabled
}

"test_$1"
