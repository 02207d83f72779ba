# SPDX-License-Identifier: Apache-2.0
# The commands of the README's chapter "At boot", typed one after the other.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

# follow HEADING [PATTERN]: runs the commands under a heading, except those that match the pattern, and compares their
# output.
follow() {
	local heading=$1 but=${2:-^$} line command='' printed=0
	: >"$work/want"
	while IFS= read -r line; do
		case $line in
		'    # '*)
			finish
			command=${line#    # }
			[[ ! $command =~ $but ]] || command=''
			;;
		'    '*) [[ ! $command ]] || echo "${line#    }" >>"$work/want" ;;
		esac
	done < <(awk -v heading="### $heading" '/^##/ { on = $0 == heading } on' /lab/boot/README.md)
	finish
	check "the README has commands under \"$heading\"" test "$printed" -gt 0
}

finish() {
	[[ $command ]] || return 0
	echo "  # $command"
	bash -c "$command" >"$work/got" 2>"$work/errors" || { cat "$work/errors"; fail "$command"; }
	same "\"$command\" prints what the README says" "$work/want" "$work/got"
	printed=$((printed + 1))
	command=''
	: >"$work/want"
}

rules() {
	empty
	ipvsadm -A -t 10.0.0.1:80 -s wrr
	ipvsadm -a -t 10.0.0.1:80 -r 10.0.0.3:8080 -m -w 3
}

# then_on FILE: checks that the rules are in FILE, and follows the rest of the chapter.
then_on() {
	check "the rules are in $1" grep -qxF -e '-A -t 10.0.0.1:80 -s wrr' "$1"
	ipvsadm -C
	restart
	follow "From then on" "$skip"
	stop
	disable
	rm -rf "$file" "$settings" /etc/sysconfig
}

say "As the README tells administrators of Debian"
if [[ $1 == systemd ]]; then
	skip='^update-rc.d|^/etc/init.d'
	restart() { systemctl restart ipvsadm; }
	stop() { systemctl stop ipvsadm; }
	disable() { systemctl disable ipvsadm 2>/dev/null; }
else
	skip='^systemctl'
	restart() { /etc/init.d/ipvsadm restart; }
	stop() { /etc/init.d/ipvsadm stop; }
	disable() { update-rc.d ipvsadm remove; }
fi
stop
disable
rm -f "$file"
cp /lab/boot/settings/default.debian "$settings"
rules
follow "Debian, Ubuntu, Devuan" "$skip"
then_on "$file"
[[ $1 == systemd ]] || exit 0

# The files below are those of Red Hat and SUSE; the rest of the system is Debian.
say "As the README tells administrators of Red Hat"
rm /etc/os-release
echo ID=fedora >/etc/os-release
mkdir /etc/sysconfig
cp /lab/boot/settings/default.redhat "$redhat_settings"
rules
follow "Red Hat, Fedora and their kin"
then_on /etc/sysconfig/ipvsadm

say "As the README tells administrators of SUSE"
echo 'ID_LIKE="suse opensuse"' >/etc/os-release
mkdir /etc/sysconfig
cp /lab/boot/settings/default.suse /etc/sysconfig/ipvsadm
rules
follow "SUSE"
then_on /etc/ipvsadm.rules
