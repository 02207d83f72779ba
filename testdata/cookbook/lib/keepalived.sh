# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

# start_keepalived HOST: starts keepalived, with its log in /tmp/HOST.log.
start_keepalived() {
	begin "/tmp/$1.log" "$1" keepalived --dont-fork --log-console --log-detail
	disown
}

# complaints HOST: the errors that keepalived logged about ip_vs, other programs and itself.
complaints() {
	grep -iE 'ipvs.*(errno|error|fail)|no such|unknown|invalid|not found|died|segfault' "/tmp/$1.log" || :
}
