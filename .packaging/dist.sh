#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds what a release consists of: packages for Debian, Red Hat and SUSE, Alpine and Arch, tarballs, and for each architecture
# an SBOM (CycloneDX); SHA256SUMS has the checksums of all.
#
# Usage: dist.sh DIRECTORY [ARCHITECTURE...]
#
# Environment, which the Makefile sets: GO, LDFLAGS, NFPM and CYCLONEDX (PACKAGE@VERSION for go install).
#
# The same source and the same Go make the same bytes, in any directory, time zone and locale. All files have the time of
# SOURCE_DATE_EPOCH. By default that is the date that "ipvsadm -v" prints: the date of the release, which a tarball without
# git knows too, or after it the date of the commit.
set -euo pipefail

out=$(realpath -m "${1:?usage: dist.sh DIRECTORY [ARCHITECTURE...]}")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."
all=(amd64 arm64 riscv64 s390x ppc64le armv7)
architectures=("$@")
(($#)) || architectures=("${all[@]}")

die() { echo "dist.sh: $*" >&2; exit 1; }

for architecture in "${architectures[@]}"; do
	[[ " ${all[*]} " == *" $architecture "* ]] || die "there are no packages for '$architecture'. The architectures are ${all[*]}"
done

umask 022
export LC_ALL=C TZ=UTC
read -r version date < <(.packaging/version.sh)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -d "$date" +%s)}
timestamp=$(date -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)

# X.Y.Z, X.Y.Z-rc1, or either with -N-gHASH for the Nth commit after it.
[[ $version =~ ^([0-9]+\.[0-9]+\.[0-9]+)(-([a-z]+)\.?([0-9]+))?(-([0-9]+)-g([0-9a-f]+))?$ ]] || die "no package can have the version $version"
release=${BASH_REMATCH[1]} stage=${BASH_REMATCH[3]}${BASH_REMATCH[4]} commits=${BASH_REMATCH[6]} hash=${BASH_REMATCH[7]}
# The level of compatibility, then our release; ~ and apk's _ sort as they have to.
full=1.31.0+go$release${stage:+~$stage}${commits:+.$commits.g$hash}
apk=1.31.0.$release${stage:+_$stage}${commits:+_p$commits}
# Arch allows no ~, but sorts letters below the end.
arch=${full/\~/}
name=ipvsadm-1.31+go$version-linux

work=$(mktemp -d)
trap 'jobs -p | sed "s/^/-/" | xargs -r kill -- 2>/dev/null; wait; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
rm -rf "$out"
mkdir -p "$out"

# on ARCHITECTURE COMMAND...: for the least processor of this architecture, whatever this machine has.
on() {
	local goarch=$1
	[[ $1 != armv7 ]] || goarch=arm
	CGO_ENABLED=0 GOOS=linux GOARCH=$goarch GOARM=7 GOAMD64=v1 GOARM64=v8.0 GORISCV64=rva20u64 GOPPC64=power8 GOEXPERIMENT='' "${@:2}"
}

# contents DIRECTORY: its files, as nfpm wants to have them. Directories of the system stay out, since they are those of
# other packages.
contents() {
	local path type
	echo 'contents:'
	while read -r path; do
		if [[ -L $1$path ]]; then
			printf -- '  - {type: symlink, src: "%s", dst: "%s"}\n' "$(readlink "$1$path")" "$path"
		elif [[ -d $1$path ]]; then
			printf -- '  - {type: dir, dst: "%s", file_info: {mode: 0755}}\n' "$path"
		else
			type='file'
			[[ $path != /etc/* ]] || type='config|noreplace'
			printf -- '  - {type: "%s", src: "%s", dst: "%s", file_info: {mode: 0%s}}\n' "$type" "$1$path" "$path" "$(stat -c %a "$1$path")"
		fi
	done < <(cd "$1" && find . \( ! -type d -o -path '*/ipvsadm' \) -printf '/%P\n' | sort)
}

# description FORMAT: rpm has the first line apart, apk and Arch have no other.
description() {
	case $1 in
	deb) cat .packaging/description ;;
	rpm) tail -n +2 .packaging/description ;;
	*) head -n 1 .packaging/description ;;
	esac
}

