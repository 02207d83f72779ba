package sysconfig

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
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
		{"SUSE as found with a comment", map[string]string{RulesRedHat: "#IPVSADM_CONFIG=x\n", "/etc/os-release": "ID=sles\nID_LIKE=suse\n"}, System{Rules: RulesDebian, Auto: true}},
		{"Red Hat, emptied, beside an old file", map[string]string{RulesRedHat: "", RulesDebian: rules}, System{Rules: RulesRedHat, Auto: true}},
		{"SUSE, new", map[string]string{"/etc/sysconfig/x": "", "/etc/os-release": "ID_LIKE=\"suse opensuse\"\n"}, System{Rules: RulesDebian, Auto: true}},
		{"SUSE, new, os-release below /usr", map[string]string{"/etc/sysconfig/x": "", "/usr/lib/os-release": "ID=opensuse-leap\n"}, System{Rules: RulesDebian, Auto: true}},
		{"SLES 12, new, which does not name its kin", map[string]string{"/etc/sysconfig/x": "", "/etc/os-release": "ID=\"sles\"\n"}, System{Rules: RulesDebian, Auto: true}},
		{"rules with a typo", map[string]string{RulesRedHat: "# mine\n" + rules + "a=b\n"}, System{Rules: RulesRedHat, Auto: true}},
		{"Debian", map[string]string{RulesDebian: rules}, System{Rules: RulesDebian, Auto: true}},
		{
			"Debian as installed",
			map[string]string{RulesDebian: "", SettingsDebian: "AUTO=\"false\"\nDAEMON=\"none\"\nIFACE=\"eth0\"\t\n# SYNCID=\"0\"\n"},
			System{Rules: RulesDebian},
		},
		{
			"Debian with a daemon",
			map[string]string{SettingsDebian: "AUTO=true\nDAEMON=both\nIFACE=lan0\nSYNCID=7\n"},
			System{Rules: RulesDebian, Auto: true, Master: true, Backup: true, Interface: "lan0", SyncID: 7},
		},
		{
			"values the original took for no",
			map[string]string{SettingsDebian: "AUTO=yes\nDAEMON=slave; IFACE=$LAN\n\nSYNCID=999\nif true; then :; fi\n", SettingsRedHat: "IPVS_STATUS_NUMERIC=1\r\n"},
			System{Rules: RulesDebian, Warnings: []string{
				"/etc/default/ipvsadm: line 5: not of the form NAME=value, so it counts for nothing",
				`/etc/default/ipvsadm: line 1: AUTO is "yes", neither "true" nor "false": it counts as "false"`,
				`/etc/default/ipvsadm: line 2: DAEMON is "slave", none of "none", "master", "backup" and "both": it counts as "none"`,
				`/etc/sysconfig/ipvsadm-config: line 1: IPVS_STATUS_NUMERIC is "1", neither "no" nor "yes": it counts as "yes"`,
			}},
		},
		{
			"an assignment behind a value that only a shell could read",
			map[string]string{SettingsDebian: "FOO=$BAR; AUTO=true\n"},
			System{Rules: RulesDebian, Warnings: []string{
				"/etc/default/ipvsadm: line 1: FOO: only a shell could read the value; write it without $, `, & and the like; what follows it counts for nothing",
			}},
		},
		{
			"several on a line",
			map[string]string{SettingsDebian: "AUTO=true; export DAEMON=both IFACE='lan0' # SYNCID=9\n"},
			System{Rules: RulesDebian, Auto: true, Master: true, Backup: true, Interface: "lan0"},
		},
		{"Debian with the directory sysconfig", map[string]string{"/etc/sysconfig/x": "", SettingsDebian: "AUTO=true\nDAEMON=backup\n"}, System{Rules: RulesDebian, Auto: true, Backup: true, Interface: "eth0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Find(machineWith(t, test.files))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

func TestFindNamesWhatIsWrong(t *testing.T) {
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
		system, err := Find(machineWith(t, map[string]string{test.path: test.content}))
		if err == nil || err.Error() != test.want {
			t.Errorf("%q\n got %v, %v\nwant %s", test.content, system, err, test.want)
		}
		if !reflect.DeepEqual(system, System{}) {
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
	file, err := readSettings(machineWith(t, map[string]string{"/x": "A=1\nexport A=2\nB=$(broken)\nB=fine\nC=$(never read)\nD=x and more\n"}), "/x")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := file.text("A", ""), file.text("B", ""); a != "2" || b != "fine" || file.err != nil {
		t.Errorf("A is %q, B is %q, %v", a, b, file.err)
	}
	if d := file.text("D", "none"); d != "none" || len(file.warnings) != 1 {
		t.Errorf("D is %q, %v", d, file.warnings)
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
		`plain`, `"two words"`, `'two words'`, `"a"b'c'`, `"\"\\\$\x"`, `a\ b\\`, `'\'`, `"it's"`, `a # comment`, `a#b`, `a;`, `a ; # b`, `"" # c`, ``, `a~b`, `"~"`, `'~'`,
	} {
		want, err := exec.Command("/bin/sh", "-c", "A="+text+"\nprintf %s \"$A\"").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := readAssignments("A=" + text); err != nil || got["A"].value != string(want) || got["A"].err != nil {
			t.Errorf("%s is %+v, %v; a shell reads %q", text, got, err, want)
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
		value, rest, err := unquote(text)
		if err != nil && (value != "" || rest != "") || !strings.HasSuffix(text, rest) {
			t.Errorf("%q: value %q and rest %q, %v", text, value, rest, err)
		}
		_, _ = readAssignments(text)
		if strings.Contains(text, "'") {
			return
		}
		if value, _, err := unquote("'" + text + "'"); err != nil || value != text {
			t.Errorf("'%s' is %q, %v", text, value, err)
		}
	})
}

func TestOpenRefusesWhatMayNeverEnd(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"zero": "/dev/zero", "null": "/dev/null", "root": "/"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/pipe", "/zero", "/root"} {
		if _, err := Open(root, path); err == nil || err.Error() != path+": not a regular file" {
			t.Errorf("%s: %v", path, err)
		}
	}
	file, err := Open(root, "/null")
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
}
