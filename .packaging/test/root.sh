#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the bare Debians in which the packages are tested: .cache/packages/NAME.
#
# Usage: root.sh bookworm|trixie|tools
#
#   bookworm, trixie  a minimal Debian, with Debian's ipvsadm, ldirectord and keepalived in apt's cache but not installed
#   tools             a Debian 13 with lintian, rpm, pacman and OpenRC, made from trixie
#
# Needs root, and debootstrap on this machine.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=$top/.cache/packages

# shellcheck disable=SC2034 # tools.sh reads it
host_tools=(debootstrap:debootstrap unshare:util-linux flock:util-linux /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring)
# shellcheck source-path=SCRIPTDIR source=../../testdata/lab/vm/tools.sh
source "$top/testdata/lab/vm/tools.sh"
say() { echo "test-dist: $*" >&2; }

suite=$1 install=() download=()
case $1 in
bookworm | trixie) download=(ipvsadm ldirectord keepalived) ;;
tools) suite=trixie install=(lintian rpm pacman-package-manager openrc busybox-static cpio zstd) ;;
*) die "usage: root.sh bookworm|trixie|tools" ;;
esac

# Another version of this script makes the roots anew.
stamp=$(cksum <"${BASH_SOURCE[0]}")
complete() { [[ -f $cache/$1.stamp && $(<"$cache/$1.stamp") == "$stamp" ]]; }

complete "$1" && exit 0
needs_apt
is_root || die "only root can make the roots: the scripts of packages run in a chroot"
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
install_tools
exec 9>"$cache/$1.lock"
flock 9
complete "$1" && exit 0 # another process did it while we waited

mirror=$(debian_mirror) || :
mirror=${mirror:-http://deb.debian.org/debian}
new=$cache/$1.new
rm -rf "$new"
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# unsafe-io: not a sync for each file, since a root that is not complete is made anew.
export DPKG_FORCE=unsafe-io
in_new() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DPKG_FORCE=$DPKG_FORCE DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$new" "$@"; }

if [[ $1 == tools ]]; then
	"$here/root.sh" trixie
	cp -a "$cache/trixie" "$new"
fi
say "making a Debian ($suite)${install:+ with ${install[*]}}"
if [[ ! -d $new ]]; then
	# debootstrap's mounts are gone with their namespace, whatever happens.
	quietly env LC_ALL=C unshare --mount debootstrap --variant=minbase "$suite" "$new" "$mirror"
	printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
	chmod 755 "$new/usr/sbin/policy-rc.d"
	quietly in_new apt-get -q update
fi
((${#install[@]} == 0)) || quietly in_new apt-get -q -y --no-install-recommends install "${install[@]}"
in_new apt-get clean
((${#download[@]} == 0)) || quietly in_new apt-get -q -y --no-install-recommends --download-only install "${download[@]}"
sync -f "$new"
rm -rf "${cache:?}/$1"
mv "$new" "$cache/$1"
echo "$stamp" >"$cache/$1.stamp"
say "done: $(du -sh "$cache/$1" | cut -f1) in .cache/packages/$1"
