#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs all tests in the guest, which boots twice. The first boot makes and saves rules, then the machine reboots.
#
# Usage: test.sh systemd|sysvinit
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

init=$1

if [[ ! -e /root/table.saved ]]; then
	bash "$here/prepare.sh" "$init"
	touch /lab/again
	exit
fi
bash "$here/rebooted.sh" "$init"
bash "$here/verbs.sh"
bash "$here/settings.sh"
if [[ $init == systemd ]]; then
	bash "$here/unit.sh"
	bash "$here/metrics.sh"
else
	bash "$here/shells.sh"
fi
# Last, because it creates the files of other distributions.
bash "$here/readme.sh" "$init"
say "All $(wc -l <"$tally") checks passed."
