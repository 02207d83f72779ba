#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the packages twice, and installs, upgrades and removes them in bare roots, never on this machine.
#
# Usage: test.sh [PART...]
#
# Parts: builds, debian (which is bookworm and trixie), lintian, rpm, arch, apk, upgrade. Without any, all. The roots are
# made first, if they are missing, and kept in .cache/packages; see test/root.sh. "upgrade" runs in the lab's virtual
# machine, where a director has rules in the kernel.
# Environment as for dist.sh: "make test-dist" sets it. Needs root, or sudo: the scripts of packages run in a chroot.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { echo "test-dist: $*"; }
die() { say "FAILED: $*" >&2; exit 1; }

(($#)) || set -- upgrade debian builds lintian rpm arch apk
parts=()
for part; do
	case $part in
	debian) parts+=(bookworm trixie) ;;
	*) parts+=("$part") ;;
	esac
done
if [[ $(id -u) != 0 ]]; then
	command -v sudo >/dev/null || die "root is needed to run the scripts of packages in a chroot, and there is no sudo"
	say "root is needed to run the scripts of packages in a chroot: asking sudo"
	exec sudo env PATH="$PATH" GO="$GO" LDFLAGS="$LDFLAGS" NFPM="$NFPM" CYCLONEDX="$CYCLONEDX" \
		GOPROXY="$("$GO" env GOPROXY)" GOSUMDB="$("$GO" env GOSUMDB)" "$PWD/.packaging/test.sh" "$@"
fi

cache=$PWD/.cache/packages
mkdir -p "$cache"
work=$(mktemp -d "$cache/test.XXXXXX")
trap 'jobs -p | sed "s/^/-/" | xargs -r kill -- 2>/dev/null; wait; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir "$work/old"

# in_root ROOT COMMAND...: in a copy of a root, with our packages in /dist. Where the kernel has overlayfs, only what
# changes is copied, into memory, where dpkg's many calls of fsync cost nothing.
in_root() {
	local root
	root=$(mktemp -d "$work/root.XXXXXX")
	chmod 755 "$root"
	# shellcheck disable=SC2016
	unshare --mount --propagation private bash -euc '
		root=$0
		mount -t tmpfs -o mode=755 tmpfs "$root"
		mkdir "$root"/{changed,overlay,merged}
		if mount -t overlay -o "lowerdir=$1,upperdir=$root/changed,workdir=$root/overlay" overlay "$root/merged" 2>/dev/null; then
			root=$root/merged
		else
			umount "$root"
			cp -a "$1/." "$root"
		fi
		mkdir "$root"/{dist,test,old}
		mount -t proc proc "$root/proc"
		mount --bind "$2/dist" "$root/dist"
		mount --bind "$2/old" "$root/old"
		mount --bind .packaging/test "$root/test"
		exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C chroot "$root" "${@:3}"
	' "$root" "$cache/$1" "$work" "${@:2}"
	rm -rf "$root"
}

# sbom_licences FILE: its components with their licences, as licenses.sh prints them.
sbom_licences() {
	awk -F '"' '
		$2 == "bom-ref" { name = version = licence = "" }
		$2 == "name" && !name { name = $4 == "std" ? "The Go runtime and standard library" : $4 }
		$2 == "version" && name !~ / / { version = " " $4 }
		$2 == "id" || $2 == "expression" { licence = licence (licence ? " AND " : "") $4 }
		$2 == "purl" { print name version ", " licence }' "$1" | LC_ALL=C sort
}

# Each SBOM has what is linked in, with the licences that are in the tarball beside it, and ourselves.
check_sboms() {
	local sbom module release
	module=$(sed -n 's/^module //p' go.mod)
	read -r release _ < <(.packaging/version.sh)
	for sbom in "$work"/dist/*.cdx.json; do
		{
			echo "$module v$release, Apache-2.0"
			tar -xzOf "${sbom%.cdx.json}.tar.gz" --wildcards '*/LICENSES.linked' | grep -E '^[^ ].*, (Apache-2.0|BSD-3-Clause|MIT)$'
		} | LC_ALL=C sort | diff - <(sbom_licences "$sbom") || die "$(basename "$sbom") lacks components or licences"
	done
	say "all components have licences: $(sbom_licences "$sbom" | wc -l) for each architecture"
}

