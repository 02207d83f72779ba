// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	sampleLine = regexp.MustCompile(`^(node_ipvs_\w+)(?:\{(.*)\})? (\d+)$`)
	labelPair  = regexp.MustCompile(`(\w+)="([^"]*)",?`)
)

// readPrometheus reads metrics but for those that totalsHold compares.
func readPrometheus(t *testing.T, _ mode, output string) *reading {
	t.Helper()
	r := readMetrics(t, output)
	maps.DeleteFunc(r.facts, func(a about, _ string) bool { return isTotal(a) })
	return r
}

func isTotal(a about) bool { return strings.HasPrefix(a.name, "totals.") }

// readMetrics reads metrics, and leaves them for promtool.
func readMetrics(t *testing.T, output string) *reading {
	t.Helper()
	keep(t, output)
	r := newReading()
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		sample := sampleLine.FindStringSubmatch(strings.TrimSpace(line))
		if sample == nil {
			t.Fatalf("not a sample: %q", line)
		}
		labels := map[string]string{}
		for _, pair := range labelPair.FindAllStringSubmatch(sample[2], -1) {
			labels[pair[1]] = pair[2]
		}
		if !r.sayMetric(strings.TrimPrefix(sample[1], "node_ipvs_"), labels, sample[3]) {
			t.Fatalf("no such metric is known: %q", line)
		}
	}
	return r
}

// factsOfMetrics are the names of facts that gauges have.
var factsOfMetrics = map[string]string{
	"service_persistence_timeout_seconds": "persistence_timeout",
	"backend_connections_active":          "active_connections",
	"backend_connections_inactive":        "inactive_connections",
	"backend_connections_persistent":      "persistent_connections",
	"backend_weight":                      "weight",
	"backend_upper_threshold_connections": "upper_threshold",
	"backend_lower_threshold_connections": "lower_threshold",
}

// metricsOfState are what the kernel tells of itself, whatever its table. The kernel test of
// cmd/ipvsadm, "state of the tables", compares them.
var metricsOfState = map[string]bool{
	"estimation_running": true, "connection_limit": true, "connection_table_buckets_max": true,
	"connection_table_entries": true, "connection_table_chains": true, "service_table_buckets": true, "service_table_chains": true,
	"estimation_threads": true, "estimation_threads_max": true,
}

func (r *reading) sayMetric(name string, labels map[string]string, value string) bool {
	fact, known := factsOfMetrics[name]
	kind, rest, _ := strings.Cut(name, "_")
	object, destination := labelled(labels)
	if total, ok := strings.CutSuffix(name, "_total"); ok && kind != "service" && kind != "backend" {
		r.say("", "", "totals."+total, value)
		return true
	}
	switch {
	case metricsOfState[name]:
	case name == "info":
		r.say("", "", "version", labels["version"])
	case name == "connection_table_buckets":
		r.say("", "", "connection_table_size", value)
	case name == "timeout_seconds":
		r.say("", "", "timeouts."+labels["timeout"], value)
	case name == "sync_daemon_info":
		for label, text := range labels {
			r.say(labels["state"], "", label, text)
		}
	case name == "connection_entries":
		r.begin("", "")
		r.say(labels["proto"]+" "+labels["state"], "", "entries", value)
	case name == "service_info":
		r.sayServiceInfo(object, labels)
	case name == "backend_info":
		r.say(object, destination, "forward", labels["forward"], "tunnel.type", labels["tunnel_type"], "tunnel.port", labels["tunnel_port"],
			"tunnel.flags", labels["tunnel_flags"])
	case known:
		r.say(object, destination, fact, value)
	default:
		counter, ok := strings.CutSuffix(rest, "_total")
		r.say(object, destination, "stats."+counter, value)
		return ok
	}
	return true
}

// sayServiceInfo tells the flags of the scheduler, which follow in the same label, from those of the service.
func (r *reading) sayServiceInfo(object string, labels map[string]string) {
	r.say(object, "", "scheduler", labels["scheduler"], "netmask", labels["netmask"], "persistence_engine", labels["persistence_engine"],
		"family", labels["family"])
	var own, scheduler []string
	for _, word := range strings.Split(labels["flags"], ",") {
		switch word {
		case "":
		case "persistent", "ops":
			own = append(own, word)
		default:
			scheduler = append(scheduler, word)
		}
	}
	r.say(object, "", "flags", strings.Join(append(own, "hashed"), ","), "scheduler_flags", strings.Join(scheduler, ","))
}

// labelled finds a service and a backend by their labels. A backend of a mark has the family of its own address.
func labelled(labels map[string]string) (object, destination string) {
	if remote, err := netip.ParseAddr(labels["remote_address"]); err == nil {
		destination = addrPort(remote, labels["remote_port"])
	}
	if labels["proto"] != "FWM" {
		local, _ := netip.ParseAddr(labels["local_address"])
		return labels["proto"] + " " + addrPort(local, labels["local_port"]), destination
	}
	mark, _ := strconv.ParseUint(labels["local_mark"], 16, 32)
	object = fmt.Sprint("FWM ", mark)
	if labels["family"] == "IPv6" || strings.HasPrefix(destination, "[") {
		object += " IPv6"
	}
	return object, destination
}

func addrPort(addr netip.Addr, port string) string {
	n, _ := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(addr, uint16(n)).String()
}

// showsPrometheus: rates are left to Prometheus, thresholds of 0 are left out, and connections are counted.
func showsPrometheus(m mode, a about, text string) bool {
	switch {
	case m.subject == connections:
		return a.name == "entries"
	case strings.HasSuffix(a.name, "_threshold"):
		return text != "0"
	case strings.HasPrefix(a.name, "rates."), a.name == "marks", a.destination != "" && a.name == "family":
		return false
	}
	return a.name != "protocol" && a.name != "address" && a.name != "port" && a.name != "fwmark" || m.subject != services
}

var kept int

// keep leaves metrics where the host finds them.
func keep(t *testing.T, output string) {
	t.Helper()
	if out != "" {
		kept++
		must(t, os.WriteFile(filepath.Join(out, fmt.Sprintf("%04d.prom", kept)), []byte(output), 0o600))
	}
}

// kernelTotals reads /proc/net/ip_vs_stats, whose third line has the counters in hexadecimal digits.
func (h *host) kernelTotals(t *testing.T) *reading {
	t.Helper()
	words := strings.Fields(strings.Split(h.proc(t, "ip_vs_stats"), "\n")[2])
	r := newReading()
	for i, name := range []string{"connections", "incoming_packets", "outgoing_packets", "incoming_bytes", "outgoing_bytes"} {
		n, err := strconv.ParseUint(words[i], 16, 64)
		must(t, err)
		r.say("", "", "totals."+name, n)
	}
	return r
}

// totalsHold compares the counters of the namespace, which only documents and metrics have.
func (h *host) totalsHold(t *testing.T) {
	all := &form{same: exactly, shows: func(mode, about, string) bool { return true }}
	kernel := func() *reading { return h.kernelTotals(t) }
	span, output := around(t, still, kernel, func() string { return h.list(t, ours, "--output", "prometheus") })
	r := readMetrics(t, output)
	maps.DeleteFunc(r.facts, func(a about, _ string) bool { return !isTotal(a) })
	span.check(t, r, all, modes[0], still)

	span, output = around(t, still, kernel, func() string { return h.list(t, ours, "--output", "json") })
	totals, _ := readDocuments(t, output)[0]["totals"].(map[string]any)
	stats, _ := totals["stats"].(map[string]any)
	r = newReading()
	r.sayFields("", "", "totals.", stats)
	span.check(t, r, all, modes[0], still)
}