# package FORMAT ARCHITECTURE VERSION
package() {
	local root=$work/$2/$1
	.packaging/stage.sh "$1" "$work/$2/ipvsadm" "$work/$2/licences" "$root"
	{ cat .packaging/nfpm.yaml; contents "$root"; } >"$root.yaml"
	# One thread, since how many there are can change how the archive is compressed.
	ARCH=${2/armv7/arm7} VERSION=$3 DESCRIPTION=$(description "$1") GOMAXPROCS=1 "$work/tools/nfpm" package --config "$root.yaml" --packager "$1" --target "$out/" >"$work/$2/log" 2>&1 ||
		{ cat "$work/$2/log" >&2; die "nfpm cannot make the $1 for $2"; }
}

# tarball ARCHITECTURE
tarball() {
	.packaging/stage.sh tarball "$work/$1/ipvsadm" "$work/$1/licences" "$work/$1/$name-$1"
	tar -C "$work/$1" --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -c "$name-$1" |
		gzip -n -9 >"$out/$name-$1.tar.gz"
}

# sbom ARCHITECTURE: without a random serial number and without the checksums of the program that writes it, which are
# others on another machine, and with our time instead of the present. The licences are those that licenses.sh found:
# cyclonedx-gomod takes that of golang.org/x for another, and looks for ours in the network.
sbom() {
	local sbom=$out/$name-$1.cdx.json
	"$work/tools/cyclonedx-gomod" bin -json -std -noserial -notimestamp -version "v$version" "$work/$1/ipvsadm" >"$work/$1/sbom" 2>"$work/$1/log" ||
		{ cat "$work/$1/log" >&2; die "cyclonedx-gomod cannot read the binary for $1"; }
	sed -i -e "0,/^  \"metadata\": {\$/s//&\n    \"timestamp\": \"$timestamp\",/" \
		-e '/^    "tools": \[/,/^    \]/{/^        "hashes": \[/,/^        \]/d}' "$work/$1/sbom"
	grep -q "\"timestamp\": \"$timestamp\"" "$work/$1/sbom" || die "the SBOM of cyclonedx-gomod has another form"
	add_licences "$work/$1/licences" <"$work/$1/sbom" >"$sbom" || die "a component in $sbom has no licence"
}

# add_licences LICENCES: adds them to each component of an SBOM. LICENCES is what licenses.sh prints.
add_licences() {
	awk -F '"' '
		!sbom {
			if (match($0, /^[^ ].*, /))
				licences[substr($0, 1, RLENGTH - 2)] = substr($0, RLENGTH + 1)
			next
		}
		/^      "(type|name|version)":/ { component[$2] = $4 }
		/^      "purl":/ {
			if (component["type"] == "application")
				licence = "Apache-2.0"
			else if (component["name"] == "std")
				licence = licences["The Go runtime and standard library"]
			else
				licence = licences[component["name"] " " component["version"]]
			if (!licence)
				exit 1
			printf "      \"licenses\": [\n        {\n          \"license\": {\n            \"id\": \"%s\"\n          }\n        }\n      ],\n", licence
		}
		{ print }' "$1" sbom=1 -
}

# build ARCHITECTURE: all files for it.
build() {
	mkdir "$work/$1"
	on "$1" "$GO" build -mod=readonly -trimpath -buildvcs=false -ldflags "$LDFLAGS" -o "$work/$1/ipvsadm" ./cmd/ipvsadm
	on "$1" .packaging/licenses.sh >"$work/$1/licences"
	package deb "$1" "$full"
	package rpm "$1" "$full"
	package apk "$1" "$apk"
	package archlinux "$1" "$arch"
	tarball "$1"
	sbom "$1"
	echo "$1"
}

for tool in "$NFPM" "$CYCLONEDX"; do
	GOBIN=$work/tools "$GO" install "$tool"
done
# As many at a time as there are processors. -m: each in a process group of its own, which the trap ends.
set -m
running=0
for architecture in "${architectures[@]}"; do
	if ((running == $(nproc))); then
		wait -n
		running=$((running - 1))
	fi
	build "$architecture" &
	running=$((running + 1))
done
while ((running--)); do
	wait -n
done
(cd "$out" && sha256sum -- * >"$work/SHA256SUMS")
mv "$work/SHA256SUMS" "$out"
echo "$(find "$out" -type f | wc -l) files in $out"
