// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/boot"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/cmdline"
	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/spf13/pflag"
)

// manual reads a manual page without its fonts and with plain dashes.
func manual(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`\\f[BIRP]`).ReplaceAllString(strings.ReplaceAll(string(text), `\-`, "-"), "")
}

// headings are the lines under .TP, which name what is then explained.
func headings(page string) string {
	var b strings.Builder
	lines := strings.Split(page, "\n")
	for i, line := range lines[1:] {
		if lines[i] == ".TP" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func TestManualExplainsEveryOption(t *testing.T) {
	explained := headings(manual(t, "ipvsadm.8"))
	has := func(option string) bool {
		return regexp.MustCompile(`(^|[^-\w])` + option + `([^-\w]|$)`).MatchString(explained)
	}
	cmdline.Options().VisitAll(func(f *pflag.Flag) {
		if !strings.HasPrefix(f.Name, "=") && !has("--"+f.Name) {
			t.Errorf("ipvsadm.8 does not explain --%s", f.Name)
		}
		if f.Shorthand != "" && !has("-"+f.Shorthand) {
			t.Errorf("ipvsadm.8 does not explain -%s", f.Shorthand)
		}
	})
}

// sysctls are those of Documentation/networking/ipvs-sysctl.rst, those that it leaves out, and those of later kernels.
var sysctls = strings.Fields(`am_droprate amemthresh backup_only cache_bypass conn_lfactor conn_max conn_reuse_mode conntrack
	debug_level drop_entry drop_packet est_cpulist est_nice expire_nodest_conn expire_quiescent_template ignore_tunneled
	lblc_expiration lblcr_expiration nat_icmp_send pmtu_disc run_estimation schedule_icmp secure_tcp sloppy_sctp sloppy_tcp
	snat_reroute svc_lfactor sync_persist_mode sync_ports sync_qlen_max sync_refresh_period sync_retries sync_sock_size
	sync_threshold sync_version`)

func TestManualExplainsEverySysctl(t *testing.T) {
	explained := headings(manual(t, "ipvsadm.8"))
	for _, name := range sysctls {
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(explained) {
			t.Errorf("ipvsadm.8 does not explain %s", name)
		}
	}
}

func TestManualExplainsEveryScheduler(t *testing.T) {
	explained := headings(manual(t, "ipvsadm.8"))
	for _, name := range ipvs.Schedulers() {
		word := regexp.MustCompile(`(?m)(^|\s)` + name + `(\s|$)`)
		if !word.MatchString(explained) || !word.MatchString(cmdline.Usage) {
			t.Errorf("ipvsadm.8 or the usage does not explain %s", name)
		}
	}
}

// toolOptions belong to ipvsadm-save or ipvsadm-restore.
var toolOptions = map[string]bool{"all": true, "output": true, "check": true, "dry-run": true}

func TestManualExplainsEveryBootVerb(t *testing.T) {
	explained := headings(manual(t, "ipvsadm-boot.8"))
	for _, verb := range boot.Verbs() {
		word := regexp.MustCompile(`(^|[^-\w])` + verb + `([^-\w]|$)`)
		if !word.MatchString(explained) || !word.MatchString(cmdline.BootUsage) {
			t.Errorf("ipvsadm-boot.8 or the usage does not explain %s", verb)
		}
	}
}

func TestManualNamesNoUnknownOption(t *testing.T) {
	longOption := regexp.MustCompile(`--([a-z][-\w]*)`)
	for _, path := range []string{"ipvsadm.8", "ipvsadm-save.8", "ipvsadm-restore.8", "ipvsadm-boot.8"} {
		for _, match := range longOption.FindAllStringSubmatch(manual(t, path), -1) {
			if cmdline.Options().Lookup(match[1]) == nil && !toolOptions[match[1]] {
				t.Errorf("%s names %s, which is no option", path, match[0])
			}
		}
	}
}
