#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks our apk and its script for OpenRC. Debian has no apk-tools, so this takes the package to pieces as apk does; the
# release workflow installs it on Alpine.
#
# Usage: apk.sh VERSION
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=checks.sh
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

version=$1 root=/tmp/alpine

part "the package"
for architecture in aarch64 armv7 ppc64le riscv64 s390x x86_64; do
	package=(/dist/*"_$architecture.apk")
	mkdir -p /tmp/apk
	# Two gzip streams, each a tar: what the package is, and its files. The first names the checksum of the second.
	perl -MCompress::Raw::Zlib -0777 -ne '
		for my $name ("control", "data") {
			my $all = $_;
			my $stream = Compress::Raw::Zlib::Inflate->new(-WindowBits => WANT_GZIP);
			$stream->inflate($_, my $text) == Z_STREAM_END or die "no gzip stream\n";
			open my $file, ">", "/tmp/apk/$name.tar" or die; print $file $text;
			open $file, ">", "/tmp/apk/$name.gz" or die; print $file substr($all, 0, length($all) - length);
		}
		length and die "there is more in the package\n";
	' "${package[0]}"
	tar -xOf /tmp/apk/control.tar .PKGINFO >/tmp/apk/info
	same "package for $architecture" "$(grep -E '^(pkgname|pkgver|arch|replaces) = ' /tmp/apk/info)" \
		"$(printf '%s\n' 'pkgname = ipvsadm' "pkgver = $version-r1" "arch = $architecture" 'replaces = ipvsadm-doc')"
	check "each line of it has a name" test -z "$(grep -vE '^(#|[a-z_]+ = )' /tmp/apk/info)"
	same "hash of its files" "$(sha256sum </tmp/apk/data.gz | cut -d ' ' -f 1)" "$(sed -n 's/^datahash = //p' /tmp/apk/info)"
	[[ $architecture == x86_64 ]] || continue
	mkdir -p $root
	tar -xf /tmp/apk/data.tar -C $root 2>/dev/null
done
# The version has to be above that of Alpine and in the form of apk.
check "apk takes such a version" grep -Eqx '[0-9]+(\.[0-9]+)*[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*' <<<"$version"
check "it is above 1.31" test "$(printf '%s\n' 1.31 "$version" | sort -V | tail -n 1)" = "$version"
for tool in ipvsadm ipvsadm-save ipvsadm-restore ipvsadm-boot; do
	check "/usr/sbin/$tool is there" test -x $root/usr/sbin/$tool
done
same "ipvsadm -v" "$(chroot $root /usr/sbin/ipvsadm -v | cut -d ' ' -f 2 | cut -d + -f 1)" v1.31
same "what is in /etc" "$(cd $root && find etc ! -type d)" etc/init.d/ipvsadm

part "OpenRC"
# In this root, with a program that notes how it is called.
cp $root/etc/init.d/ipvsadm /etc/init.d/ipvsadm
printf '#!/bin/sh\necho "$*" >>/run/asked\n[ ! -e /run/fails ]\n' >/usr/sbin/ipvsadm-boot
chmod 755 /usr/sbin/ipvsadm-boot
mkdir -p /run/openrc
touch /run/openrc/softlevel
service() { rc-service --nodeps ipvsadm "$@" >/tmp/log 2>&1; }
for verb in start save reload restart stop; do
	check "rc-service ipvsadm $verb" service $verb
done
same "what it calls" "$(cat /run/asked)" "$(printf '%s\n' start save reload start)"
touch /run/fails
check "a failure counts" eval '! service start'
check "there is a directory for rules" test -d /var/lib/ipvsadm
check "rc-update takes it" rc-update add ipvsadm default
