#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the disk image of a small Debian that boots with systemd or with sysvinit: .cache/lab/boot/NAME.ext4.
#
# Usage: debian.sh systemd|sysvinit|upgrade
#
# "upgrade" has systemd and Debian's own package ipvsadm.
#
# Its kernel and modules come from the lab, so that only this script decides whether the image is up to date.
# Needs root, or sudo: debootstrap runs the packages' scripts in a chroot.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../../.." && pwd)/.cache/lab/boot

host_tools=(
	debootstrap:debootstrap mke2fs:e2fsprogs unshare:util-linux
	/usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring
)
# shellcheck source-path=SCRIPTDIR source=../vm/tools.sh
source "$here/../vm/tools.sh"

# keepalived is a service of the network; the tests run the init script with busybox's shell too.
# chattr is in e2fsprogs, which a minimal Debian has up to 12 only.
packages=(udev kmod iproute2 ifupdown netbase procps busybox-static keepalived e2fsprogs)
case ${1:-} in
systemd) packages+=(systemd systemd-sysv) ;;
sysvinit) packages+=(sysvinit-core sysv-rc initscripts) ;;
upgrade) packages+=(systemd systemd-sysv ipvsadm) ;;
*) die "usage: debian.sh systemd|sysvinit|upgrade" ;;
esac
image=$cache/$1.ext4

# The stamp is this script's checksum: another version of the script makes the image anew.
stamp=$(cksum <"${BASH_SOURCE[0]}")
complete() { [[ -f $image && -f $image.stamp && $(<"$image.stamp") == "$stamp" ]]; }

complete && exit 0
needs_apt
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
complete && exit 0 # another process did it while we waited
install_tools

# This machine's release and mirror if it is a Debian; else the release that the lab was written for, from where
# debootstrap itself would take it.
suite=$(debian_release) mirror=$(debian_mirror)
suite=${suite:-bookworm}

needs_root "to make a Debian ($suite) with $1, whose packages' scripts run in a chroot" "Run it as root: $0 $1"
tree=$(as_root mktemp -d "$cache/$1.XXXXXX")
# shellcheck disable=SC2317 # trap calls it
cleanup() { as_root rm -rf "$tree" "$image.new"; }
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "making a Debian ($suite) with $1"
# debootstrap's mounts are gone with their namespace, whatever happens.
quietly as_root env LC_ALL=C unshare --mount \
	debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" "$suite" "$tree" ${mirror:+"$mirror"}

# What an installer would configure. What maintains disks and packages would only work beside the tests.
configure() {
	cd "$1"
	rm -rf var/cache/apt/archives/*.deb var/lib/apt/lists/* usr/share/doc/* usr/share/man/* usr/share/locale/* \
		etc/systemd/system/timers.target.wants etc/systemd/system/*/e2scrub*
	echo debian >etc/hostname
	echo '127.0.0.1 localhost debian' >etc/hosts
	echo '/dev/vda / ext4 errors=remount-ro 0 0' >etc/fstab
	printf '%s\n' 'auto lo' 'iface lo inet loopback' '' 'auto eth0' 'iface eth0 inet static' '	address 192.0.2.1/24' \
		>etc/network/interfaces
	mkdir -p var/log/journal
	chmod 755 .
}
as_root bash -ec "$(declare -f configure); configure $(printf %q "$tree")"
# Initialised whole, else the kernel would do it while a test runs.
quietly as_root mke2fs -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 -d "$tree" "$image.new" 1G
as_root chown "$(id -u):$(id -g)" "$image.new"
mv "$image.new" "$image"
echo "$stamp" >"$image.stamp"
say "done: $(du -h "$image" | cut -f1) in .cache/lab/boot/$1.ext4"
