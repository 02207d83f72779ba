# What the tests in the guest are written in. Each sources this first of all.
#
#   say TEXT                      what comes next
#   check TEXT COMMAND...         go on if the command succeeds, else end the tests; show what it printed
#   same TEXT FILE FILE           go on if the files are equal
#   is TEXT VALUE EXPECTED        go on if the values are
#   table                         what is in the kernel: rules, timeouts, sync daemons
#   fill, empty                   make the table the saved one, or empty, without what is tested here
#   is_full, is_empty             whether it is
#   not COMMAND...                whether the command fails
#   until_true SECONDS COMMAND... wait until the command succeeds
#   set_debian [NAME=VALUE]...    write Debian's settings of the boot files, AUTO="true" unless that is given
#   set_redhat [NAME=VALUE]...    write Red Hat's, which count everywhere
# shellcheck shell=bash disable=SC2034,SC2120
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What follows would harm a machine that is not the lab's guest.
[[ -x /lab/command && $(</etc/hostname) == debian ]] || { echo "$0: runs only in the lab" >&2; exit 125; }

file=/etc/ipvsadm.rules settings=/etc/default/ipvsadm redhat_settings=/etc/sysconfig/ipvsadm-config
work=/run/boot-test tally=/root/checks
mkdir -p "$work"

fail() {
	echo "FAILED: $*"
	exit 1
}

say() {
	printf '\n%s s after the start of the kernel: %s\n' "$(cut -d ' ' -f 1 /proc/uptime)" "$*"
}

check() {
	if ! "${@:2}" >"$work/check" 2>&1; then
		cat "$work/check"
		fail "$1 (${*:2})"
	fi
	echo "$1" >>"$tally"
}

same() { check "$1" diff "$2" "$3"; }
is() { check "$1: \"$2\" should be \"$3\"" test "$2" = "$3"; }

table() {
	ipvsadm -Sn
	ipvsadm -Ln --timeout
	ipvsadm -Ln --daemon
}

is_empty() { [[ -z $(ipvsadm -Sn) && -z $(ipvsadm -Ln --daemon) ]]; }
is_full() { table | diff /root/table.saved -; }

empty() {
	local state
	ipvsadm -C
	for state in master backup; do
		ipvsadm --stop-daemon $state 2>/dev/null || :
	done
}

fill() {
	empty
	ipvsadm-restore --clear </root/rules.saved
}

not() { ! "$@"; }

until_true() {
	local end=$((SECONDS + $1))
	while ! "${@:2}" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.2
	done
}

set_debian() {
	printf '%s\n' 'AUTO="true"' 'DAEMON="none"' 'IFACE="eth0"' 'SYNCID="0"' "$@" >"$settings"
}

set_redhat() {
	mkdir -p "${redhat_settings%/*}"
	rm -f "$redhat_settings"
	(($# == 0)) || printf '%s\n' "$@" >"$redhat_settings"
}
