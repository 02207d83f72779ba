// SPDX-License-Identifier: Apache-2.0

package format

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboardPath is a dashboard of Grafana for the metrics of Prometheus.
const dashboardPath = "grafana-dashboard.json"

type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct{ Expr, LegendFormat string }
	}
	Templating struct {
		List []struct{ Name, Query string }
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	content, err := os.ReadFile(dashboardPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatalf("%s: %v", dashboardPath, err)
	}
	return d
}

// printedMetric is a metric that Prometheus prints: its type and the labels of its
// samples.
type printedMetric struct {
	kind   string
	labels []string
}

// printedMetrics returns the metrics of TestPrometheusTable.
func printedMetrics(t *testing.T) map[string]printedMetric {
	t.Helper()
	content, err := os.ReadFile("testdata/metrics.prom")
	if err != nil {
		t.Fatal(err)
	}
	exposition := string(content)
	metrics := map[string]printedMetric{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(exposition, -1) {
		metrics[m[1]] = printedMetric{kind: m[2]}
	}
	for _, m := range regexp.MustCompile(`(?m)^(\w+)\{(.*)\} `).FindAllStringSubmatch(exposition, -1) {
		p := metrics[m[1]]
		for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(m[2], -1) {
			p.labels = append(p.labels, label[1])
		}
		metrics[m[1]] = p
	}
	return metrics
}

var (
	metricName    = regexp.MustCompile(`node_ipvs_\w+`)
	ratedMetric   = regexp.MustCompile(`rate\((\w+)`)
	legendLabel   = regexp.MustCompile(`\{\{(\w+)\}\}`)
	matchedLabels = regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`)
	selectors     = regexp.MustCompile(`\{([^}]*)\}`)
	selectorLabel = regexp.MustCompile(`(\w+)=~?"`)
)

// usedLabels returns the labels that a query and its legend name.
func usedLabels(query, legend string) (used []string) {
	for _, m := range legendLabel.FindAllStringSubmatch(legend, -1) {
		used = append(used, m[1])
	}
	for _, m := range matchedLabels.FindAllStringSubmatch(query, -1) {
		used = append(used, strings.Split(m[1], ", ")...)
	}
	for _, m := range selectors.FindAllStringSubmatch(query, -1) {
		for _, label := range selectorLabel.FindAllStringSubmatch(m[1], -1) {
			used = append(used, label[1])
		}
	}
	return used
}

func TestDashboardQueriesPrintedMetrics(t *testing.T) {
	metrics := printedMetrics(t)
	check := func(where, query, legend string) {
		for _, name := range metricName.FindAllString(query, -1) {
			metric, printed := metrics[name]
			if !printed {
				t.Errorf("%s: there is no metric %s", where, name)
			}
			for _, label := range usedLabels(query, legend) {
				// Prometheus adds instance, the address of the exporter.
				if label != "instance" && !slices.Contains(metric.labels, label) {
					t.Errorf("%s: %s has no label %s, only %v", where, name, label, metric.labels)
				}
			}
		}
		for _, m := range ratedMetric.FindAllStringSubmatch(query, -1) {
			if kind := metrics[m[1]].kind; kind != "counter" {
				t.Errorf("%s: the rate of %s, which is a %s", where, m[1], kind)
			}
		}
	}
	d := readDashboard(t)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			check(p.Title, target.Expr, target.LegendFormat)
		}
	}
	for _, v := range d.Templating.List {
		check("variable "+v.Name, v.Query, "")
	}
	if len(d.Panels) == 0 || len(metrics) == 0 {
		t.Errorf("%d panels, metrics %v", len(d.Panels), slices.Sorted(maps.Keys(metrics)))
	}
}
