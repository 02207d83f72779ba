#!/usr/bin/env bash
# Fetches what the lab's virtual machine is made of: a Debian or Ubuntu kernel with ip_vs, and the programs that run
# in the guest, among them the original ipvsadm.
#
# Usage: fetch.sh
#
# Installs on this machine only the tools that are missing (qemu, cpio, ...); the kernel and the guest's programs are
# downloaded and unpacked into .cache/lab/fetched, never installed. Does nothing when that has been done before.
# Needs root, or sudo, only for installing tools and for refreshing apt's lists.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../.." && pwd)/.cache/lab
fetched=$cache/fetched

# What to have in the guest, with all that it depends on.
guest_packages=(ipvsadm libc6 libc-bin bash dash busybox-static iproute2 kmod iptables nftables strace util-linux netbase)

# Command or file on the host : package that has it. The compiler is for the race detector, the headers for it and for
# the test that compares our constants with the kernel's.
host_tools=(
	qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod zstd:zstd xz:xz-utils flock:util-linux tar:tar
	shellcheck:shellcheck gcc:gcc /usr/include/stdio.h:libc6-dev /usr/include/linux/ip_vs.h:linux-libc-dev /etc/services:netbase
)

# shellcheck source-path=SCRIPTDIR source=tools.sh
source "$here/tools.sh"

# The stamp is this script's checksum: another version of the script fetches anew.
stamp=$(cksum <"${BASH_SOURCE[0]}")
complete() { [[ -f $fetched/stamp && $(<"$fetched/stamp") == "$stamp" && -z $(missing_tools) ]]; }

complete && exit 0
needs_apt

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
complete && exit 0 # another process did it while we waited

# The packages of the kernel image and its modules behind the distribution's meta package.
kernel_packages() {
	local meta
	meta=linux-image-amd64
	apt-cache show "$meta" >/dev/null 2>&1 || meta=linux-image-generic
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$meta" |
		grep -E '^linux-(image|modules|modules-extra)-[0-9]' | sort -u | grep . || die "apt knows no kernel image"
}

# apt resolves the guest's packages against an empty machine, so that it downloads every library they need.
download_guest() {
	quietly apt-get -q -y --no-install-recommends --download-only \
		-o Dir::State::status=/dev/null -o Dir::Cache::archives="$new/debs" -o Debug::NoLocking=1 \
		-o APT::Sandbox::User= install "${guest_packages[@]}"
}

download_kernel() {
	local packages
	packages=$(kernel_packages) || return
	# shellcheck disable=SC2086 # one word a package
	(cd "$new/debs" && quietly apt-get -q -o APT::Sandbox::User= download $packages)
}

new=$cache/fetched.new
rm -rf "$new"
mkdir -p "$new/debs/partial" "$new/root/usr/"{bin,sbin,lib,lib64}
for dir in bin sbin lib lib64; do
	ln -s "usr/$dir" "$new/root/$dir"
done

with_lists install_tools
say "downloading a kernel and the guest's programs"
with_lists download_guest
with_lists download_kernel
unpack=(tar -x -C "$new/root" --keep-directory-symlink --no-same-owner --exclude='./usr/share/*/*/*')
for useless in sound drivers/{gpu,media,iio,staging,infiniband,scsi,usb,ata,hwmon,input,net/wireless,net/ethernet}; do
	unpack+=(--exclude="*/lib/modules/*/kernel/$useless/*")
done
for deb in "$new"/debs/*.deb; do
	# As dpkg -x, but keeps /bin and its like symbolic links.
	dpkg-deb --fsys-tarfile "$deb" | "${unpack[@]}"
done
rm -rf "$new/debs"
for modules in "$new"/root/usr/lib/modules/*/; do
	depmod -b "$new/root" "$(basename "$modules")"
done
echo "$stamp" >"$new/stamp"
rm -rf "$fetched"
mv "$new" "$fetched"
say "done: kernel $(ls "$fetched/root/usr/lib/modules"), $(du -sh "$fetched" | cut -f1) in .cache/lab/fetched"
