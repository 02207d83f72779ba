#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the guest's images from the downloads of fetch.sh, in .cache/lab/image: base.cpio, an initramfs with the programs;
# kernel and kernel.cpio, the kernel and an initramfs with its modules; and with "extra" also extra.cpio, the initramfs of
# run.sh -x.
#
# Usage: image.sh [extra]
#
# Environment:
#   LAB_KERNEL=RELEASE  use the kernel of this release of Debian: kernel-RELEASE and kernel-RELEASE.cpio
#
# Leaves an image alone that is newer than these scripts and the downloads.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../../.." && pwd)/.cache/lab
image=$cache/image

export PATH=$PATH:/usr/sbin:/sbin

# Programs of the guest. The applets of busybox fill all other names.
programs=(
	busybox bash dash ipvsadm ipvsadm-save ipvsadm-restore ip ss tc bridge kmod insmod lsmod rmmod depmod modinfo
	xtables-nft-multi nft strace setpriv unshare nsenter setsid script flock getent
)

# Programs of the extra image.
extra_programs=(
	ldirectord keepalived perl ifconfig route arp gawk ps ping bird birdc vsftpd tnftp sipp socat cl_status start-stop-daemon
	jq tmux zsh fish
)

# Files of these programs: perl's modules, Heartbeat with its resource agents, descriptions of terminals and UTF-8 for tmux,
# and the functions of zsh and fish, those that complete files among them.
extra_trees=(
	usr/share/perl* usr/lib/x86_64-linux-gnu/perl* etc/perl etc/ha.d etc/keepalived etc/init.d/heartbeat usr/libexec/heartbeat
	usr/lib/heartbeat usr/lib/ocf/lib usr/lib/ocf/resource.d/heartbeat usr/share/heartbeat
	usr/lib/x86_64-linux-gnu/ossl-modules usr/*/terminfo usr/lib/locale/C.*
	usr/lib/x86_64-linux-gnu/zsh usr/share/zsh/functions/Completion/{Base,Unix,Zsh,comp*} usr/share/fish/{config.fish,functions}
)

# Loaded at boot, in this order: modules for the output, then crc32c_generic, which libcrc32c needs, then ip_vs with its
# schedulers and helpers.
boot_modules=(
	virtio_pci virtio_console crc32c_generic nf_conntrack nf_nat ip_vs
	ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_fo ip_vs_ovf ip_vs_lblc ip_vs_lblcr ip_vs_dh ip_vs_sh ip_vs_mh ip_vs_sed
	ip_vs_nq ip_vs_twos ip_vs_pe_sip ip_vs_ftp
)

# Loaded by the kernel or by modprobe on demand.
other_modules=(
	veth bridge br_netfilter 8021q macvlan macvtap ipvlan dummy tun ipip ip_gre ip6_gre ip6_tunnel sit fou fou6 vxlan sctp ipv6
	nf_tables nft_chain_nat nft_compat nft_ct nft_masq nft_nat nft_redir nft_reject nft_reject_inet nft_counter nft_limit nft_log
	ip_tables ip6_tables iptable_filter iptable_mangle iptable_nat iptable_raw ip6table_filter ip6table_mangle ip6table_nat
	x_tables xt_mark xt_MARK xt_ipvs xt_conntrack xt_connmark xt_multiport xt_tcpudp xt_sctp xt_addrtype xt_comment xt_nat
	xt_MASQUERADE xt_REDIRECT xt_TPROXY xt_LOG xt_statistic xt_socket xt_CT nf_conntrack_netlink nf_conntrack_ftp nf_conntrack_sip
	nfnetlink nfnetlink_log nf_log_syslog tcp_diag udp_diag inet_diag unix_diag netlink_diag packet_diag af_packet
	sch_netem sch_ingress cls_u32 act_mirred ifb virtio_blk virtio_net virtio_rng loop ext4 overlay
)

images=(base "kernel${LAB_KERNEL:+-$LAB_KERNEL}")
case ${1:-} in
'') ;;
extra) images+=(extra) ;;
*) echo "usage: image.sh [extra]" >&2; exit 2 ;;
esac
# The fetched part that an image is made from.
part_of() { if [[ $1 == base ]]; then echo root; else echo "$1"; fi; }

# current IMAGE...
current() {
	local name input
	for name; do
		for input in "$here/image.sh" "$here/init" "$cache/fetched/$(part_of "$name").stamp"; do
			[[ $image/$name.cpio -nt $input ]] || return 1
		done
	done
}

current "${images[@]}" && exit 0
for name in "${images[@]}"; do
	[[ -f $cache/fetched/$(part_of "$name").stamp ]] || { echo "lab: not fetched yet: run fetch.sh ${1:-}" >&2; exit 1; }
done
exec 9>"$cache/lock"
flock 9
current "${images[@]}" && exit 0
echo "lab: building the virtual machine's image" >&2

new=$cache/image.new
tree=$new/tree
rm -rf "$new"
mkdir -p "$image" "$tree"

# The functions below copy from the fetched $root to the image's $tree.

# Copies files, named by their path in the guest, to the same path in the image, and symbolic links with what they point to.
copy() {
	(cd "$root" && cpio --quiet -pdm "$tree" < <(printf '%s\n' "$@"))
	local path target
	for path; do
		[[ -L $root/$path ]] || continue
		target=$(readlink "$root/$path")
		[[ $target == /* ]] || target=$(dirname "/$path")/$target
		target=$(realpath -ms "/$target")
		[[ -e $tree$target ]] || copy "${target#/}"
	done
}

# Prints the path of a program in the guest, which begins with usr.
find_program() {
	local dir
	for dir in usr/sbin usr/bin; do
		[[ -e $root/$dir/$1 || -L $root/$dir/$1 ]] && echo "$dir/$1" && return
	done
	echo "lab: no program $1 among the fetched packages" >&2
	return 1
}

# The libraries of programs and libraries, as the fetched ld.so finds them among the fetched libraries.
libraries_of() {
	local multiarch=$root/usr/lib/x86_64-linux-gnu file
	for file; do
		[[ $file == */busybox ]] && continue # static
		"$multiarch/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$multiarch:$root/usr/lib" --list "$root/$file" 2>/dev/null || :
	done | grep -o "$root/[^ ]*" | sed "s|^$root/||; s|^lib/|usr/lib/|" | sort -u
}

