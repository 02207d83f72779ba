# shellcheck shell=bash disable=SC2034,SC2154 # variables of other parts

# start_keepalived HOST: its log is in /tmp/HOST.log.
start_keepalived() {
	begin "/tmp/$1.log" "$1" keepalived --dont-fork --log-console --log-detail
	disown
}

# complaints HOST: what keepalived said about ip_vs, programs and itself that should not be.
complaints() {
	grep -iE 'ipvs.*(errno|error|fail)|no such|unknown|invalid|not found|died|segfault' "/tmp/$1.log" || :
}
