package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ipvsadm-go/ipvsadm/ipvs"
	"github.com/ipvsadm-go/ipvsadm/ipvs/ipvstest"
)

// bootOn runs a verb of ipvsadm-boot with files of the machine, each "PATH CONTENT".
func bootOn(t *testing.T, k *ipvstest.Kernel, stdout io.Writer, verb string, files ...string) (stderr string, status int) {
	t.Helper()
	root := t.TempDir()
	for _, file := range files {
		path, content, _ := strings.Cut(file, " ")
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if content == "FIFO" {
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var errors strings.Builder
	status = run([]string{"ipvsadm-boot", verb}, strings.NewReader(""), stdout, &errors, fakeMachine(k, root))
	return errors.String(), status
}

func TestAMachineThatIsToBeLeftAloneNeedsNoIPVS(t *testing.T) {
	for _, verb := range []string{"start", "restart", "reload", "stop", "unload"} {
		k := unloaded()
		k.Inject(ipvstest.Fault{Command: ipvs.CommandGetInfo, Times: -1, Effect: ipvstest.Before(func() { t.Errorf("%s asks for IPVS", verb) })})
		if stderr, status := bootOn(t, k, io.Discard, verb, "/etc/default/ipvsadm AUTO=false"); status != 0 {
			t.Errorf("%s: status %d, %s", verb, status, stderr)
		}
	}
}

func TestStopSavesNothingIntoAPipe(t *testing.T) {
	k := ipvstest.New()
	runLines(t, k, "ipvsadm -A -f 1")
	stderr, status := bootOn(t, k, io.Discard, "stop", "/etc/ipvsadm.rules FIFO", "/etc/sysconfig/ipvsadm-config IPVS_SAVE_ON_STOP=yes")
	if stderr != "/etc/ipvsadm.rules: not a regular file\n" || status != lsbFailed {
		t.Errorf("status %d, %s", status, stderr)
	}
	check(t, k, "ipvsadm -S -n", want{stdout: "-A -f 1 -s wlc\n"})
}

// By the LSB, 1 would mean that IPVS is dead.
func TestAStatusThatCannotBeWrittenIsUnknown(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = full.Close() }()
	k := ipvstest.New()
	for _, services := range []int{0, 2000} { // the latter more than fits into a buffer
		for mark := range services {
			runLines(t, k, fmt.Sprintf("ipvsadm -A -f %d", mark+1))
		}
		stderr, status := bootOn(t, k, full, "status")
		if want := "ipvsadm-boot: cannot write the output: write /dev/full: no space left on device\n"; stderr != want || status != lsbUnknown {
			t.Errorf("status %d, %s", status, stderr)
		}
	}
}
