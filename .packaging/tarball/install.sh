#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs ipvsadm from this directory, or removes it. Starts and stops nothing.
#
# Usage: install.sh [--prefix=/usr/local] [--root=DIRECTORY] [--distribution=debian|redhat|suse] [--uninstall]
#
#   --root          the root of another machine; its packages are not looked at
#   --distribution  whose default settings to install; without it, that of /etc/os-release
#   --uninstall     remove what has been installed, except settings, rules, and boot files that were edited
set -eu
umask 022
export LC_ALL=C

die() {
	printf 'install.sh: %s\n' "$*" >&2
	exit 1
}

# The words may come from variables of make.
misused() {
	printf 'install.sh: %s\n' "$*" >&2
	exit 2
}

self=$(readlink -f "$0") prefix=/usr/local root='' distribution='' uninstall=''
for word; do
	case $word in
	--prefix=*) prefix=${word#*=} ;;
	--root=/*) root=${word#*=} ;;
	--root=?*) root=$PWD/${word#*=} ;;
	--root=) misused "the root must be a directory, not ''" ;;
	--distribution=*)
		distribution=${word#*=}
		case $distribution in
		debian | redhat | suse) ;;
		*) misused "the distribution must be debian, redhat or suse, not '$distribution'" ;;
		esac
		;;
	--uninstall) uninstall=yes ;;
	-h | --help)
		sed -n '3,/^set/s/^# \{0,1\}//p' "$self"
		exit
		;;
	*) misused "what is $word? See install.sh --help" ;;
	esac
done
# Other characters mean something to an init system, a shell or sed.
case $prefix in
[!/]* | '' | *[!A-Za-z0-9._/-]*) misused "the prefix must be an absolute path of letters, digits, and . _ / -, not '$prefix'" ;;
esac
prefix=$(echo "$prefix" | tr -s /) prefix=${prefix%/} root=${root%/}
cd "$(dirname "$self")"

# Whose package ipvsadm is installed here, if there is one.
package_owner() {
	if dpkg-query -W -f '${db:Status-Status}' ipvsadm 2>/dev/null | grep -qx installed; then
		echo dpkg
	elif rpm -q ipvsadm >/dev/null 2>&1; then
		echo rpm
	elif apk info -e ipvsadm >/dev/null 2>&1; then
		echo apk
	elif pacman -Q ipvsadm >/dev/null 2>&1; then
		echo pacman
	fi
}

# Whether a package has this file.
is_packaged() { # PATH
	case $owner in
	dpkg) dpkg-query -S "$1" ;;
	rpm) rpm -qf "$1" ;;
	apk) apk info -W "$1" ;;
	pacman) pacman -Qo "$1" ;;
	*) return 1 ;;
	esac >/dev/null 2>&1
}

refuse_beside_package() {
	[ -n "$owner" ] || return 0
	# Two programs, of which a path or a boot file decides which one runs, would be a trap.
	[ -n "$uninstall" ] || die "$owner has a package ipvsadm here. Install our package over it, or remove it first."
	case $(cd -P "$prefix/" 2>/dev/null && pwd) in
	/usr | /) die "what is in ${prefix:-/} is of the package ipvsadm that $owner has. Remove that package instead." ;;
	esac
}

# A file is written whole or not at all.
put() { # MODE FILE PATH
	mkdir -p "$(dirname "$root$3")"
	temporary=$(mktemp "$(dirname "$root$3")/.ipvsadm.XXXXXX")
	if ! { cat "$2" >"$temporary" && chmod "$1" "$temporary" && mv "$temporary" "$root$3"; }; then
		rm -f "$temporary"
		die "cannot write $root$3"
	fi
}

# Boot files, with the path of the program, as they are installed. Copies tell later which ones were edited.
copies=share/ipvsadm/boot

make_copy() { # FILE
	sed "s|/sbin/ipvsadm|$prefix/sbin/ipvsadm|" "boot/$1" >"$new"
}

# Not every system has cmp.
same() { [ -f "$1" ] && [ -f "$2" ] && [ "$(cat "$1" && echo x)" = "$(cat "$2" && echo x)" ]; }

# Whether the boot file is what was installed last, or what would be installed now.
is_ours() { # FILE PATH
	[ ! -L "$root$2" ] || return 1
	same "$root$2" "$root$prefix/$copies/$1" || same "$root$2" "$new"
}

# The prefix of the other installation whose boot file this is, unless somebody edited it.
other_prefix() { # FILE PATH
	[ -f "$root$2" ] && [ ! -L "$root$2" ] || return 0
	other=$(sed -n '/\/sbin\/ipvsadm/{s|/sbin/ipvsadm.*||;s|.*[^A-Za-z0-9._/-]||;p;q;}' "$root$2")
	if [ "$other" != "$prefix" ] && same "$root$2" "$root$other/$copies/$1"; then echo "${other:-/}"; fi
}

put_boot_file() { # FILE MODE PATH
	make_copy "$1"
	# The one that an earlier installation left beside an edited file.
	! same "$root$3.new" "$root$prefix/$copies/$1" || rm -f "$root$3.new"
	if [ ! -e "$root$3" ] && [ ! -L "$root$3" ]; then
		put "$2" "$new" "$3"
	elif is_ours "$1" "$3"; then
		put "$(stat -c %a "$root$3")" "$new" "$3" # an init script without the right to run is disabled
	else
		# Without the right to run it, so that no init system takes it for a script.
		put 644 "$new" "$3.new"
		what='was edited, or is not from this script'
		[ ! -L "$root$3" ] || what="is a link to $(readlink "$root$3")"
		other=$(other_prefix "$1" "$3")
		if [ -n "$other" ]; then
			what="is of the installation in $other"
			echo "$other" >>"$work/others"
		fi
		echo "install.sh: $root$3 $what, and stays. The new one is $root$3.new" >&2
	fi
	put 644 "$new" "$prefix/$copies/$1"
}

# Units in /etc/systemd/system come before those in /usr/lib/systemd/system. A link there is what the administrator wants.
report_hidden() {
	echo "$boot_files" | while read -r file _ path; do
		hiding=/etc/systemd/system/$file
		case $path in
		/usr/lib/systemd/system/*)
			if [ -f "$root$hiding" ] && [ ! -L "$root$hiding" ]; then
				echo "$root$hiding"
				other_prefix "$file" "$hiding" >>"$work/others"
			fi
			;;
		esac
	done >"$work/hiding"
	[ -s "$work/hiding" ] || return 0
	echo "install.sh: systemd prefers these units to the new ones in $root/usr/lib/systemd/system:" >&2
	sed 's/^/  /' "$work/hiding" >&2
	[ -s "$work/others" ] || echo "install.sh: Remove them to use the new ones." >&2
}

report_others() {
	[ -s "$work/others" ] || return 0
	sort -u "$work/others" | while read -r other; do
		echo "install.sh: To use the new boot files, uninstall ipvsadm from $root$other, then install it here again." >&2
	done
}

# Removes a file, and notes it.
remove() { # PATH
	[ -e "$root$1" ] || [ -L "$root$1" ] || return 0
	rm -f "$root$1"
	echo "$root$1" >>"$work/removed"
}

remove_boot_file() { # FILE PATH
	make_copy "$1"
	if is_packaged "$2"; then
		: # by an installation of the package after this one
	elif is_ours "$1" "$2"; then
		remove "$2"
	elif [ -n "$(other_prefix "$1" "$2")" ]; then
		echo "$root$2, of the installation in $(other_prefix "$1" "$2")" >>"$work/used"
	elif [ -e "$root$2" ] || [ -L "$root$2" ]; then
		echo "$root$2" >>"$work/stays"
	fi
	! same "$root$2.new" "$root$prefix/$copies/$1" || remove "$2.new"
	remove "$prefix/$copies/$1"
}

# The links that start what was removed at boot, a line each.
boot_links() {
	[ -z "$owner" ] || return 0 # they start what the package has
	for link in "$root"/etc/systemd/system/*.wants/ipvsadm.service "$root"/etc/systemd/system/*.wants/ipvsadm-metrics.timer \
		"$root"/etc/rc?.d/S??ipvsadm "$root"/etc/runlevels/*/ipvsadm; do
		[ ! -L "$link" ] || echo "$link"
	done
}

