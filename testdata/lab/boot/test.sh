#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs ipvsadm with its boot files on a Debian with systemd and on one with sysvinit. Both reboot and must then restore
# the table before the network services start. Also tests the init script and the unit there.
#
# Usage: test.sh [systemd|sysvinit]
#
# Both run at the same time, unless one is named. The first run makes the Debians.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

boot=testdata/lab/boot
case ${1:-} in
systemd | sysvinit) inits=("$1") ;;
'') inits=(systemd sysvinit) ;;
*) echo "usage: test.sh [systemd|sysvinit]" >&2; exit 2 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
testdata/lab/vm/fetch.sh tests
shellcheck -s sh sysconfig/ipvsadm.init
make -s build install DESTDIR="$work/root" PREFIX=/usr DISTRIBUTION=debian
# Makes the image and probes for KVM once, before the two machines start.
testdata/lab/vm/run.sh true
for init in "${inits[@]}"; do
	$boot/debian.sh "$init"
done

machine() {
	local status=0 start=$SECONDS
	testdata/lab/vm/run.sh -t 1500 -d ".cache/lab/boot/$1.ext4" -a "$work/root:/" -a "$boot/guest:/lab/boot" -a README.md:/lab/boot/README.md \
		-a sysconfig/default.debian:/lab/boot/settings/default.debian -a sysconfig/default.redhat:/lab/boot/settings/default.redhat \
		-a sysconfig/default.suse:/lab/boot/settings/default.suse \
		bash /lab/boot/test.sh "$1" || status=$?
	echo "$1: $((SECONDS - start)) s with both boots, status $status"
	return "$status"
}

failed=0 machines=()
for init in "${inits[@]}"; do
	machine "$init" >"$work/$init" 2>&1 &
	machines+=("$!")
done
for machine in "${machines[@]}"; do
	wait "$machine" || failed=1
done
for init in "${inits[@]}"; do
	echo "--- boot with $init"
	cat "$work/$init"
done
exit "$failed"
