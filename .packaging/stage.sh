#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts the files of a package into a directory, each where the distribution wants it.
#
# Usage: stage.sh deb|rpm|apk|archlinux|tarball BINARY LICENCES DIRECTORY
#
# LICENCES is what licenses.sh prints.
set -euo pipefail

format=$1 binary=$(realpath "$2") licences=$(realpath "$3") root=$(realpath -m "$4")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022
export LC_ALL=C

die() { echo "stage.sh: $*" >&2; exit 1; }

# put MODE FILE PATH
put() { install -D -m "$1" "$2" "$root$3"; }

# put_boot_file MODE FILE PATH: with the path of the program.
put_boot_file() {
	mkdir -p "$(dirname "$root$3")"
	sed "s|/sbin/ipvsadm|$sbin/ipvsadm|" "$2" >"$root$3"
	chmod "$1" "$root$3"
}

# put_gzip FILE PATH
put_gzip() {
	mkdir -p "$(dirname "$root$2")"
	gzip -n -9 <"$1" >"$root$2"
}

# link_tools DIRECTORY PREFIX SUFFIX: the other names of the program, for each that has no file of its own.
link_tools() {
	local tool
	for tool in save restore boot; do
		[[ -e $root$1/$2ipvsadm-$tool$3 ]] || ln -s "$2ipvsadm$3" "$root$1/$2ipvsadm-$tool$3"
	done
}

completions() {
	local file name bash=/usr/share/bash-completion/completions fish=/usr/share/fish/vendor_completions.d zsh=/usr/share/zsh/site-functions
	[[ $format != deb ]] || zsh=/usr/share/zsh/vendor-completions
	for file in cmd/ipvsadm/completions/*; do
		name=${file##*/}
		case $name in
		*.bash) put 644 "$file" "$bash/${name%.bash}" ;;
		_*) put 644 "$file" "$zsh/$name" ;;
		*.fish) put 644 "$file" "$fish/$name" ;;
		*.go | '*') ;; # '*': there are none
		*) die "for which shell is $file?" ;;
		esac
	done
	# zsh finds the names in the file, the others load the file that has the name of the command.
	[[ ! -e $root$bash/ipvsadm ]] || link_tools "$bash" '' ''
	[[ ! -e $root$fish/ipvsadm.fish ]] || link_tools "$fish" '' .fish
}

common() {
	local page
	put 755 "$binary" "$sbin/ipvsadm"
	link_tools "$sbin" '' ''
	for page in cmd/ipvsadm/*.[78]; do
		put_gzip "$page" "/usr/share/man/man${page##*.}/${page##*/}.gz"
	done
	completions
	put 644 format/schema.json /usr/share/ipvsadm/schema.json
	put 644 format/grafana-dashboard.json /usr/share/ipvsadm/grafana-dashboard.json
}

units() {
	local file
	for file in sysconfig/*.service sysconfig/*.timer; do
		put_boot_file 644 "$file" "/usr/lib/systemd/system/${file##*/}"
	done
}

licences() {
	put 644 LICENSE /usr/share/licenses/ipvsadm/LICENSE
	put 644 "$licences" /usr/share/licenses/ipvsadm/LICENSES.linked
}

# The licences without the text of the Apache License, which Debian has and does not want again.
licences_of_deb() {
	sed '/^ *Apache License$/,/^ *END OF TERMS AND CONDITIONS$/{
		/END OF TERMS/!d
		s|.*|    On Debian systems, the text of the License is in\n    /usr/share/common-licenses/Apache-2.0.|
	}' "$licences"
}

stage_deb() {
	common
	units
	put_boot_file 755 sysconfig/ipvsadm.init /etc/init.d/ipvsadm
	put 644 sysconfig/default.debian /usr/share/ipvsadm/default
	licences_of_deb | cat .packaging/deb/copyright - >"$root/copyright"
	put 644 "$root/copyright" /usr/share/doc/ipvsadm/copyright
	rm "$root/copyright"
	put 644 .packaging/deb/lintian-overrides /usr/share/lintian/overrides/ipvsadm
}

stage_rpm() {
	common
	units
	put 644 sysconfig/default.redhat /usr/share/ipvsadm/sysconfig.ipvsadm-config
	put 644 sysconfig/default.suse /usr/share/ipvsadm/sysconfig.ipvsadm
	licences
}

stage_apk() {
	common
	put_boot_file 755 sysconfig/ipvsadm.openrc /etc/init.d/ipvsadm
	mkdir -p "$root/var/lib/ipvsadm"
	licences
}

stage_archlinux() {
	common
	units
	put 600 .packaging/archlinux/ipvsadm.conf /etc/ipvsadm.conf
	licences
}

# readme: with links to what the tarball has, and to the project for the rest, which would be useless without the source.
readme() {
	local project
	project=https://$(sed -n 's/^module //p' go.mod)/blob/HEAD
	sed -e "s|](\([^):#][^):]*\))|]($project/\1)|g" \
		-e "s|]($project/\.github/CHANGELOG\.md)|](CHANGELOG.md)|g" \
		-e "s|]($project/\.github/watch\.svg)|](watch.svg)|g" \
		-e "s|]($project/format/\([a-z-]*\.json\))|](files/share/ipvsadm/\1)|g" README.md
}

stage_tarball() {
	local file
	common
	mv "$root/usr" "$root/files"
	for file in sysconfig/*.{service,timer,init,openrc} sysconfig/default.{debian,redhat,suse}; do
		put 644 "$file" "/boot/${file##*/}"
	done
	put 755 .packaging/tarball/install.sh /install.sh
	put 644 LICENSE /LICENSE
	put 644 "$licences" /LICENSES.linked
	readme >"$root/README.md"
	put 644 .github/watch.svg /watch.svg
	put 644 .github/CHANGELOG.md /CHANGELOG.md
}

# Arch has no /usr/sbin but a link of this name, which a package must not replace.
sbin=/usr/sbin
[[ $format != archlinux ]] || sbin=/usr/bin
[[ ! -e $root ]] || die "$root exists"
mkdir -p "$root"
"stage_$format"
