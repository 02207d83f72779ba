#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs lintian over the packages, and checks what it does not.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=checks.sh
source "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

part "lintian"
check "no errors" lintian --allow-root --fail-on error --display-info --show-overrides /dist/*_amd64.deb
# In these only the program differs.
check "no errors in the packages for other architectures" lintian --allow-root --fail-on error /dist/*_{arm64,armhf,ppc64el,riscv64,s390x}.deb
for architecture in amd64 arm64 armhf ppc64el riscv64 s390x; do
	same "architecture of the package for $architecture" "$(dpkg-deb -f /dist/*_$architecture.deb Architecture)" $architecture
done
