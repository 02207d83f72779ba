#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Opens a shell in the virtual machine, with this ipvsadm, the original, and the addresses of the README's examples.
#
# Usage: shell.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binary=$here/../../../bin/ipvsadm
[[ -f $binary && -x $binary ]] || { echo "shell.sh: no binary $binary: build it first" >&2; exit 2; }
[[ -t 0 && -t 1 ]] || { echo "shell.sh: needs a terminal" >&2; exit 2; }

# shellcheck source-path=SCRIPTDIR source=work.sh
source "$here/work.sh"
mkdir "$work/ours"
cp "$binary" "$work/ours/ipvsadm"
for tool in save restore boot; do
	ln -s ipvsadm "$work/ours/ipvsadm-$tool"
done
cat >"$work/profile" <<-'PROFILE'
	ip address add 10.0.0.9/24 dev lo
	PS1='lab# '
	echo
	echo "A shell in the virtual machine. ipvsadm is this program, /usr/sbin/ipvsadm the original. exit ends the machine; nothing remains."
PROFILE
read -r rows columns < <(stty size)
setpriv --pdeathsig TERM "$here/run.sh" -x -v -i -a "$work/ours:/usr/local/sbin" -a "$work/profile:/root/.profile" \
	bash -c "stty rows $rows cols $columns; exec bash -l"
