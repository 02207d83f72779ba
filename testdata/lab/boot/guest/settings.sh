# SPDX-License-Identifier: Apache-2.0
# The effects of the distributions' settings, through the init script.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

do_it() { check "$*" /etc/init.d/ipvsadm "$@"; }
more='-A -t 192.0.2.99:99 -s rr'
has_more() { ipvsadm -Sn | grep -qxF -e "$more"; }
in_file() { grep -qxF -e "$more" "$file"; }

# A table that differs from the rules file.
fill_more() {
	cp /root/rules.saved "$file"
	fill
	ipvsadm -R <<<"$more"
}

say "A stop and a restart save only if the settings say so"
set_debian
set_redhat
fill_more
do_it stop
check "stopped" is_empty
same "nothing was saved" /root/rules.saved "$file"
fill_more
do_it restart
check "as the file says" is_full
same "nothing was saved" /root/rules.saved "$file"

set_redhat 'IPVS_SAVE_ON_STOP="yes"'
fill_more
do_it stop
check "stopped" is_empty
check "a stop has saved" in_file
cp "$file" "$work/stopped"
do_it stop
same "a second stop does not save an empty table" "$work/stopped" "$file"
do_it start
check "all is back" has_more
fill_more
do_it restart
check "as the file says" is_full
same "a restart does not save" /root/rules.saved "$file"

set_redhat 'IPVS_SAVE_ON_RESTART="yes"'
fill_more
do_it restart
check "a restart has saved" in_file
check "all is back" has_more
fill_more
do_it stop
same "a stop does not save" /root/rules.saved "$file"

say "Debian's AUTO and DAEMON"
set_redhat
set_debian 'AUTO="false"'
fill_more
ipvsadm -C
for verb in start reload force-reload restart; do
	do_it $verb
	is "the table is left alone, empty" "$(ipvsadm -Sn)" ""
done
fill_more
for verb in start reload force-reload restart stop; do
	do_it $verb
	check "the table is left alone, full" has_more
done
do_it save
check "save saves it on request" in_file
do_it panic
check "panic empties it" is_empty
set_debian 'AUTO="false"' 'DAEMON="backup"' 'SYNCID="5"'
do_it start
check "the daemon runs" grep -q 'backup.*eth0.*5' <(ipvsadm -Ln --daemon)
is "the table is left alone" "$(ipvsadm -Sn)" ""
do_it stop
check "the daemon is stopped" is_empty

say "Where Red Hat and SUSE keep their rules"
set_debian
rm "$file"
cp /root/rules.saved /etc/sysconfig/ipvsadm
do_it start
check "start restores Red Hat's file" is_full
ipvsadm -R <<<"$more"
do_it save
check "save writes Red Hat's file" grep -qxF -e "$more" /etc/sysconfig/ipvsadm
check "save writes no other file" test ! -e "$file"
empty
echo 'IPVSADM_CONFIG="/etc/my.rules"' >/etc/sysconfig/ipvsadm
cp /root/rules.saved /etc/my.rules
do_it start
check "start restores SUSE's file" is_full
rm /etc/my.rules /etc/sysconfig/ipvsadm
cp /root/rules.saved "$file"
