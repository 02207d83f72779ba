#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a package of this program over Debian's own, on a running director with rules, a connection and edited settings,
# and reboots it.
#
# Usage: upgrade.sh PACKAGE.deb
set -euo pipefail

package=$(realpath "${1:?usage: upgrade.sh PACKAGE.deb}")
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

testdata/lab/vm/fetch.sh
testdata/lab/boot/debian.sh upgrade
testdata/lab/vm/run.sh -t 900 -d .cache/lab/boot/upgrade.ext4 -a testdata/lab/boot/guest:/lab/boot -a "$package:/root/ipvsadm.deb" \
	bash /lab/boot/upgrade.sh