copy_programs() {
	local name files=()
	for name in "${programs[@]}"; do
		files+=("$(find_program "$name")")
	done
	# Loaded by name while running: name services, and the matches and targets of iptables.
	mapfile -t -O "${#files[@]}" files < <(cd "$root" && find usr/lib/x86_64-linux-gnu -name 'libnss_files*' -o -name 'libnss_dns*' \
		-o -path '*/xtables/lib*.so')
	local libraries
	mapfile -t libraries < <(libraries_of "${files[@]}")
	# Scripts need no libraries, but some programs must need some.
	((${#libraries[@]})) || { echo "lab: found no libraries" >&2; return 1; }
	copy usr/lib64/ld-linux-x86-64.so.2 "${files[@]}" "${libraries[@]}"
	# dash is sh, as on Debian. The links of iptables are those of Debian's alternatives.
	ln -s dash "$tree/usr/bin/sh"
	for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
		ln -s xtables-nft-multi "$tree/usr/sbin/$name"
	done
	local applet
	for applet in $("$root/bin/busybox" --list-full); do
		name=${applet##*/}
		[[ -e $tree/usr/bin/$name || -L $tree/usr/bin/$name || -e $tree/usr/sbin/$name || -L $tree/usr/sbin/$name ]] && continue
		case $applet in
		*/modprobe) ;; # init makes it
		*sbin/*) ln -s ../bin/busybox "$tree/usr/sbin/$name" ;;
		*) ln -s busybox "$tree/usr/bin/$name" ;;
		esac
	done
}

copy_modules() {
	local kernel dir module line name file wanted=()
	kernel=$(basename "$root/usr/lib/modules/"*)
	dir=$tree/usr/lib/modules/$kernel
	mkdir -p "$dir" "$tree/lab"
	ln -s usr/lib "$tree/lib" # for depmod; the base image has it too
	# modprobe lists the modules to insert first. It leaves out modules that this kernel has built in or does not have.
	for module in "${boot_modules[@]}" "${other_modules[@]}"; do
		[[ $module == "${other_modules[0]}" ]] && printf '%s\n' "${wanted[@]}" >"$new/first"
		while read -r line name; do
			[[ $line == insmod ]] && wanted+=("${name%% *}")
		done < <(modprobe -d "$root" -C /dev/null -S "$kernel" --show-depends "$module" 2>/dev/null || :)
	done
	printf '%s\n' "${wanted[@]}" | sort -u | while read -r file; do
		name=$(basename "$file")
		case $name in
		*.zst) zstd -qdc "$file" >"$dir/${name%.zst}" ;;
		*.xz) xz -dc "$file" >"$dir/${name%.xz}" ;;
		*) cp "$file" "$dir/" ;;
		esac
	done
	# crc32c-intel, a dependency of crc32c, takes 90 ms and does not work on every processor.
	awk '!/crc32c-intel/ && !seen[$0]++' "$new/first" | sed -E "s|.*/([^/]*\.ko).*|/usr/lib/modules/$kernel/\1|" >"$tree/lab/modules"
	cp "$root/usr/lib/modules/$kernel/"modules.{order,builtin,builtin.modinfo} "$dir/"
	depmod -b "$tree" "$kernel"
}

# Unpacks the kernel, because an emulated guest takes 4 s for that. qemu starts an unpacked kernel only if it was built
# with PVH.
copy_kernel() {
	local magic unpack offset configs
	# In Debian's kernels from 7 on, both are beside the modules.
	cp "$root"/boot/vmlinuz-* "$new/kernel" 2>/dev/null || cp "$root"/usr/lib/modules/*/vmlinuz "$new/kernel"
	configs=("$root"/boot/config-* "$root"/usr/lib/modules/*/config)
	grep -qsx CONFIG_PVH=y "${configs[@]}" || return 0
	while read -r magic unpack; do
		while read -r offset; do
			# Other data follow the packed kernel, so the programs report errors at its end.
			{ tail -c "+$((offset + 1))" "$new/kernel" | $unpack >"$new/unpacked" || :; } 2>/dev/null
			if [[ $(head -c 4 "$new/unpacked" | tr -d '\0') == $'\x7fELF' ]]; then
				mv "$new/unpacked" "$new/kernel"
				return
			fi
		done < <(LC_ALL=C grep -aboP "$magic" "$new/kernel" | cut -d : -f 1)
	done <<-'MAGIC'
		\xfd7zXZ\x00 xz -dc --single-stream
		\x28\xb5\x2f\xfd zstd -dc
		\x1f\x8b\x08 gzip -dc
	MAGIC
	rm -f "$new/unpacked"
}

write_etc() {
	cp "$root/etc/"{services,protocols} "$tree/etc/"
	cp -r "$root/etc/iproute2" "$tree/etc/" 2>/dev/null || cp -r "$root/usr/share/iproute2" "$tree/etc/"
	local file
	for file in ethertypes rpc networks; do
		[[ -f $root/etc/$file ]] && cp "$root/etc/$file" "$tree/etc/"
	done
	: >"$tree/etc/resolv.conf"
	echo lab >"$tree/etc/hostname"
	printf '%s\n' 'root:x:0:0:root:/root:/bin/bash' 'nobody:x:65534:65534:nobody:/:/bin/sh' >"$tree/etc/passwd"
	printf '%s\n' 'root:x:0:' 'nogroup:x:65534:' >"$tree/etc/group"
	printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' 'services: files' 'protocols: files' >"$tree/etc/nsswitch.conf"
	cat >"$tree/etc/hosts" <<-HOSTS
		127.0.0.1 localhost
		::1 localhost ip6-localhost
		127.0.1.1 lab
		10.0.0.1 vip.example vip
		10.0.0.2 both.example both
		10.0.0.3 real1.example real1
		10.0.0.4 real2.example real2
		fd00::1 six.example six
		fd00::2 both.example both
	HOSTS
}

# The base image has the links such as /usr/bin. A second copy of its files, such as libc, does no harm. The packages'
# scripts do not run, so directories such as /etc/ha.d have only the files of the packages.
copy_extra() {
	local name binaries=() files
	for name in "${extra_programs[@]}"; do
		binaries+=("$(find_program "$name")")
	done
	# shellcheck disable=SC2068 # some are patterns
	mapfile -t files < <(cd "$root" && find ${extra_trees[@]} ! -type d)
	mapfile -t -O "${#binaries[@]}" binaries < <(printf '%s\n' "${files[@]}" |
		grep -E '\.so$|^usr/libexec/heartbeat/|^usr/lib/heartbeat/[^/]*$')
	mapfile -t -O "${#files[@]}" files < <(libraries_of "${binaries[@]}")
	mapfile -t files < <(printf '%s\n' "${binaries[@]}" "${files[@]}" | sort -u)
	copy "${files[@]}"
}

make_directories() {
	mkdir -p "$tree/usr/"{bin,sbin,lib,lib64} "$tree/"{dev,proc,sys,run,root,out,lab,etc,home} "$tree/var/"{tmp,log,lib}
	mkdir -m 1777 "$tree/tmp"
	local dir
	for dir in bin sbin lib lib64; do
		ln -s "usr/$dir" "$tree/$dir"
	done
	ln -s /run "$tree/var/run"
}

archive() {
	(cd "$tree" && find . -mindepth 1 -print0 | LC_ALL=C sort -z | cpio --quiet -0 -o -H newc -R 0:0)
}

make_base() {
	make_directories
	copy_programs
	write_etc
	install -m 755 "$here/init" "$tree/init"
}

make_kernel() {
	copy_modules
	copy_kernel
	mv "$new/kernel" "$image/$name"
}

for name in "${images[@]}"; do
	! current "$name" || continue
	root=$cache/fetched/$(part_of "$name")
	rm -rf "$tree"
	mkdir "$tree"
	case $name in
	base) make_base ;;
	extra) copy_extra ;;
	kernel*) make_kernel ;;
	esac
	archive >"$new/$name.cpio"
	mv "$new/$name.cpio" "$image/$name.cpio"
done
rm -rf "$new"
