# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

switch() {
	ip netns add "$1"
	ip -n "$1" link add "$1" up type bridge
}

host() {
	local name=$1 interface=0 address addresses setup="link set lo up"
	shift
	ip netns add "$name"
	while (($# > 1)); do
		ip -n "$1" link add "$name.eth$interface" up master "$1" type veth peer name "eth$interface" netns "$name"
		setup+=$'\n'"link set eth$interface up"
		IFS=, read -ra addresses <<<"$2"
		for address in "${addresses[@]}"; do
			# Without nodad an IPv6 address could not be used for its first second or two.
			[[ $address != *:* ]] || address+=" nodad"
			setup+=$'\n'"address add $address dev eth$interface"
		done
		interface=$((interface + 1))
		shift 2
	done
	ip -n "$name" -batch - <<<"$setup"
}

# Copies the directories, except /run, which is empty as after a boot.
own() {
	local name=$1 directory mounts=':'
	for directory in "${@:2}"; do
		mkdir -p "/hosts/$name$directory" "$directory"
		[[ $directory == /run ]] || cp -a "$directory/." "/hosts/$name$directory/"
		mounts+=" && mount --bind /hosts/$name$directory $directory"
	done
	touch "/hosts/$name/mount" "/hosts/$name/uts"
	unshare --mount="/hosts/$name/mount" --uts="/hosts/$name/uts" sh -c "hostname $name && $mounts"
}

crash() {
	local interface
	ip netns pids "$1" | xargs -r kill -9
	for interface in $(quietly "$1" sed -n 's/^ *\(eth[0-9]*\):.*/\1/p' /proc/net/dev); do
		ip -n "$1" link delete "$interface"
	done
	ip netns delete "$1"
	if [[ -e /hosts/$1 ]]; then
		umount "/hosts/$1/mount" "/hosts/$1/uts"
		rm -rf "/hosts/$1"
	fi
}

# namespaces HOST: sets enter to the options of nsenter for HOST.
namespaces() {
	enter=(--net="/run/netns/$1")
	[[ ! -e /hosts/$1 ]] || enter+=(--mount="/hosts/$1/mount" --uts="/hosts/$1/uts")
}

quietly() {
	local enter
	namespaces "$1"
	nsenter "${enter[@]}" -- "${@:2}"
}

needs() {
	local program
	for program; do
		command -v "$program" >/dev/null || fail "the guest has no $program"
	done
}

has_address() { quietly "$1" ip -oneline address show to "$2" | grep -q .; }

has_no_address() { ! has_address "$@"; }
