#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures one command of ipvsadm and of the original on this machine itself, without a virtual machine, beside programs in
# Go that do nothing, and prints a report.
#
# Usage: run.sh
#
# BEFORE=FILE in the environment is an older ipvsadm of ours, which takes its turns, too.
#
# Both programs run in a small root of their own and in a network namespace, so they change nothing here. If the kernel can
# load ip_vs and has not, it loads it, as at any use of ipvsadm. Needs root, or sudo, for chroot. Measure on an idle machine.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$here/../..
binary=$lab/../../bin/ipvsadm
[[ -f $binary && -x $binary ]] || { echo "run.sh: no binary $binary: build it first" >&2; exit 2; }

host_tools=(ldconfig:libc-bin)
# shellcheck source-path=SCRIPTDIR source=../../vm/tools.sh
source "$lab/vm/tools.sh"
needs_root "for chroot and namespaces" "Run make bench as root."
"$lab/vm/fetch.sh"

# shellcheck source-path=SCRIPTDIR source=../../vm/work.sh
source "$lab/vm/work.sh"
fetched=$cache/fetched/root
root=$work/root
mkdir -p "$root/"{usr/sbin,usr/bin,usr/lib/x86_64-linux-gnu,usr/lib64,etc,proc,sys}
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"

# The original, with its libraries, and as on any machine the cache of where they are.
multiarch=$fetched/usr/lib/x86_64-linux-gnu
install "$fetched/usr/sbin/ipvsadm" "$root/usr/sbin/ipvsadm"
cp -L "$multiarch/ld-linux-x86-64.so.2" "$root/usr/lib64/"
libraries=$("$multiarch/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$multiarch" --list "$fetched/usr/sbin/ipvsadm" |
	grep -o "$multiarch/[^ ]*" | sort -u)
for library in $libraries; do
	[[ $library == */ld-linux* ]] || cp -L "$library" "$root/usr/lib/x86_64-linux-gnu/"
done
echo /usr/lib/x86_64-linux-gnu >"$root/etc/ld.so.conf"
ldconfig -r "$root"

# Copies, as a package manager writes them: the kernel keeps what the linker has written in smaller pieces, and a program
# that comes straight from it starts half a millisecond later.
export CGO_ENABLED=0
(cd "$here" && go build -trimpath -ldflags='-s -w' -o "$work/" . ./hello ./tables)
install "$binary" "$root/usr/sbin/ours"
install "$work/hello" "$work/tables" "$root/usr/bin/"
[[ ! ${BEFORE:-} ]] || install "$BEFORE" "$root/usr/sbin/before"

as_root "$work/native" "$root"