# The same source, elsewhere, by another user's habits.
test_builds() {
	mkdir "$work/elsewhere" "$work/tmp"
	tar -c --exclude=./.cache --exclude=./bin . | tar -x -C "$work/elsewhere"
	(cd "$work/elsewhere" && umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 TMPDIR=$work/tmp GOMAXPROCS=2 .packaging/dist.sh again)
	diff -r "$work/dist" "$work/elsewhere/again" || die "two builds differ"
	(cd "$work/dist" && sha256sum --quiet -c SHA256SUMS)
	[[ $(find "$work/dist" -type f | wc -l) == 37 ]] || die "not 6 files for each of 6 architectures, and SHA256SUMS"
	say "two builds are the same:"
	(cd "$work/dist" && while read -r sum file; do echo "$sum $(stat -c %s "$file") $file"; done <SHA256SUMS)
	rm -rf "$work/elsewhere"
	check_sboms
}

# on_debian RELEASE
on_debian() {
	local scenario
	for scenario in upgrade disabled fresh removed; do
		say "$1, $scenario"
		in_root "$1" bash /test/debian.sh $scenario "/dist/$(basename "$work"/dist/*_amd64.deb)" "1:$version-1"
	done
}

test_bookworm() { on_debian bookworm; }
test_trixie() { on_debian trixie; }
test_lintian() { in_root tools bash /test/lintian.sh; }
test_upgrade() { testdata/lab/boot/upgrade.sh "$work"/dist/*_amd64.deb; }
test_apk() { in_root tools bash /test/apk.sh "$apk_version"; }

test_rpm() {
	old_package rpm /usr/bin bin
	old_package rpm /usr/sbin sbin
	in_root tools bash /test/rpm.sh "$version"
}

test_arch() {
	old_package archlinux /usr/bin bin
	in_root tools bash /test/arch.sh "$version"
}

# old_package FORMAT DIRECTORY NAME: one like those of the distributions.
old_package() {
	local files=$work/old/$1
	mkdir -p "$files" "$work/old/$3"
	: >"$files/empty"
	printf '#!/bin/sh\nexit 0\n' >"$files/program"
	printf '[Service]\nExecStart=/bin/true\n' >"$files/unit"
	# What systemd's macros were in Red Hat 8 and in SUSE, and what they are now.
	# shellcheck disable=SC2016
	printf '[ "$1" -lt 1 ] || { systemctl try-restart ipvsadm.service; systemctl set-property ipvsadm.service Markers=+needs-restart; }\n' >"$files/postun"
	sed "s|OLD/|$files/|; s|SBIN/|$2/|" .packaging/test/old.yaml >"$files/nfpm.yaml"
	"$GO" run "$NFPM" package --config "$files/nfpm.yaml" --packager "$1" --target "$work/old/$3/" >/dev/null
}

# report_part STATUS PART: shows what a part printed, and how long it took.
report_part() {
	cat "$work/$2.out"
	if (($1 == 0)); then
		say "$2 took $((SECONDS - started[$2])) s"
	else
		say "$2 FAILED after $((SECONDS - started[$2])) s"
		failed+=("$2")
	fi
}

# wait_for_part: reports the first one that ends.
wait_for_part() {
	local pid status=0
	wait -n -p pid || status=$?
	report_part "$status" "${part_of[$pid]}"
	running=$((running - 1))
}

# -m: each job has a process group of its own, which the trap ends.
set -m
start=$SECONDS
for root in bookworm trixie tools; do
	.packaging/test/root.sh $root &
done
for _ in bookworm trixie tools; do
	wait -n
done
say "roots took $((SECONDS - start)) s"
say "building"
start=$SECONDS
.packaging/dist.sh "$work/dist"
say "building took $((SECONDS - start)) s"
debs=("$work"/dist/*_amd64.deb)
version=$(dpkg-deb -f "${debs[0]}" Version) version=${version#1:} version=${version%-1}
apk_version=$(basename "$work"/dist/*_x86_64.apk) apk_version=${apk_version#ipvsadm_} apk_version=${apk_version%-r1_*}

# Two parts at a time.
declare -A started=() part_of=()
failed=() running=0
for part in "${parts[@]}"; do
	((running < 2)) || wait_for_part
	say "$part"
	started[$part]=$SECONDS
	"test_$part" >"$work/$part.out" 2>&1 &
	part_of[$!]=$part
	running=$((running + 1))
done
while ((running)); do
	wait_for_part
done
((${#failed[@]} == 0)) || die "${failed[*]}, see above"
say "all is well: ${parts[*]}"
