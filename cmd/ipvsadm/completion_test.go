// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/completion"
	"github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/termtest"
)

func TestCompletionsAreUpToDate(t *testing.T) {
	for _, name := range completion.Files() {
		want, err := completion.Render(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := readFile(t, filepath.Join("completions", name)); got != want {
			t.Errorf("completions/%s is out of date: go generate ./cmd/...", name)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

const completionRules = `-A -t 10.0.0.1:80 -s rr
-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m
-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m
-A -t [fd00::1]:443 -s rr
-A -u 10.0.0.1:53 -s rr
-a -u 10.0.0.1:53 -r 10.1.0.3:53 -m
-A -f 3 -6 -s rr
-a -f 3 -6 -r [fd00::9]:0 -g
`

// completions are lines that are typed, and what they become with the tab key. A line
// stays as it is if nothing fits, or more than one word.
var completions = []struct{ typed, becomes string }{
	{"ipvsadm --delete-serv", "ipvsadm --delete-serv"},
	{"ipvsadm --add-server", "ipvsadm --add-server"},
	{"ipvsadm --sched", "ipvsadm --sched"},

	{"ipvsadm --wat", "ipvsadm --watch"},
	{"ipvsadm --json --stat", "ipvsadm --json --stats"},
	{"ipvsadm --netns no-such --delete-serv", "ipvsadm --netns no-such --delete-serv"},
	{"ipvsadm --netns no-such --watc", "ipvsadm --netns no-such --watch"},
	{"ipvsadm --netns no-such --stat", "ipvsadm --netns no-such --stat"},
	{"ipvsadm --netns no-such -L --stat", "ipvsadm --netns no-such -L --stats"},
	{"ipvsadm --netns=no-such -L --stat", "ipvsadm --netns=no-such -L --stats"},
	{"ipvsadm -A --net", "ipvsadm -A --net"},
	{"ipvsadm -L --netn", "ipvsadm -L --netns"},
	{"ipvsadm -L --netns completed", "ipvsadm -L --netns completed-namespace"},
	{"ipvsadm --netns=completed", "ipvsadm --netns=completed-namespace"},

	{"ipvsadm -A --schedule", "ipvsadm -A --scheduler"},
	{"ipvsadm -D --schedule", "ipvsadm -D --schedule"},
	{"ipvsadm -A -t 192.0.2.9:80 --udp", "ipvsadm -A -t 192.0.2.9:80 --udp"},
	{"ipvsadm -A -u 192.0.2.9:53 --op", "ipvsadm -A -u 192.0.2.9:53 --ops"},
	{"ipvsadm -A -t 192.0.2.9:80 --op", "ipvsadm -A -t 192.0.2.9:80 --op"},
	{"ipvsadm -A -u 192.0.2.9:53 -p --op", "ipvsadm -A -u 192.0.2.9:53 -p --ops"},
	{"ipvsadm -Ln --stat", "ipvsadm -Ln --stats"},
	{"ipvsadm -lnc --stat", "ipvsadm -lnc --state"},
	{"ipvsadm -a -t 192.0.2.9:80 -r 10.1.0.9 -i --tun-ty", "ipvsadm -a -t 192.0.2.9:80 -r 10.1.0.9 -i --tun-type"},
	{"ipvsadm -a -t 192.0.2.9:80 -r 10.1.0.9 -m --tun-ty", "ipvsadm -a -t 192.0.2.9:80 -r 10.1.0.9 -m --tun-ty"},

	{"ipvsadm -A -s wr", "ipvsadm -A -s wrr"},
	{"ipvsadm -As wr", "ipvsadm -As wrr"},
	{"ipvsadm -A --scheduler=wr", "ipvsadm -A --scheduler=wrr"},
	{"ipvsadm -A -s mh -b mh-p", "ipvsadm -A -s mh -b mh-port"},
	{"ipvsadm -A -s mh -b mh-port,mh-f", "ipvsadm -A -s mh -b mh-port,mh-fallback"},
	{"ipvsadm -A -s mh -b mh-port,", "ipvsadm -A -s mh -b mh-port,"},
	{"ipvsadm -A -s mh -bmh-port,", "ipvsadm -A -s mh -bmh-port,"},
	{"ipvsadm -A -s mh --sched-flags=mh-port,", "ipvsadm -A -s mh --sched-flags=mh-port,"},
	{"ipvsadm -A -s rr -b mh-p", "ipvsadm -A -s rr -b mh-p"},
	{"ipvsadm -A -swr", "ipvsadm -A -swrr"},
	{"ipvsadm -Aswr", "ipvsadm -Aswrr"},
	{"ipvsadm -A -s=wr", "ipvsadm -A -s=wrr"},
	{"ipvsadm -A -sw", "ipvsadm -A -sw"},
	{"ipvsadm -A -qwr", "ipvsadm -A -qwr"},
	{"ipvsadm -A -p3", "ipvsadm -A -p3"},
	{"ipvsadm -A -s mh -bmh-p", "ipvsadm -A -s mh -bmh-port"},
	{"ipvsadm -A -s mh -bmh-port,mh-", "ipvsadm -A -s mh -bmh-port,mh-fallback"},
	{"ipvsadm -A -s mh --sched-flags=mh-port,mh-", "ipvsadm -A -s mh --sched-flags=mh-port,mh-fallback"},
	{"ipvsadm -L --output j", "ipvsadm -L --output json"},
	{"ipvsadm -Lc --state SYNA", "ipvsadm -Lc --state SYNACK"},
	{"ipvsadm --start-daemon m", "ipvsadm --start-daemon master"},
	{"ipvsadm --start-daemon master --mcast-interface l", "ipvsadm --start-daemon master --mcast-interface lo"},

	{"ipvsadm --diag", "ipvsadm --diagnose"},
	{"ipvsadm --diagnose rea", "ipvsadm --diagnose real-server"},
	{"ipvsadm --diagnose --skip vip-mis", "ipvsadm --diagnose --skip vip-missing"},
	{"ipvsadm --diagnose real-server --direc", "ipvsadm --diagnose real-server --director"},
	{"ipvsadm --diagnose -t 10", "ipvsadm --diagnose -t 10.0.0.1:80"},
	{"ipvsadm --diagnose --stat", "ipvsadm --diagnose --stat"},

	{"ipvsadm -D -t 10", "ipvsadm -D -t 10.0.0.1:80"},
	{"ipvsadm -D -t 10.0.0.1:8", "ipvsadm -D -t 10.0.0.1:80"},
	{`ipvsadm -D -t 10.0.0.1\:8`, "ipvsadm -D -t 10.0.0.1:80"},
	{"ipvsadm -D -u 10", "ipvsadm -D -u 10.0.0.1:53"},
	{"ipvsadm -D -t '[fd", "ipvsadm -D -t [fd00::1]:443"},
	{"ipvsadm -D -t '[fd00:", "ipvsadm -D -t [fd00::1]:443"},
	{"ipvsadm -D -f ", "ipvsadm -D -f 3"},
	{"ipvsadm -D -t10", "ipvsadm -D -t10.0.0.1:80"},
	{"ipvsadm -D -t10.0.0.1:8", "ipvsadm -D -t10.0.0.1:80"},
	{"ipvsadm -Du10", "ipvsadm -Du10.0.0.1:53"},
	{"ipvsadm -D -t'[fd", "ipvsadm -D -t[fd00::1]:443"},
	{"ipvsadm -D -t'[fd00:", "ipvsadm -D -t[fd00::1]:443"},
	{"ipvsadm -D --tcp-service='[fd00:", "ipvsadm -D --tcp-service=[fd00::1]:443"},
	{"ipvsadm -At10", "ipvsadm -At10"},
	{"ipvsadm -D -t 9", "ipvsadm -D -t 9"},
	{"ipvsadm -A -t 10", "ipvsadm -A -t 10"},
	{"ipvsadm -Lc --virtual '[fd", "ipvsadm -Lc --virtual [fd00::1]:443"},
	{"ipvsadm -Lc --destination 10.1.0.3", "ipvsadm -Lc --destination 10.1.0.3:53"},
	{"ipvsadm -d -t 10.0.0.1:80 -r 10.1.0.1", "ipvsadm -d -t 10.0.0.1:80 -r 10.1.0.1:80"},
	{"ipvsadm -d -t 10.0.0.1:80 -r 10.1.0.3", "ipvsadm -d -t 10.0.0.1:80 -r 10.1.0.3"},
	{"ipvsadm -d -u 10.0.0.1:53 -r 1", "ipvsadm -d -u 10.0.0.1:53 -r 10.1.0.3:53"},
	{"ipvsadm -d -u10.0.0.1:53 -r1", "ipvsadm -d -u10.0.0.1:53 -r10.1.0.3:53"},
	{"ipvsadm -d -f3 -6 -r'[", "ipvsadm -d -f3 -6 -r[fd00::9]:0"},
	{"ipvsadm -d -f 3 -6 -r ", "ipvsadm -d -f 3 -6 -r [fd00::9]:0"},
	{"ipvsadm -a -t 10.0.0.1:80 -r 10", "ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.3:53"},

	{"ipvsadm -a -t 10.0.0.1:80 -r ", "ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.3:53"},

	{"ipvsadm --moni", "ipvsadm --monitor"},
	{"ipvsadm --monitor --fu", "ipvsadm --monitor --full"},
	{"ipvsadm --monitor 5 --fu", "ipvsadm --monitor 5 --full"},
	{"ipvsadm --monitor -u 10", "ipvsadm --monitor -u 10.0.0.1:53"},

	{"ipvsadm --sysctl conntr", "ipvsadm --sysctl conntrack"},
	{"ipvsadm --sysctl conntrack=1 expire_no", "ipvsadm --sysctl conntrack=1 expire_nodest_conn"},
	{"ipvsadm --netns no-such --sysctl conntr", "ipvsadm --netns no-such --sysctl conntrack"},
	{"ipvsadm --sysctl --netns no-such conntr", "ipvsadm --sysctl --netns no-such conntrack"},
	{"ipvsadm --sysctl conntrack=", "ipvsadm --sysctl conntrack="},
	{"ipvsadm --sysctl --chang", "ipvsadm --sysctl --changed"},
	{"ipvsadm --sysctl --changed conntr", "ipvsadm --sysctl --changed conntr"},
	{"ipvsadm --sysctl --output conntr", "ipvsadm --sysctl --output conntr"},
	{"ipvsadm -L conntr", "ipvsadm -L conntr"},

	{"ipvsadm -R < ru", "ipvsadm -R < rules"},
	{"ipvsadm-restore --dr", "ipvsadm-restore --dry-run"},
	{"ipvsadm-restore --check --dr", "ipvsadm-restore --check --dr"},
	{"ipvsadm-restore --netns blue --dr", "ipvsadm-restore --netns blue --dry-run"},
	{"ipvsadm-restore --fr", "ipvsadm-restore --from"},
	{"ipvsadm-restore --from rules --dr", "ipvsadm-restore --from rules --dry-run"},
	{"ipvsadm-restore --dry-run --fr", "ipvsadm-restore --dry-run --from"},
	{"ipvsadm-restore --dry-run --from ru", "ipvsadm-restore --dry-run --from rules"},
	{"ipvsadm-restore --dry-run --from rules --ch", "ipvsadm-restore --dry-run --from rules --ch"},
	{"ipvsadm-restore --dry-run --netn", "ipvsadm-restore --dry-run --netns"},
	{"ipvsadm-restore ru", "ipvsadm-restore rules"},
	{"ipvsadm-save --outp", "ipvsadm-save --output"},
	{"ipvsadm-save --output ru", "ipvsadm-save --output rules"},
	{"ipvsadm-boot pan", "ipvsadm-boot panic"},
}

// behindSudo are lines that begin with sudo. Of the shells without further packages, only
// zsh completes them.
var behindSudo = []struct{ typed, becomes string }{
	{"sudo ipvsadm -D -u ", "sudo ipvsadm -D -u 10.0.0.1:53"},
	{"sudo -u root ipvsadm -d -t 10.0.0.1:80 -r 10.1.0.1", "sudo -u root ipvsadm -d -t 10.0.0.1:80 -r 10.1.0.1:80"},
}

// withoutRights are the credentials of the user nobody.
var withoutRights = &syscall.Credential{Uid: 65534, Gid: 65534}

// testCompletion completes lines in bash, zsh and fish, which belong to a user without
// rights, while the kernel has services.
func testCompletion(t *testing.T) {
	inNewNamespace(t)
	restore := exec.Command(binary, "-R")
	restore.Stdin = strings.NewReader(completionRules)
	if output, err := restore.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	nameNamespace(t, "completed-namespace", "/proc/thread-self/ns/net")
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	scripts, err := filepath.Abs("completions")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "rules"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "TERM=xterm", "HOME="+dir)
	bash := startShell(t, dir, env, []string{"bash", "--norc", "--noprofile", "-i"},
		"source "+scripts+"/ipvsadm.bash; bind 'set enable-bracketed-paste off'; PS1='$ '")
	zsh := startShell(t, dir, env, []string{"zsh", "-f", "-i"},
		"bindkey -e; unset zle_bracketed_paste; unsetopt prompt_sp; fpath=("+scripts+" $fpath); autoload -U compinit; compinit -u -D; PROMPT='$ '")
	inFish := completeInFish(t, dir, env, scripts)
	for i, c := range completions {
		for shell, got := range map[string]string{"bash": bash(c.typed), "zsh": zsh(c.typed), "fish": inFish[i]} {
			if got != c.becomes {
				t.Errorf("%s: %s becomes %s, want %s", shell, c.typed, got, c.becomes)
			}
		}
	}
	for _, c := range behindSudo {
		if got := zsh(c.typed); got != c.becomes {
			t.Errorf("zsh: %s becomes %s, want %s", c.typed, got, c.becomes)
		}
	}
}

// startShell starts an interactive shell on a terminal. The function that it returns types
// a line and the tab key, and returns the words that the line has then.
func startShell(t *testing.T, dir string, env, command []string, setUp string) func(string) string {
	t.Helper()
	far, terminal := termtest.Open(t, 200)
	if err := terminal.Chown(int(withoutRights.Uid), int(withoutRights.Gid)); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command(command[0], command[1:]...)
	shell.Dir, shell.Env = dir, env
	shell.Stdin, shell.Stdout, shell.Stderr = terminal, terminal, terminal
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Credential: withoutRights}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = shell.Process.Kill()
		_ = shell.Wait()
	})
	typeKeys := func(keys string) {
		if _, err := far.WriteString(keys); err != nil {
			t.Fatal(err)
		}
	}
	typeKeys(setUp + "; words() { printf '<%s> ' \"$@\"; echo end; }; echo rea''dy\r")
	termtest.WaitFor(t, far, "ready\r\n")
	const toStart, toEnd = "\x01", "\x05"
	return func(typed string) string {
		quote := ""
		if strings.Contains(typed, "<") { // else the shell would redirect
			quote = "'"
		}
		typeKeys(typed + "\t" + toStart + "words " + quote + toEnd + quote + "\r")
		drawn, _, _ := strings.Cut(termtest.WaitFor(t, far, "> end\r\n"), "> end\r\n")
		_, line, _ := strings.Cut(drawn[strings.LastIndex(drawn, "\n")+1:], "<")
		return strings.TrimSpace(strings.ReplaceAll(line, "> <", " "))
	}
}

// completeInFish returns what fish makes of the lines of completions.
func completeInFish(t *testing.T, dir string, env []string, scripts string) (lines []string) {
	t.Helper()
	fish := exec.Command("fish", "--no-config", "-c",
		"source "+scripts+"/ipvsadm.fish; for line in $argv; echo (complete -C $line | string join '||'); end", "--")
	for _, c := range completions {
		fish.Args = append(fish.Args, c.typed)
	}
	fish.Dir, fish.Env, fish.Stderr = dir, env, os.Stderr
	fish.SysProcAttr = &syscall.SysProcAttr{Credential: withoutRights}
	out, err := fish.Output()
	if err != nil {
		t.Fatalf("fish: %v", err)
	}
	for i, candidates := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		line := completions[i].typed
		word, _, _ := strings.Cut(candidates, "\t") // after it, a description
		if word != "" && !strings.Contains(candidates, "||") {
			line = line[:strings.LastIndex(line, " ")+1] + word
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}
