# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts that download something. They set host_tools, a list of COMMAND:PACKAGE or FILE:PACKAGE: what this
# machine must have, and the package that contains it.
# shellcheck shell=bash

export PATH=$PATH:/usr/sbin:/sbin

say() { echo "lab: $*" >&2; }
die() { say "$*"; exit 1; }

needs_apt() {
	command -v apt-get >/dev/null || die "needs apt-get: run it on Debian 12 or later, or on Ubuntu"
	[[ $(dpkg --print-architecture) == amd64 ]] || die "needs an amd64 machine"
}

is_root() { [[ $(id -u) == 0 ]]; }

# needs_root WHAT HELP: says why root is needed before sudo asks for a password.
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

# Runs a command, and shows its output only if it fails.
quietly() {
	local log
	if ! log=$("$@" 2>&1); then
		printf '%s\n' "$log" >&2
		return 1
	fi
}

missing_tools() {
	local tool
	# shellcheck disable=SC2154 # the sourcing script sets it
	for tool in "${host_tools[@]}"; do
		[[ -e ${tool%%:*} ]] || command -v "${tool%%:*}" >/dev/null || echo "${tool#*:}"
	done | sort -u
}

# apt's lists may be missing (a fresh container) or too old (404), so a failure refreshes them and tries again.
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

# Debian's keys, from the package debian-archive-keyring.
# shellcheck disable=SC2034 # for who sources this
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The release of this machine's Debian; nothing if it is no Debian.
debian_release() {
	# shellcheck source=/dev/null
	(source /etc/os-release && if [[ $ID == debian ]]; then echo "$VERSION_CODENAME"; fi)
}

# The mirror that it comes from.
debian_mirror() {
	local release
	release=$(debian_release)
	[[ $release ]] || return 0
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
		awk -v suite="$release" '$1 ~ /^https?:/ && ($2 == suite || $3 == suite) && / main$/ { print $1; exit }'
}
