#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches what the lab's virtual machine is made of: a kernel with ip_vs, and the programs that run in the guest, among
# them the original ipvsadm. Both are those of this machine's Debian or Ubuntu.
#
# Usage: fetch.sh [extra|tests]
#
#   extra  also what run.sh -x adds to the guest
#   tests  also that, and what the tests need on this machine
#
# Environment:
#   LAB_KERNEL=RELEASE  fetch the kernel of this release of Debian (trixie, sid) instead
#
# Installs on this machine only the tools that are missing (qemu, cpio, ...); the guest's programs are downloaded and
# unpacked into .cache/lab/fetched/root, the kernel into fetched/kernel or fetched/kernel-RELEASE, what run.sh -x adds into
# fetched/extra, what checks results on this machine into fetched/host, and never installed. Does nothing when that has
# been done before. Needs root, or sudo, only for installing tools.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../../.." && pwd)/.cache/lab
fetched=$cache/fetched

# What to have in the guest, with all that it depends on.
guest_packages=(ipvsadm libc6 libc-bin bash dash busybox-static iproute2 kmod iptables nftables strace util-linux bsdutils netbase)

# What run.sh -x adds to it, again with all that it depends on.
extra_packages=(ldirectord keepalived net-tools heartbeat bird2 vsftpd tnftp sip-tester socat
	jq tmux ncurses-base libc-bin zsh fish)

# Files to have on this machine. Their packages are not installed, because prometheus starts a
# daemon, and too large to unpack in every guest. libc, all that promtool needs, is here.
host_files=(usr/bin/promtool)

# Command or file on the host : package that has it. First what the virtual machine needs.
host_tools=(
	qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod zstd:zstd xz:xz-utils flock:util-linux tar:tar
)
# The compiler is for the race detector, the headers for it and for the test that compares our constants with the kernel's.
test_tools=(
	qemu-s390x-static:qemu-user-static shellcheck:shellcheck gcc:gcc /usr/include/stdio.h:libc6-dev /usr/include/linux/ip_vs.h:linux-libc-dev /etc/services:netbase
)

# shellcheck source-path=SCRIPTDIR source=tools.sh
source "$here/tools.sh"

parts=(root "kernel${LAB_KERNEL:+-$LAB_KERNEL}")
case ${1:-} in
'') ;;
extra) parts+=(extra) ;;
tests) parts+=(extra host) host_tools+=("${test_tools[@]}") ;;
*) die "usage: fetch.sh [extra|tests]" ;;
esac

if [[ ${LAB_KERNEL:-} ]]; then
	[[ $LAB_KERNEL =~ ^[a-z]+$ ]] || die "LAB_KERNEL is $LAB_KERNEL, no release of Debian such as trixie or sid"
	host_tools+=("$keyring:debian-archive-keyring")
fi

# The stamp of a part is this script's checksum: another version of the script fetches anew.
stamp=$(cksum <"${BASH_SOURCE[0]}")
has() { [[ -f $fetched/$1.stamp && $(<"$fetched/$1.stamp") == "$stamp" ]]; }

complete() {
	local part
	for part in "${parts[@]}"; do
		has "$part" || return
	done
	[[ -z $(missing_tools) ]]
}

complete && exit 0
needs_apt

mkdir -p "$fetched"
exec 9>"$cache/lock"
flock 9
complete && exit 0 # another process did it while we waited

# apt on lists of packages that may be our own, as any user.
lists=()
apt_get() { quietly apt-get -q ${lists[@]+"${lists[@]}"} -o Debug::NoLocking=1 -o APT::Sandbox::User= "$@"; }
apt_cache() { apt-cache ${lists[@]+"${lists[@]}"} "$@"; }

