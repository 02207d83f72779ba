#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command in a virtual machine whose kernel has a real ip_vs.
#
# Usage: run.sh [OPTION]... COMMAND [ARG...]
#        run.sh [OPTION]... -i [COMMAND [ARG...]]
#
#   -a HOSTPATH:GUESTPATH  copy a file or directory into the guest; may be repeated
#   -e NAME=VALUE          set a variable of the command's environment; may be repeated
#   -o HOSTDIR             at the end, copy the guest's /out to HOSTDIR
#   -t SECONDS             give up after this time (900)
#   -m MEGABYTES           memory of the guest (1024)
#   -c CPUS                processors of the guest (1)
#   -d DISK                boot the system of a copy of this disk image (testdata/lab/boot/debian.sh makes some); see below
#   -x                     the guest also has ldirectord, keepalived, perl, jq, tmux, zsh and fish, which makes it start a second later
#   -k                     show the guest kernel's messages at the end, on stderr
#   -i                     run a shell, or COMMAND, on this terminal, without a time limit
#   -v                     say on stderr when the machine boots, and how long the boot takes
#
# The command runs as root in /root with an empty stdin. run.sh prints its stdout and stderr on stdout, unchanged and
# without delay. All files of the guest are in memory and disappear at the end. The guest has the original ipvsadm,
# ipvsadm-save and ipvsadm-restore, bash, busybox, ip, ss, nft, iptables, strace, setpriv, unshare, nsenter, and names in
# /etc/hosts.
#
# With -d the guest is the system on the disk, with the lab's kernel and a network card eth0 that is not connected. Files
# of -a are copied to the disk before its first boot. The command runs at the end of the boot. If it leaves a file
# /lab/again, the machine reboots and the command runs again.
#
# A machine that panics before it runs the command boots again, once.
#
# Exit status: that of the command; 124 after the time limit; 125 if the guest ended without a status or the lab failed.
#
# Environment:
#   LAB_ACCEL=auto|tcg|kvm  tcg is software emulation; auto tests once per boot of the host whether KVM works
#   LAB_KERNEL=RELEASE      the kernel of this release of Debian, trixie (6.12) or sid (the newest); without it, that of this
#                           machine's Debian or Ubuntu
#   LAB_CPU=NAME            the processor to emulate instead of the lab's, such as max, the newest one that QEMU knows; without
#                           effect with KVM, which has this machine's
#   LAB_ICOUNT=1            emulate, with a clock of which each nanosecond is an instruction of the guest: times count
#                           instructions, whatever else this machine does
#   LAB_ENV_NAME=VALUE      the same as -e NAME=VALUE
#   LAB_APPEND=WORDS        more parameters for the guest's kernel
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../../.." && pwd)/.cache/lab
image=$cache/image
kernel=kernel${LAB_KERNEL:+-$LAB_KERNEL}

say() { echo "lab: $*" >&2; }
die() { say "$*"; exit 125; }
usage() { sed -n '/^# Usage/,/^set/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

# A plain processor is faster to emulate than the newest one. With rdrand the guest has random numbers at once.
cpu_tcg=${LAB_CPU:-Nehalem,+rdrand}

# With these parameters, an unpacked kernel and a late modprobe, an emulated boot takes 3.5 s instead of 9.
append="console=ttyS0 panic=-1 mitigations=off cryptomgr.notests rodata=off lsm= tsc=reliable audit=0"

seconds=900 memory=1024 cpus=1 extra='' messages='' interactive='' verbose='' results='' disk='' additions=() variables=()
while getopts :a:e:o:t:m:c:d:xkivh option; do
	case $option in
	a) additions+=("$OPTARG") ;;
	e) variables+=("$OPTARG") ;;
	o) results=$OPTARG ;;
	t) seconds=$OPTARG ;;
	m) memory=$OPTARG ;;
	c) cpus=$OPTARG ;;
	d) disk=$OPTARG ;;
	x) extra=1 ;;
	k) messages=1 ;;
	i) interactive=1 ;;
	v) verbose=1 ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 125 ;;
	esac
