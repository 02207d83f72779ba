# SPDX-License-Identifier: Apache-2.0
# Tests the units that write metrics for the node exporter, whose user and directory this makes.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh
source "$(dirname "$0")/lib.sh"

dir=/var/lib/prometheus/node-exporter
metrics=$dir/ipvs.prom
useradd --system --no-create-home prometheus
install -d -o prometheus -g prometheus "$dir"

has() { grep -q "$@" "$metrics"; }
result() { systemctl show ipvsadm-metrics -p "$1" --value; }

say "systemd-analyze of the metrics"
systemd-analyze --man=no verify ipvsadm-metrics.service ipvsadm-metrics.timer >"$work/verify" 2>&1 ||
	{ cat "$work/verify"; fail "systemd-analyze verify"; }
is "systemd-analyze verify prints nothing" "$(<"$work/verify")" ""
check "the exposure is below 3.0" systemd-analyze security --threshold=29 ipvsadm-metrics.service

say "The timer writes metrics and keeps them up to date"
fill
check "systemctl enable" systemctl enable --now ipvsadm-metrics.timer
check "there is a file" until_true 30 test -s "$metrics"
check "it has the counters of the director" has '^node_ipvs_connections_total [0-9]'
is "its mode and owner" "$(stat -c '%a %U' "$metrics")" "644 prometheus"
ipvsadm -A -t 192.0.2.99:99 -s rr
check "a new service gets in" until_true 40 has 'local_address="192.0.2.99"'
systemctl disable --now ipvsadm-metrics.timer

say "Nothing is written through the links of the directory's owner"
cp /etc/passwd "$work/passwd"
ln -s /etc/passwd "$dir/ipvs.prom.new"
check "the unit fails" not systemctl start ipvsadm-metrics
same "the file behind the link is what it was" "$work/passwd" /etc/passwd
rm "$dir/ipvs.prom.new"
systemctl reset-failed ipvsadm-metrics

say "Without IPVS nothing is loaded, and the old file stays"
empty
mapfile -t modules < <(awk '$1 ~ /^ip_vs_/ { print $1 }' /proc/modules)
rmmod "${modules[@]}" ip_vs
check "ip_vs is unloaded" test ! -e /proc/net/ip_vs
cp "$metrics" "$work/metrics"
check "the unit starts" systemctl start ipvsadm-metrics
is "its condition" "$(result ConditionResult)" no
check "ip_vs is not loaded" test ! -e /proc/net/ip_vs
same "the metrics stay" "$work/metrics" "$metrics"
modprobe ip_vs