# The system's lists may be absent (a fresh container) or too old (404). Lists of our own then do, and need no root.
with_lists() {
	"$@" 2>/dev/null && return
	if ((${#lists[@]} == 0)); then
		say "fetching apt's lists of packages"
		mkdir -p "$cache/apt/"{lists,cache}
		lists=(-o Dir::State::lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache")
		apt_get update
	fi
	"$@"
}

# Runs a command with lists of a release of Debian, which apt checks with Debian's own keys.
with_lists_of() {
	local own=$cache/apt/$1 mirror lists
	mirror=$(debian_mirror) || :
	mkdir -p "$own/"{lists,cache}
	echo "deb [target=Packages signed-by=$keyring] ${mirror:-http://deb.debian.org/debian} $1 main" >"$own/sources.list"
	lists=(
		-o Dir::Etc::sourcelist="$own/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$own/lists" -o Dir::Cache="$own/cache"
	)
	apt_get -o APT::Update::Error-Mode=any update && "${@:2}"
}

# The packages of the kernel and its modules behind the distribution's meta package. Debian's kernels from 7 on come in
# several.
kernel_packages() {
	local meta
	meta=linux-image-amd64
	apt_cache show "$meta" >/dev/null 2>&1 || meta=linux-image-generic
	apt_cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$meta" |
		grep -E '^linux-(image|base|binary|modules|modules-extra)-[0-9]' | sort -u | grep . || die "apt knows no kernel image"
}

# Downloads packages into a directory. apt resolves them against an empty machine, so that every library they need comes
# along.
download_into() {
	local debs=$1
	mkdir -p "$debs/partial"
	apt_get -y --no-install-recommends --download-only \
		-o Dir::State::status=/dev/null -o Dir::Cache::archives="$debs" install "${@:2}"
}

download_kernel() {
	local packages
	packages=$(kernel_packages) || return
	# shellcheck disable=SC2086 # one word a package
	(cd "$new/debs" && apt_get download $packages)
}

# promtool has a package of its own from Debian 13 on.
download_host_files() {
	local package=promtool
	apt_cache show $package >/dev/null 2>&1 || package=prometheus
	mkdir -p "$new/host-debs"
	(cd "$new/host-debs" && apt_get download $package)
}

unpack_host_files() {
	mkdir -p "$new/host"
	dpkg-deb --fsys-tarfile "$new/host-debs/"*.deb | tar -x -C "$new/host" --no-same-owner "${host_files[@]/#/./}"
	rm -rf "$new/host-debs"
}

# Unpacks the packages of a directory into a root, without the files that match the patterns.
unpack() {
	local debs=$1 root=$2 dir deb pattern
	local tar=(tar -x -C "$root" --keep-directory-symlink --no-same-owner)
	for pattern in "${@:3}"; do
		tar+=(--exclude="$pattern")
	done
	mkdir -p "$root/usr/"{bin,sbin,lib,lib64}
	for dir in bin sbin lib lib64; do
		ln -s "usr/$dir" "$root/$dir"
	done
	for deb in "$debs"/*.deb; do
		# As dpkg -x, but keeps /bin and its like symbolic links.
		dpkg-deb --fsys-tarfile "$deb" | "${tar[@]}"
	done
	rm -rf "$debs"
}

fetch_root() {
	say "downloading the guest's programs"
	with_lists download_into "$new/debs" "${guest_packages[@]}"
	unpack "$new/debs" "$new/root" './usr/share/*/*/*'
}

# fetch_kernel PART: this machine's kernel, or the one of $LAB_KERNEL.
fetch_kernel() {
	local useless modules
	mkdir -p "$new/debs"
	if [[ ${LAB_KERNEL:-} ]]; then
		say "downloading the kernel of Debian $LAB_KERNEL"
		with_lists_of "$LAB_KERNEL" download_kernel || die "could not get the kernel of Debian $LAB_KERNEL"
	else
		say "downloading a kernel"
		with_lists download_kernel
	fi
	useless=(sound drivers/{gpu,media,iio,staging,infiniband,scsi,usb,ata,hwmon,input,net/wireless,net/ethernet})
	unpack "$new/debs" "$new/$1" './usr/share/*' "${useless[@]/#/*/lib/modules/*/kernel/}"
	for modules in "$new/$1"/usr/lib/modules/*/; do
		depmod -b "$new/$1" "$(basename "$modules")"
	done
}

fetch_extra() {
	say "downloading more programs for the guest: ${extra_packages[*]}"
	with_lists download_into "$new/extra-debs" "${extra_packages[@]}"
	# Perl's modules are below /usr/share; its documentation and headers stay out.
	unpack "$new/extra-debs" "$new/extra" './usr/share/'{doc,man,locale,snmp} '*.'{pod,h,a}
}

fetch_host() {
	say "downloading promtool"
	with_lists download_host_files
	unpack_host_files
}

install_tools
new=$cache/fetched.new
for part in "${parts[@]}"; do
	! has "$part" || continue
	rm -rf "$new"
	mkdir -p "$new"
	"fetch_${part%%-*}" "$part"
	rm -rf "${fetched:?}/$part"
	mv "$new/$part" "$fetched/$part"
	echo "$stamp" >"$fetched/$part.stamp"
done
rm -rf "$new" "$cache/apt"
say "done: kernel $(ls "$fetched/${parts[1]}/usr/lib/modules"), $(du -sh "$fetched" | cut -f1) in .cache/lab/fetched"