done
shift $((OPTIND - 1))
if (($# == 0)); then
	[[ $interactive ]] || { usage >&2; exit 125; }
	set -- bash -l
fi

"$here/fetch.sh" ${extra:+extra} || exit 125
"$here/image.sh" ${extra:+extra} || exit 125

while read -r -d '' variable; do
	[[ $variable != LAB_ENV_?*=* ]] || variables=("${variable#LAB_ENV_}" ${variables[@]+"${variables[@]}"})
done < <(env -0)

work='' qemu='' tail=''
# shellcheck disable=SC2317 # trap calls it
cleanup() {
	[[ -z $qemu ]] || kill "$qemu" 2>/dev/null || :
	[[ -z $tail ]] || kill "$tail" 2>/dev/null || :
	[[ -z $work ]] || rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d "$cache/run.$$.XXXXXX")

# Removes the directories of killed runs.
for old in "$cache"/run.*; do
	pid=${old#"$cache"/run.}
	[[ -d /proc/${pid%%.*} ]] || rm -rf "$old"
done

# 'as one word for a shell'
quote() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

# The second initramfs has the command and the files of -a. It repeats the base image's links, so that nothing replaces
# them.
mkdir -p "$work/add/lab" "$work/add/usr/"{bin,sbin,lib,lib64}
for dir in bin sbin lib lib64; do
	ln -s "usr/$dir" "$work/add/$dir"
done
{
	echo '#!/bin/bash'
	for variable in ${variables[@]+"${variables[@]}"}; do
		[[ $variable =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] || die "-e $variable: not NAME=VALUE"
		echo "export ${variable%%=*}=$(quote "${variable#*=}")"
	done
	printf 'exec --'
	for word; do
		printf ' '
		quote "$word"
	done
	echo
} >"$work/add/lab/command"
chmod 755 "$work/add/lab/command"
[[ -z $interactive ]] || : >"$work/add/lab/interactive"
[[ -z $results ]] || : >"$work/add/lab/archive"
for addition in ${additions[@]+"${additions[@]}"}; do
	from=${addition%:*} to=$work/add${disk:+/disk}/${addition##*:}
	[[ $addition == *:/* ]] || die "-a $addition: not HOSTPATH:GUESTPATH with an absolute GUESTPATH"
	[[ -e $from ]] || die "-a $addition: no such file here"
	mkdir -p "$(dirname "$to")"
	if [[ -d $from ]]; then
		mkdir -p "$to"
		cp -a "$from/." "$to/" || die "-a $addition: cannot copy"
	else
		cp -pL "$from" "$to" || die "-a $addition: cannot copy"
	fi
done
if [[ $disk ]]; then
	install -D -m 755 "$here/../boot/init" "$work/add/init"
	install -D -m 755 "$here/../boot/run" "$work/add/lab/run"
	cp --sparse=always --reflink=auto "$disk" "$work/disk" || die "-d $disk: cannot copy"
fi
{
	cat "$image/base.cpio" "$image/$kernel.cpio"
	[[ ! $extra ]] || cat "$image/extra.cpio"
	(cd "$work/add" && find . -mindepth 1 -print0 | cpio --quiet -0 -o -H newc -R 0:0)
} >"$work/initrd"
rm -rf "$work/add"

# /dev/kvm can exist and not work, so only a boot shows whether it does.
accelerator() {
	case ${LAB_ICOUNT:-} in
	'') ;;
	1) echo tcg; return ;;
	*) die "LAB_ICOUNT is $LAB_ICOUNT, not 1" ;;
	esac
	case ${LAB_ACCEL:-auto} in
	tcg | kvm) echo "$LAB_ACCEL"; return ;;
	auto) ;;
	*) die "LAB_ACCEL is $LAB_ACCEL, not auto, tcg or kvm" ;;
	esac
	[[ -w /dev/kvm ]] || { echo tcg; return; }
	local boot known=$cache/accel found=tcg
	boot=$(</proc/sys/kernel/random/boot_id)
	if [[ ! -f $known || $(<"$known") != "$boot "* ]]; then
		LAB_ACCEL=kvm "${BASH_SOURCE[0]}" -t 10 true >/dev/null 2>&1 && found=kvm
		echo "$boot $found" >"$work/accel"
		mv "$work/accel" "$known"
	fi
	read -r boot found <"$known"
	echo "$found"
}

accel=$(accelerator) || exit 125
if [[ $accel == kvm ]]; then
	machine=(-accel kvm -cpu host)
	speed="with KVM, a few seconds"
else
	machine=(-accel "tcg,thread=multi" -cpu "$cpu_tcg")
	[[ ! ${LAB_ICOUNT:-} ]] || machine=(-accel "tcg,thread=single" -icount "shift=0,sleep=off" -cpu "$cpu_tcg")
	# On a busy host an emulated timer can be so late that the kernel takes it for broken.
	append+=" no_timer_check"
	speed="without KVM, 5 to 30 s"
fi
[[ $messages ]] || append+=" quiet loglevel=4"
[[ ! $disk ]] || append+=" net.ifnames=0"
# The chardevs are plain files, so that the guest never waits for a reader and nothing is lost when it ends.
machine+=(
	-M pc -m "$memory" -smp "$cpus" -kernel "$image/$kernel" -initrd "$work/initrd" -append "$append ${LAB_APPEND:-}"
	-no-user-config -nodefaults -display none -device virtio-serial-pci
)
if [[ $disk ]]; then
	# After the ports, whose names in the guest count virtio's devices.
	machine+=(
		-drive "file=$work/disk,format=raw,if=virtio,cache=unsafe"
		-netdev "hubport,id=nothing,hubid=0" -device "virtio-net-pci,netdev=nothing,romfile="
	)
else
	machine+=(-no-reboot)
fi
for port in output status archive; do
	machine+=(-chardev "file,id=$port,path=$work/$port" -device "virtserialport,chardev=$port,name=lab.$port")
done

# Runs the machine until it ends.
boot() {
	local file
	for file in output status archive console; do
		: >"$work/$file"
	done
	ended=0
	if [[ $interactive ]]; then
		qemu-system-x86_64 "${machine[@]}" -chardev stdio,id=console,signal=off -serial chardev:console || ended=$?
		return
	fi
	# setpriv: qemu ends if this script is killed.
	setpriv --pdeathsig TERM timeout -k 5 "$seconds" \
		qemu-system-x86_64 "${machine[@]}" -chardev "file,id=console,path=$work/console" -serial chardev:console \
		</dev/null >"$work/qemu" 2>&1 &
	qemu=$!
	# Prints the output and ends after qemu. In the background, because traps run only during wait.
	tail -c +1 -f -s 0.05 --pid="$qemu" "$work/output" &
	tail=$!
	wait "$tail" || :
	tail=''
	wait "$qemu" || ended=$?
	qemu=''
}

# Whether the kernel panicked before init ran the command. After a later panic the caller has already seen some output.
panicked_early() {
	[[ ! -s $work/status ]] && grep -q 'Kernel panic - ' "$work/console" && ! grep -q 'lab: the command starts' "$work/console"
}

[[ ! $verbose ]] || say "booting a virtual machine ($speed)"
boot
if panicked_early; then
	say "the virtual machine panicked at boot ($(sed -n 's/.*Kernel panic - //p' "$work/console" | tr -d '\r' | head -n 1)): booting once more"
	boot
fi

console() {
	say "$*; the end of its console:"
	cat "$work/qemu" >&2 2>/dev/null || :
	tail -n 40 "$work/console" 2>/dev/null | tr -d '\r' >&2 || :
}
[[ -z $messages || $interactive ]] || tr -d '\r' <"$work/console" >&2

if [[ ! -s $work/status ]]; then
	if ((ended == 124 || ended == 137)); then
		console "no end after $seconds seconds"
		exit 124
	fi
	console "the guest ended without a status (qemu: $ended)"
	exit 125
fi
read -r status sent <"$work/status"
if [[ $sent != - && $sent != "$(stat -c %s "$work/output")" ]]; then
	console "the guest sent $sent bytes of output, $(stat -c %s "$work/output") arrived"
	exit 125
fi
if [[ $results ]]; then
	mkdir -p "$results"
	tar -x -C "$results" --no-same-owner -f "$work/archive" || die "the archive of /out is broken"
fi
exit "$status"
