// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/format"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// With --netns, to read settings takes a thread in the namespace, so that they are read
// together.
func TestSettingsAreReadTogether(t *testing.T) {
	client, err := ipvstest.New().Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	var reads []string
	source := Source{
		Client: client,
		Open:   func(string) (io.ReadCloser, error) { return nil, errors.New("no such file") },
		Settings: func(names ...string) map[string]string {
			slices.Sort(names)
			reads = append(reads, strings.Join(names, " "))
			return map[string]string{"run_estimation": "1", "est_cpulist": "0-3", "conn_max": "5000", "conn_lfactor": "-4"}
		},
		Parameter: func(string) (string, bool) { return "20", true },
	}
	result, err := New(source, Options{Form: format.TableForm, Numeric: true}, Style{}, nil).Read()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"conn_lfactor conn_max est_cpulist run_estimation"}; !slices.Equal(reads, want) {
		t.Errorf("read %q, want %q", reads, want)
	}
	s := result.(TableResult).Snapshot
	if s.Estimation != format.EstimationRuns || s.Limits.Conns == nil || *s.Limits.Conns != 5000 || !s.Limits.ConnTabGrows || s.Limits.ConnTabSize != 1<<20 {
		t.Errorf("got %v, %+v", s.Estimation, s.Limits)
	}
}
