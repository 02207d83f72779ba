# SPDX-License-Identifier: Apache-2.0
# The commands of the tests in the guest. Each test sources this file first.
#
#   say TEXT                      announce what comes next
#   check TEXT COMMAND...         if the command fails, show its output and end the tests
#   same TEXT FILE FILE           end the tests if the files differ
#   is TEXT VALUE EXPECTED        end the tests if the values differ
#   table                         print the state of the kernel: rules, timeouts, sync daemons
#   fill, empty                   restore the saved table, or empty it, without the boot files
#   is_full, is_empty             whether the table is the saved one, or empty
#   not COMMAND...                whether the command fails
#   until_true SECONDS COMMAND... wait until the command succeeds
#   start_echo                    send back on 192.0.2.1:8080 what comes, however long a client waits
#   set_debian [NAME=VALUE]...    write Debian's settings of the boot files, by default with AUTO="true"
#   set_redhat [NAME=VALUE]...    write Red Hat's settings, which apply on every distribution
# shellcheck shell=bash disable=SC2034,SC2120
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The commands below would harm any machine but the lab's guest.
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

start_echo() {
	systemd-socket-activate --accept --inetd -l 192.0.2.1:8080 /bin/cat </dev/null >"$work/echo" 2>&1 &
	is_listening() { (exec 4<>/dev/tcp/192.0.2.1/8080); }
	check "the echo server listens" until_true 30 is_listening
}

set_debian() {
	printf '%s\n' 'AUTO="true"' 'DAEMON="none"' 'IFACE="eth0"' 'SYNCID="0"' "$@" >"$settings"
}

set_redhat() {
	mkdir -p "${redhat_settings%/*}"
	rm -f "$redhat_settings"
	(($# == 0)) || printf '%s\n' "$@" >"$redhat_settings"
}
