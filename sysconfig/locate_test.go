// SPDX-License-Identifier: Apache-2.0

package sysconfig

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// newRoot returns a root directory with files.
func newRoot(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, content := range files {
		path = filepath.Join(root, path)
		if strings.HasSuffix(content, "/") {
			path, content = filepath.Join(path, content), ""
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestLocate(t *testing.T) {
	const (
		rules = "# web\n-A -t 10.0.0.1:80\n"
		suse  = "## Path: Network/IPVS\nIPVSADM_CONFIG=\"/srv/rules\"\n"
	)
	for _, test := range []struct {
		name  string
		files map[string]string
		want  Config
	}{
		{"nothing", nil, Config{Rules: RulesDebian, Auto: true}},
		{"Red Hat", map[string]string{RulesRedHat: rules}, Config{Rules: RulesRedHat, Auto: true}},
		{"Red Hat with only comments", map[string]string{RulesRedHat: "# A=b\n\n"}, Config{Rules: RulesRedHat, Auto: true}},
		{"Red Hat, rules as 1.20 wrote them", map[string]string{RulesRedHat: "ipvsadm -A -f 1\n"}, Config{Rules: RulesRedHat, Auto: true}},
		{"Red Hat, new", map[string]string{"/etc/sysconfig/network": "", "/etc/os-release": "ID=fedora\n"}, Config{Rules: RulesRedHat, Auto: true}},
		{
			"Red Hat with settings",
			map[string]string{
				RulesRedHat:    rules,
				SettingsRedHat: "IPVS_MODULES_UNLOAD=\"yes\"\nIPVS_SAVE_ON_STOP='yes'\nIPVS_SAVE_ON_RESTART=yes\nIPVS_STATUS_NUMERIC=no # names\n",
			},
			Config{Rules: RulesRedHat, Auto: true, SaveOnStop: true, SaveOnRestart: true, StatusByName: true, UnloadModules: true},
		},
		{
			"Red Hat's own settings",
			map[string]string{SettingsRedHat: "IPVS_SAVE_ON_STOP=\"no\"\nIPVS_SAVE_ON_RESTART=\"no\"\nIPVS_STATUS_NUMERIC=\"yes\"\n"},
			Config{Rules: RulesRedHat, Auto: true},
		},
		{"SUSE", map[string]string{RulesRedHat: suse}, Config{Rules: "/srv/rules", Auto: true}},
		{"SUSE without a name", map[string]string{RulesRedHat: "IPVSADM_CONFIG=\n"}, Config{Rules: RulesDebian, Auto: true}},
		{"SUSE as found with a comment", map[string]string{RulesRedHat: "#IPVSADM_CONFIG=x\n", "/etc/os-release": "ID=sles\nID_LIKE=suse\n"}, Config{Rules: RulesDebian, Auto: true}},
		{"Red Hat, emptied, beside an old file", map[string]string{RulesRedHat: "", RulesDebian: rules}, Config{Rules: RulesRedHat, Auto: true}},
		{"SUSE, new", map[string]string{"/etc/sysconfig/x": "", "/etc/os-release": "ID_LIKE=\"suse opensuse\"\n"}, Config{Rules: RulesDebian, Auto: true}},
		{"SUSE, new, os-release below /usr", map[string]string{"/etc/sysconfig/x": "", "/usr/lib/os-release": "ID=opensuse-leap\n"}, Config{Rules: RulesDebian, Auto: true}},
		{"SLES 12, new, which does not name its kin", map[string]string{"/etc/sysconfig/x": "", "/etc/os-release": "ID=\"sles\"\n"}, Config{Rules: RulesDebian, Auto: true}},
		{"Alpine", map[string]string{"/etc/os-release": "ID=alpine\n"}, Config{Rules: RulesOpenRC, Auto: true}},
		{"Gentoo, which has /etc/sysconfig", map[string]string{"/etc/sysconfig/x": "", "/etc/os-release": "ID=gentoo\n"}, Config{Rules: RulesOpenRC, Auto: true}},
		{"Alpine with rules at Debian's place", map[string]string{RulesDebian: rules, RulesOpenRC: rules, "/etc/os-release": "ID=alpine\n"}, Config{Rules: RulesDebian, Auto: true}},
		{"Arch", map[string]string{"/etc/os-release": "ID=arch\n"}, Config{Rules: RulesArch, Auto: true}},
		{"kin of Arch", map[string]string{"/usr/lib/os-release": "ID=manjaro\nID_LIKE=arch\n"}, Config{Rules: RulesArch, Auto: true}},
		{"no kin of Arch", map[string]string{RulesArch: rules, "/etc/os-release": "ID=archaic\n"}, Config{Rules: RulesDebian, Auto: true}},
		{"rules with a typo", map[string]string{RulesRedHat: "# mine\n" + rules + "a=b\n"}, Config{Rules: RulesRedHat, Auto: true}},
		{"Debian", map[string]string{RulesDebian: rules}, Config{Rules: RulesDebian, Auto: true}},
		{
			"Debian as installed",
			map[string]string{RulesDebian: "", SettingsDebian: "AUTO=\"false\"\nDAEMON=\"none\"\nIFACE=\"eth0\"\t\n# SYNCID=\"0\"\n"},
			Config{Rules: RulesDebian},
		},
		{
			"Debian with a daemon",
			map[string]string{SettingsDebian: "AUTO=true\nDAEMON=both\nIFACE=lan0\nSYNCID=7\n"},
			Config{Rules: RulesDebian, Auto: true, Master: true, Backup: true, Interface: "lan0", SyncID: 7},
		},
		{
			"values the original took for no",
			map[string]string{SettingsDebian: "AUTO=yes\nDAEMON=slave; IFACE=$LAN\n\nSYNCID=999\nif true; then :; fi\n", SettingsRedHat: "IPVS_STATUS_NUMERIC=1\r\n"},
			Config{Rules: RulesDebian, Warnings: []string{
				"/etc/default/ipvsadm: line 5: not of the form NAME=value, so it counts for nothing",
				`/etc/default/ipvsadm: line 1: AUTO is "yes", neither "true" nor "false": it counts as "false"`,
				`/etc/default/ipvsadm: line 2: DAEMON is "slave", none of "none", "master", "backup" and "both": it counts as "none"`,
				`/etc/sysconfig/ipvsadm-config: line 1: IPVS_STATUS_NUMERIC is "1", neither "no" nor "yes": it counts as "yes"`,
			}},
		},
		{
			"an assignment behind a value that only a shell could read",
			map[string]string{SettingsDebian: "FOO=$BAR; AUTO=true\n"},
			Config{Rules: RulesDebian, Warnings: []string{
				"/etc/default/ipvsadm: line 1: FOO: only a shell could read the value; write it without $, `, & and the like; what follows it counts for nothing",
			}},
		},
		{
			"several on a line",
			map[string]string{SettingsDebian: "AUTO=true; export DAEMON=both IFACE='lan0' # SYNCID=9\n"},
			Config{Rules: RulesDebian, Auto: true, Master: true, Backup: true, Interface: "lan0"},
		},
		{"Debian with the directory sysconfig", map[string]string{"/etc/sysconfig/x": "", SettingsDebian: "AUTO=true\nDAEMON=backup\n"}, Config{Rules: RulesDebian, Auto: true, Backup: true, Interface: "eth0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Locate(newRoot(t, test.files))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

func TestLocateErrors(t *testing.T) {
	const shell = "only a shell could read the value; write it without $, `, & and the like"
	for _, test := range []struct{ path, content, want string }{
		{SettingsDebian, "DAEMON=both\nSYNCID=256\n", `/etc/default/ipvsadm: line 2: SYNCID: "256" is no number from 0 to 255`},
		{SettingsDebian, "DAEMON=both\nSYNCID=-1\n", `/etc/default/ipvsadm: line 2: SYNCID: "-1" is no number from 0 to 255`},
		{SettingsDebian, "DAEMON=both\nIFACE=$LAN\n", "/etc/default/ipvsadm: line 2: IFACE: " + shell},
		{SettingsDebian, "DAEMON=both\nIFACE=\"`lan`\"\n", "/etc/default/ipvsadm: line 2: IFACE: " + shell},
		{SettingsDebian, "\nAUTO='true\n", "/etc/default/ipvsadm: line 2: the line ends within a value: a quotation mark is not closed, or there is a \\ at the end"},
		{SettingsDebian, "NOTE=\"\nAUTO=true\n\"\n", "/etc/default/ipvsadm: line 1: the line ends within a value: a quotation mark is not closed, or there is a \\ at the end"},
		{SettingsDebian, "DAEMON=both\nIFACE=~\n", "/etc/default/ipvsadm: line 2: IFACE: " + shell},
		{SettingsDebian, "AUTO=$(cat /auto)\n", "/etc/default/ipvsadm: line 1: AUTO: " + shell},
		{RulesRedHat, "IPVSADM_CONFIG=rules\n", `/etc/sysconfig/ipvsadm: line 1: IPVSADM_CONFIG: "rules" does not begin with /`},
		{SettingsDebian, strings.Repeat("x", 100_000), "/etc/default/ipvsadm: bufio.Scanner: token too long"},
	} {
		config, err := Locate(newRoot(t, map[string]string{test.path: test.content}))
		if err == nil || err.Error() != test.want {
			t.Errorf("%q\n got %v, %v\nwant %s", test.content, config, err, test.want)
		}
		if !reflect.DeepEqual(config, Config{}) {
			t.Errorf("%q: got %+v besides the error", test.content, config)
		}
	}
}

func TestLocateUnreadable(t *testing.T) {
	for _, path := range []string{RulesRedHat, SettingsDebian, SettingsRedHat} {
		root := newRoot(t, map[string]string{path: "directory/"})
		_, err := Locate(root)
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || strings.Contains(err.Error(), root) {
			t.Errorf("%s is a directory: %v", path, err)
		}
	}
}