report_removal() {
	echo "Removed $root$prefix/sbin/ipvsadm. Settings and rules are left, and the table as it is."
	if [ -e "$work/stays" ]; then
		echo "These boot files were edited, or are not from this script, and stay:"
		sed 's/^/  /' "$work/stays"
	fi
	if [ -e "$work/used" ]; then
		echo "These boot files stay:"
		sed 's/^/  /' "$work/used"
	fi
	links=$(boot_links)
	if [ -n "$links" ]; then
		echo "ipvsadm is still enabled at boot. To disable it, remove these links with rm:"
		echo "$links" | sed 's/^/  /'
	fi
}

# mv and ln would put the file into a directory, or a link to one.
refuse_directories() {
	for file in $files; do
		[ ! -d "$root$prefix/$file" ] || die "$root$prefix/$file is a directory. Remove it or move it away first."
	done
	echo "$boot_files" | while read -r file _ path; do
		for path in "$prefix/$copies/$file" "$path.new" "$path"; do
			if [ -d "$root$path" ] && [ ! -L "$root$path" ]; then
				die "$root$path is a directory. Remove it or move it away first."
			fi
		done
	done
}

# The boot files of the root's init system, a line each: FILE MODE PATH. A root without an init system gets a unit and an
# init script. The latter is also a resource of Heartbeat.
boot_files() {
	if [ -e "$root/sbin/openrc-run" ] || [ -e "$root/usr/sbin/openrc-run" ]; then
		echo ipvsadm.openrc 755 /etc/init.d/ipvsadm
		return
	fi
	units=/etc/systemd/system
	[ "$prefix" != /usr ] || units=/usr/lib/systemd/system
	systemd=''
	if [ -e "$root/usr/lib/systemd/systemd" ] || [ -e "$root/lib/systemd/systemd" ]; then systemd=yes; fi
	if [ -n "$systemd" ] || [ ! -e "$root/sbin/init" ]; then
		for unit in ipvsadm.service ipvsadm-metrics.service ipvsadm-metrics.timer; do
			echo $unit 644 $units/$unit
		done
	fi
	if [ -z "$systemd" ] || [ -d "$root/etc/init.d" ]; then
		echo ipvsadm.init 755 /etc/init.d/ipvsadm
	fi
}

