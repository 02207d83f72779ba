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

as_root() {
	if ((EUID == 0)); then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root (or sudo) for: $*"
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

# apt's lists may be absent (a fresh container) or too old (404): refresh them once and try again.
with_lists() {
	"$@" 2>/dev/null && return
	say "refreshing apt's lists"
	quietly as_root apt-get -q update
	"$@"
}

missing_tools() {
	local tool
	# shellcheck disable=SC2154 # who sources this sets it
	for tool in "${host_tools[@]}"; do
		[[ -e ${tool%%:*} ]] || command -v "${tool%%:*}" >/dev/null || echo "${tool#*:}"
	done
}

install_tools() {
	local packages
	mapfile -t packages < <(missing_tools)
	((${#packages[@]})) || return 0
	say "installing ${packages[*]}"
	quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "${packages[@]}"
}
