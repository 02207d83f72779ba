// SPDX-License-Identifier: Apache-2.0

package listings

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A pane is a terminal with a real screen: one of tmux, in a host's namespace, with a shell in it.
type pane struct {
	t      *testing.T
	host   *host
	socket string
}

// prompt is what the shell shows when it waits, so that the end of a command can be told.
const prompt = "ready> "

// newPane opens a terminal of so many columns and rows.
func newPane(t *testing.T, h *host, width, height int) *pane {
	t.Helper()
	p := &pane{t, h, filepath.Join(t.TempDir(), "tmux")}
	h.Do(func() {
		cmd := exec.Command("tmux", "-S", p.socket, "-f", "/dev/null", "new-session", "-d",
			"-x", fmt.Sprint(width), "-y", fmt.Sprint(height), "env PS1='"+prompt+"' TERM=tmux-256color sh")
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/", "LC_ALL=C.UTF-8"}
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux: %v, %s", err, output)
		}
	})
	t.Cleanup(func() { p.tmux("kill-server") })
	p.waitFor("the prompt", atPrompt)
	return p
}

func (p *pane) tmux(words ...string) string {
	p.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", p.socket}, words...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	output, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %q: %v, %s", words, err, output)
	}
	return strings.TrimSuffix(string(output), "\n")
}

// run types a command line.
func (p *pane) run(line string) {
	p.t.Helper()
	p.tmux("send-keys", "-l", line)
	p.keys("Enter")
}

// keys presses keys by tmux's names: q, C-c, Down.
func (p *pane) keys(names ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, names...)...)
}

func (p *pane) resize(width, height int) {
	p.t.Helper()
	p.tmux("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
}

// screen is what is to be seen, without the empty lines at its end.
func (p *pane) screen() string { return strings.TrimRight(p.tmux("capture-pane", "-p"), "\n") }

// colours is the screen with what it is coloured with.
func (p *pane) colours() string { return p.tmux("capture-pane", "-p", "-e") }

// waitFor waits until the screen is as wanted.
func (p *pane) waitFor(what string, wanted func(screen string) bool) string {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		screen := p.screen()
		if wanted(screen) {
			return screen
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("no %s on the screen:\n%s", what, screen)
		}
	}
}

// waitForText waits until a text is on the screen.
func (p *pane) waitForText(text string) string {
	p.t.Helper()
	return p.waitFor(fmt.Sprintf("%q", text), func(screen string) bool { return strings.Contains(screen, text) })
}

func atPrompt(screen string) bool {
	return strings.HasSuffix("\n"+screen, "\n"+strings.TrimSpace(prompt))
}

// status types a command that shows the exit status of the last one, on an empty screen.
func (p *pane) status() string {
	p.t.Helper()
	p.run("echo status=$?.")
	screen := p.waitFor("status", statusLine.MatchString)
	return statusLine.FindStringSubmatch(screen)[1]
}

var statusLine = regexp.MustCompile(`(?m)^status=(\d+)\.$`)

// modes are those of the terminal: of the driver, as stty says, the cursor, and the alternate screen.
func (p *pane) modes() string {
	p.t.Helper()
	p.run("clear; stty -a; echo end.")
	screen := p.waitFor("modes", func(screen string) bool { return strings.Contains(screen, "\nend.\n") })
	return screen + p.tmux("display-message", "-p", "cursor #{cursor_flag} alternate #{alternate_on} keypad #{keypad_flag} #{mouse_any_flag}")
}
