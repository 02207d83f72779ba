// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fetches is a machine with all tools and an apt whose packages all contain the same few files.
func fetches(t *testing.T) *machine {
	m := newMachine(t)
	m.copies("testdata/lab/vm/fetch.sh", "testdata/lab/vm/tools.sh")
	for _, tool := range []string{"qemu-system-x86_64", "depmod", "zstd", "xz", "shellcheck", "gcc", "qemu-s390x-static"} {
		m.program(tool, "")
	}
	m.program("dpkg", "echo amd64")
	m.program("dpkg-deb", `mkdir -p tree/usr/bin tree/usr/lib/modules/6.1; : >tree/usr/bin/promtool
tar -c -C tree ./usr/bin/promtool ./usr/lib/modules`)
	m.program("apt-cache", `case $* in
"show promtool") [[ -e `+m.top+`/debian13 ]] ;;
*depends*) echo linux-image-6.1-amd64 ;;
esac`)
	m.noted("apt-get", `dir=.
for word; do
	[[ $word != Dir::Cache::archives=* ]] || dir=${word#*=}
done
: >"$dir/some.deb"`)
	return m
}

func (m *machine) fetched() string {
	entries, err := os.ReadDir(filepath.Join(m.top, ".cache/lab/fetched"))
	if err != nil {
		m.t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return strings.Join(names, " ")
}

func TestOnlyWhatIsAskedForIsFetched(t *testing.T) {
	m := fetches(t)
	for _, step := range []struct{ part, fetched, adds, not string }{
		{"", "kernel root", "ipvsadm", "keepalived"},
		{"extra", "extra kernel root", "keepalived", "prom"},
		{"tests", "extra host kernel root", "download prometheus", "keepalived"},
		{"tests", "extra host kernel root", "", "apt-get"},
		{"", "extra host kernel root", "", "apt-get"},
	} {
		os.Remove(filepath.Join(m.top, "calls"))
		m.run("bash", "testdata/lab/vm/fetch.sh", step.part).mustFail(t, 0)
		if got := m.fetched(); got != step.fetched {
			t.Errorf("fetch.sh %s: has %q, want %q", step.part, got, step.fetched)
		}
		if calls := m.calls(); !strings.Contains(calls, step.adds) || strings.Contains(calls, step.not) {
			t.Errorf("fetch.sh %s: calls %s", step.part, calls)
		}
	}
}

func TestPromtoolHasAPackageOfItsOwnOnDebian13(t *testing.T) {
	m := fetches(t)
	m.file("debian13", "")
	m.run("bash", "testdata/lab/vm/fetch.sh", "tests").mustFail(t, 0)
	if calls := m.calls(); !strings.Contains(calls, "download promtool\n") || strings.Contains(calls, "prometheus") {
		t.Errorf("calls %s", calls)
	}
}

// Lists of packages that are absent or too old are fetched without root, and not to where the system keeps its own.
func TestListsOfPackagesAreFetchedWithoutRoot(t *testing.T) {
	m := fetches(t)
	m.program("id", "echo 1000")
	m.noted("apt-get", `[[ $* == *Dir::State::lists=`+m.top+`/.cache/* ]] || exit 100
dir=.
for word; do
	[[ $word != Dir::Cache::archives=* ]] || dir=${word#*=}
done
: >"$dir/some.deb"`)
	got := m.run("bash", "testdata/lab/vm/fetch.sh")
	got.mustFail(t, 0)
	got.mustSay(t, "lab: fetching apt's lists of packages\n")
	if count := strings.Count(m.calls(), " update"); count != 1 {
		t.Errorf("%d updates: %s", count, m.calls())
	}
}

// otherKernel is a machine that has fetched its own kernel and is to fetch sid's. apt notes what it is to verify with.
func otherKernel(t *testing.T, script string) *machine {
	m := fetches(t)
	m.run("bash", "testdata/lab/vm/fetch.sh").mustFail(t, 0)
	os.Remove(filepath.Join(m.top, "calls"))
	m.noted("apt-get", `for word; do
	[[ $word != Dir::Etc::sourcelist=* ]] || cat "${word#*=}" >>`+m.top+`/calls
done
`+script)
	m.variables = []string{"LAB_KERNEL=sid"}
	return m
}

func TestKernelOfAnotherReleaseIsFetchedOnce(t *testing.T) {
	m := otherKernel(t, ": >some.deb")
	m.run("bash", "testdata/lab/vm/fetch.sh").mustFail(t, 0)
	if got, want := m.fetched(), "kernel kernel-sid root"; got != want {
		t.Errorf("has %q, want %q", got, want)
	}
	calls := m.calls()
	for _, want := range []string{
		"deb [target=Packages signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http", " sid main\n",
		" update\n", " download linux-image-6.1-amd64\n",
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("no %q in the calls %s", want, calls)
		}
	}
	m.run("bash", "testdata/lab/vm/fetch.sh").mustFail(t, 0)
	if again := m.calls(); again != calls {
		t.Errorf("the second time calls %s", strings.TrimPrefix(again, calls))
	}
}

func TestKernelThatCannotBeFetchedIsNamed(t *testing.T) {
	m := otherKernel(t, "echo no network; exit 100")
	got := m.run("bash", "testdata/lab/vm/fetch.sh")
	got.mustFail(t, 1)
	got.mustSay(t, "no network\n", "lab: could not get the kernel of Debian sid\n")
	if got, want := m.fetched(), "kernel root"; got != want {
		t.Errorf("has %q, want %q", got, want)
	}
}

func TestKernelOfNoRelease(t *testing.T) {
	m := fetches(t)
	m.variables = []string{"LAB_KERNEL=7.2"}
	got := m.run("bash", "testdata/lab/vm/fetch.sh")
	got.mustFail(t, 1)
	got.mustSay(t, "lab: LAB_KERNEL is 7.2, no release of Debian such as trixie or sid\n")
}
