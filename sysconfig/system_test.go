package sysconfig

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machineWith makes a root directory with files.
func machineWith(t *testing.T, files map[string]string) string {
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

func TestFind(t *testing.T) {
	const (
		rules = "# web\n-A -t 10.0.0.1:80\n"
		suse  = "## Path: Network/IPVS\nIPVSADM_CONFIG=\"/srv/rules\"\n"
	)
	for _, test := range []struct {
		name  string
		files map[string]string
		want  System
	}{
		{"nothing", nil, System{Rules: RulesDebian, Auto: true}},
		{"Red Hat", map[string]string{RulesRedHat: rules}, System{Rules: RulesRedHat, Auto: true}},
		{"Red Hat with only comments", map[string]string{RulesRedHat: "# A=b\n\n"}, System{Rules: RulesRedHat, Auto: true}},
		{"Red Hat, rules as 1.20 wrote them", map[string]string{RulesRedHat: "ipvsadm -A -f 1\n"}, System{Rules: RulesRedHat, Auto: true}},
		{"Red Hat, new", map[string]string{"/etc/sysconfig/network": "", "/etc/os-release": "ID=fedora\n"}, System{Rules: RulesRedHat, Auto: true}},
		{
			"Red Hat with settings",
			map[string]string{
				RulesRedHat:    rules,
				SettingsRedHat: "IPVS_MODULES_UNLOAD=\"yes\"\nIPVS_SAVE_ON_STOP='yes'\nIPVS_SAVE_ON_RESTART=yes\nIPVS_STATUS_NUMERIC=no # names\n",
			},
			System{Rules: RulesRedHat, Auto: true, SaveOnStop: true, SaveOnRestart: true, StatusByName: true, UnloadModules: true},
		},
		{
			"Red Hat's own settings",
			map[string]string{SettingsRedHat: "IPVS_SAVE_ON_STOP=\"no\"\nIPVS_SAVE_ON_RESTART=\"no\"\nIPVS_STATUS_NUMERIC=\"yes\"\n"},
			System{Rules: RulesRedHat, Auto: true},
		},
		{"SUSE", map[string]string{RulesRedHat: suse}, System{Rules: "/srv/rules", Auto: true}},
		{"SUSE without a name", map[string]string{RulesRedHat: "IPVSADM_CONFIG=\n"}, System{Rules: RulesDebian, Auto: true}},
		{"SUSE, new", map[string]string{"/etc/sysconfig/x": "", "/etc/os-release": "ID_LIKE=\"suse opensuse\"\n"}, System{Rules: RulesDebian, Auto: true}},
		{"SUSE, new, os-release below /usr", map[string]string{"/etc/sysconfig/x": "", "/usr/lib/os-release": "ID=opensuse-leap\n"}, System{Rules: RulesDebian, Auto: true}},
		{"Debian", map[string]string{RulesDebian: rules}, System{Rules: RulesDebian, Auto: true}},
		{
			"Debian as installed",
			map[string]string{RulesDebian: "", SettingsDebian: "AUTO=\"false\"\nDAEMON=\"none\"\nIFACE=\"eth0\"\t\n# SYNCID=\"0\"\n"},
			System{Rules: RulesDebian, Interface: "eth0"},
		},
		{
			"Debian with a daemon",
			map[string]string{SettingsDebian: "AUTO=true\nDAEMON=both\nIFACE=lan0\nSYNCID=7\n"},
			System{Rules: RulesDebian, Auto: true, Master: true, Backup: true, Interface: "lan0", SyncID: 7},
		},
		{"Debian with the directory sysconfig", map[string]string{"/etc/sysconfig/x": "", SettingsDebian: "AUTO=true\nDAEMON=backup\n"}, System{Rules: RulesDebian, Auto: true, Backup: true, Interface: "eth0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Find(machineWith(t, test.files))
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

func TestFindNamesWhatIsWrong(t *testing.T) {
	for _, test := range []struct{ path, content, want string }{
		{SettingsDebian, "AUTO=yes\n", `/etc/default/ipvsadm: line 1: AUTO: "yes" is neither "true" nor "false"`},
		{SettingsDebian, "\n# x\nDAEMON=slave\n", `/etc/default/ipvsadm: line 3: DAEMON: "slave" is none of "none", "master", "backup" and "both"`},
		{SettingsDebian, "SYNCID=256\n", `/etc/default/ipvsadm: line 1: SYNCID: "256" is no number from 0 to 255`},
		{SettingsDebian, "SYNCID=-1\n", `/etc/default/ipvsadm: line 1: SYNCID: "-1" is no number from 0 to 255`},
		{SettingsDebian, "IFACE=$LAN\n", "/etc/default/ipvsadm: line 1: IFACE: the value has a $ or ` that only a shell could read; write the value itself"},
		{SettingsDebian, "IFACE=\"`lan`\"\n", "/etc/default/ipvsadm: line 1: IFACE: the value has a $ or ` that only a shell could read; write the value itself"},
		{SettingsDebian, "IFACE='eth0\n", "/etc/default/ipvsadm: line 1: IFACE: a quotation mark is not closed on its line"},
		{SettingsDebian, "IFACE=eth0 up\n", "/etc/default/ipvsadm: line 1: IFACE: more than one word; put quotation marks around the value"},
		{SettingsDebian, "AUTO=true\nif true; then\n", "/etc/default/ipvsadm: line 2: not of the form NAME=value"},
		{SettingsDebian, "AUTO=true\n\x00\xff\n", "/etc/default/ipvsadm: line 2: not of the form NAME=value"},
		{SettingsRedHat, "IPVS_SAVE_ON_STOP=true\n", `/etc/sysconfig/ipvsadm-config: line 1: IPVS_SAVE_ON_STOP: "true" is neither "yes" nor "no"`},
		{SettingsRedHat, "IPVS_STATUS_NUMERIC=maybe\n", `/etc/sysconfig/ipvsadm-config: line 1: IPVS_STATUS_NUMERIC: "maybe" is neither "no" nor "yes"`},
		{RulesRedHat, "IPVSADM_CONFIG=rules\n", `/etc/sysconfig/ipvsadm: line 1: IPVSADM_CONFIG: "rules" does not begin with /`},
		{RulesRedHat, "IPVSADM_CONFIG=/rules\n-A -f 1\n", "/etc/sysconfig/ipvsadm: line 2: not of the form NAME=value"},
		{SettingsDebian, strings.Repeat("x", 100_000), "/etc/default/ipvsadm: bufio.Scanner: token too long"},
	} {
		system, err := Find(machineWith(t, map[string]string{test.path: test.content}))
		if err == nil || err.Error() != test.want {
			t.Errorf("%q\n got %v, %v\nwant %s", test.content, system, err, test.want)
		}
		if system != (System{}) {
			t.Errorf("%q: got %+v besides the error", test.content, system)
		}
	}
}

func TestFindReportsWhatCannotBeRead(t *testing.T) {
	for _, path := range []string{RulesRedHat, SettingsDebian, SettingsRedHat} {
		root := machineWith(t, map[string]string{path: "directory/"})
		_, err := Find(root)
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || strings.Contains(err.Error(), root) {
			t.Errorf("%s is a directory: %v", path, err)
		}
	}
}

func TestOfTwoLinesTheLastCounts(t *testing.T) {
	file, err := readSettings(machineWith(t, map[string]string{"/x": "A=1\nexport A=2\nB=$(broken)\nB=fine\nC=$(never read)\n"}), "/x")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := file.text("A", ""), file.text("B", ""); a != "2" || b != "fine" || file.err != nil {
		t.Errorf("A is %q, B is %q, %v", a, b, file.err)
	}
	if c := file.text("C", "none"); c != "none" || !errors.Is(file.err, errExpansion) {
		t.Errorf("C is %q, %v", c, file.err)
	}
}

func TestReadSettingsOfNoFile(t *testing.T) {
	if _, err := readSettings(t.TempDir(), "/x"); !errors.Is(err, fs.ErrNotExist) || err.Error() != "/x: no such file or directory" {
		t.Error(err)
	}
}

func TestValuesAreReadAsAShellReadsThem(t *testing.T) {
	for _, text := range []string{
		`plain`, `"two words"`, `'two words'`, `"a"b'c'`, `"\"\\\$\x"`, `a\ b\\`, `'\'`, `"it's"`, `a # comment`, `a#b`, `a;`, `a ; # b`, `"" # c`, ``,
	} {
		want, err := exec.Command("/bin/sh", "-c", "A="+text+"\nprintf %s \"$A\"").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := unquote(text); err != nil || got != string(want) {
			t.Errorf("%s is %q, %v; a shell reads %q", text, got, err, want)
		}
	}
}

// FuzzSettings compares with what a shell's quoting allows: a value in single
// quotes is itself, and nothing makes the reader panic.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{"", "a", `"a b" # c`, `a\ b`, `'`, `"\`, "a;b", "$x", "a=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if value, err := unquote(text); err != nil && value != "" {
			t.Errorf("%q: value %q besides the error %v", text, value, err)
		}
		if strings.Contains(text, "'") {
			return
		}
		if value, err := unquote("'" + text + "'"); err != nil || value != text {
			t.Errorf("'%s' is %q, %v", text, value, err)
		}
	})
}