# Not where there are rules: the settings could keep them from being restored.
put_settings() {
	for file in /etc/default/ipvsadm /etc/sysconfig/ipvsadm /etc/sysconfig/ipvsadm-config /etc/ipvsadm.rules; do
		[ ! -e "$root$file" ] || return 0
	done
	# shellcheck source=/dev/null
	case ${distribution:-$(if [ -r "$root/etc/os-release" ]; then . "$root/etc/os-release" && echo "${ID:-} ${ID_LIKE:-}"; fi)} in
	*debian*) put 644 boot/default.debian /etc/default/ipvsadm ;;
	*suse* | *sles* | *sled*) put 644 boot/default.suse /etc/sysconfig/ipvsadm ;;
	*redhat* | *fedora* | *rhel*) put 644 boot/default.redhat /etc/sysconfig/ipvsadm-config ;;
	esac
}

[ -n "$root" ] || [ "$(id -u)" -eq 0 ] || die "only root may do that"
owner=''
[ -n "$root" ] || owner=$(package_owner)
refuse_beside_package
files=$(cd files && find . ! -type d | sed 's|^\./||')
boot_files=$(boot_files)
work=$(mktemp -d)
new=$work/new
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
refuse_directories

if [ -n "$uninstall" ]; then
	for file in $files; do remove "$prefix/$file"; done
	# Boot files may be those of another prefix.
	[ -e "$work/removed" ] || [ -d "$root$prefix/$copies" ] ||
		die "there is nothing to remove: ipvsadm is not installed in $root$prefix/sbin. See --prefix and --root, or PREFIX and DESTDIR of make."
	echo "$boot_files" | while read -r file _ path; do
		remove_boot_file "$file" "$path"
	done
	for directory in "$prefix/$copies" "$prefix/${copies%/*}"; do
		rmdir "$root$directory" 2>/dev/null || true
	done
	report_removal
	exit
fi
for file in $files; do
	if [ -L "files/$file" ]; then
		mkdir -p "$(dirname "$root$prefix/$file")"
		ln -sf "$(readlink "files/$file")" "$root$prefix/$file"
	elif [ -x "files/$file" ]; then
		put 755 "files/$file" "$prefix/$file"
	else
		put 644 "files/$file" "$prefix/$file"
	fi
done
echo "$boot_files" | while read -r file mode path; do
	put_boot_file "$file" "$mode" "$path"
done
report_hidden
report_others
put_settings
echo "Installed $root$prefix/sbin/ipvsadm. Nothing was started or enabled."
