# What the scripts here that fetch something share. Sourced, with host_tools set: a list of COMMAND:PACKAGE or
# FILE:PACKAGE, what must be on this machine and the package that has it.
# shellcheck shell=bash

export PATH=$PATH:/usr/sbin:/sbin

say() { echo "lab: $*" >&2; }
die() { say "$*"; exit 1; }

needs_apt() {
	command -v apt-get >/dev/null || die "needs apt-get: run it on Debian 12 or later, or on Ubuntu"
	[[ $(dpkg --print-architecture) == amd64 ]] || die "needs an amd64 machine"
}

is_root() { [[ $(id -u) == 0 ]]; }

# needs_root WHAT HELP: says what root is needed for before sudo asks for a password.
needs_root() {
	is_root && return
	command -v sudo >/dev/null || die "root is needed $1, and there is no sudo. $2"
	say "root is needed $1: asking sudo"
	sudo true || die "sudo refused. $2"
}

as_root() {
	if is_root; then
		"$@"
	else
		sudo "$@"
	fi
}

# Runs a command that prints nothing of interest unless it fails.
quietly() {
	local log
	if ! log=$("$@" 2>&1); then
		printf '%s\n' "$log" >&2
		return 1
	fi
}

missing_tools() {
	local tool
	# shellcheck disable=SC2154 # who sources this sets it
	for tool in "${host_tools[@]}"; do
		[[ -e ${tool%%:*} ]] || command -v "${tool%%:*}" >/dev/null || echo "${tool#*:}"
	done | sort -u
}

# apt's lists may be absent (a fresh container) or too old (404): refresh them once and try again.
install_tools() {
	local packages help install
	mapfile -t packages < <(missing_tools)
	((${#packages[@]})) || return 0
	help="Have these packages installed: apt-get install ${packages[*]}"
	needs_root "to install ${packages[*]}" "$help"
	! is_root || say "installing ${packages[*]}"
	install=(as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${packages[@]}")
	"${install[@]}" >/dev/null 2>&1 && return
	say "refreshing apt's lists"
	{ quietly as_root apt-get -q update && quietly "${install[@]}"; } || die "could not install them. $help"
}
