#!/usr/bin/env bash
# All that is tested in the guest, which boots twice: the first time rules are made, saved, and the machine reboots.
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
else
	bash "$here/shells.sh"
fi
# The last, since it makes the files of other distributions.
bash "$here/readme.sh" "$init"
say "All $(wc -l <"$tally") checks passed."
