#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs, upgrades and removes our Arch package with Debian's pacman.
#
# Usage: arch.sh VERSION
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=checks.sh
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

version=$1 root=/tmp/arch rules=/tmp/arch/etc/ipvsadm.conf
new=(/dist/*x86_64.pkg.tar.zst)
# As on Arch, where one package owns these links.
mkdir -p $root/usr/bin $root/var/lib/pacman $root/etc
ln -s bin $root/usr/sbin
ln -s usr/bin $root/sbin
printf '[options]\nArchitecture = x86_64\nSigLevel = Never\n' >/tmp/pacman.conf

pacman_in() { quietly pacman --config /tmp/pacman.conf --root $root --dbpath $root/var/lib/pacman --cachedir /tmp --noconfirm "$@"; }

is_ours() {
	same "version" "$(pacman --config /tmp/pacman.conf --root $root --dbpath $root/var/lib/pacman -Q ipvsadm)" "ipvsadm 1:$version-1"
	for tool in ipvsadm ipvsadm-save ipvsadm-restore ipvsadm-boot; do
		check "/sbin/$tool is there" test -x $root/sbin/$tool
	done
	same "ipvsadm -v" "$(chroot $root /sbin/ipvsadm -v | cut -d ' ' -f 2 | cut -d + -f 1)" v1.31
	check "/usr/sbin is still a link" test -L $root/usr/sbin
	check "the unit calls what is there" test -x "$root$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' $root/usr/lib/systemd/system/ipvsadm.service)"
	pacman_in -Qk ipvsadm
}

part "installation"
check "there is a package" test -f "${new[0]}"
pacman_in -U "${new[@]}"
is_ours
check "there is a file for rules" grep -q '^# Rules' $rules
pacman_in -R ipvsadm

part "upgrade from a package like that of Arch"
pacman_in -U /old/bin/*.pkg.tar.zst
echo '-A -t 192.0.2.1:80 -s wrr' >$rules
edited=$(state $rules)
pacman_in -U "${new[@]}"
is_ours
same "the rules are as they were" "$(state $rules)" "$edited"

part "removal"
pacman_in -R ipvsadm
# pacman keeps edited files in this way, also those of Arch's own package.
same "the rules are kept" "$(cat $rules.pacsave)" '-A -t 192.0.2.1:80 -s wrr'
same "nothing else is left" "$(find $root/usr -name '*ipvsadm*')" ""

for architecture in aarch64 armv7h ppc64le riscv64 s390x x86_64; do
	same "architecture of the package for $architecture" "$(tar --zstd -xOf /dist/*"-$architecture.pkg.tar.zst" .PKGINFO | sed -n 's/^arch = //p')" "$architecture"
done
