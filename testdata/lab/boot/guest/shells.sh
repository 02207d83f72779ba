# SPDX-License-Identifier: Apache-2.0
# Runs the init script in several shells and with the functions of several distributions.
# shellcheck shell=bash source-path=SCRIPTDIR source=script.sh
source "$(dirname "$0")/script.sh"

set_debian
set_redhat
say "In the shells"
is "the shell of the tests so far" "$(readlink -f /bin/sh)" /usr/bin/dash
for shell in "bash --posix" "busybox sh"; do
	read -ra shell <<<"$shell"
	with_rules
done
shell=(sh)

say "With the functions of the distributions"
mv /lib/lsb/init-functions "$work/debian"
say "  none"
with_rules
say "  those of the LSB alone"
cp "$here/lsb-functions" /lib/lsb/init-functions
with_rules
verb start 0 full
check "it is reported" grep -q '^LSB success:' "$work/said"
rm "$file"
verb start 6 full
check "it is reported" grep -q '^LSB failure:' "$work/said"
rm /lib/lsb/init-functions
say "  Red Hat's"
mkdir -p /etc/rc.d/init.d /var/lock/subsys
cp "$here/redhat-functions" /etc/rc.d/init.d/functions
with_rules
verb start 0 full
check "it is reported" grep -q '\[ *OK *\]' "$work/said"
check "the lock file tells Red Hat's rc to stop the service" test -e /var/lock/subsys/ipvsadm
verb stop 0 empty
check "stop removes the lock file" test ! -e /var/lock/subsys/ipvsadm
rm "$file"
verb start 6 empty
check "it is reported" grep -q FAILED "$work/said"
rm -r /etc/rc.d /var/lock/subsys
mv "$work/debian" /lib/lsb/init-functions
cp /root/rules.saved "$file"
