# ipvsadm in Go. make test and make demo set up all that they need.

GO      ?= go
PREFIX  ?= /usr/local

# "X.Y.Z DATE" of the tag, or else of the source.
release = $(shell .packaging/version.sh)
linked  = -X github.com/ipvsadm-go/ipvsadm/cmd/ipvsadm/internal/release.linked
LDFLAGS = -s -w $(linked)Version=$(word 1,$(release)) $(linked)Date=$(word 2,$(release))

# ./... leaves out what is below testdata.
PACKAGES := ./... ./testdata/lab/... ./testdata/cookbook/... ./testdata/kubeproxy

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4
WAZERO      := github.com/tetratelabs/wazero/cmd/wazero@v1.11.0
NFPM        := github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
CYCLONEDX   := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

.PHONY: all go build check test test-rest test-all setup debians lint unit portable orders fuzz-short fuzz \
	lab lab-main lab-rest test-lab test-boot demo shell cookbook bench vuln changelog dist test-dist install uninstall help clean

# The parts of a test run one after the other: first what fails fast.
.NOTPARALLEL:

# The first and the last line of a part, which says how long it took.
begin = @mkdir -p bin && date +%s >bin/$@.start
end   = @echo "make: $@ took $$(($$(date +%s) - $$(cat bin/$@.start))) s"

all: build

help:
	@echo 'make            builds bin/ipvsadm'
	@echo 'make demo       a small cluster in a virtual machine; SCENARIO=nat for another, there are $(words $(wildcard testdata/cookbook/setups/*.sh))'
	@echo 'make shell      a shell in the virtual machine, with this program and the original'
	@echo 'make install    into PREFIX (/usr/local), below DESTDIR; make uninstall removes it'
	@echo 'make dist       packages for all distributions and processors, in bin/dist'
	@echo
	@echo 'make check      static checks, and tests that need nothing but Go'
	@echo 'make test       that, and the main tests on a real ip_vs'
	@echo 'make test-all   all tests'
	@echo
	@echo 'make lint       the static checks alone'
	@echo 'make unit       the tests against a fake ip_vs alone'
	@echo 'make portable   the same on other processors and systems, emulated'
	@echo 'make orders     a reconcile beside others; ORDERS=10000 for fewer orders of their requests'
	@echo 'make lab        all tests on a real ip_vs; DIFF_SEED=7 DIFF_LINES=10000 for other random command lines'
	@echo 'make lab-main   its main tests, which are in "make test"; make lab-rest runs the others'
	@echo 'make test-boot  the boot files, on Debian systems that reboot; INIT=sysvinit for one of the two'
	@echo 'make test-dist  builds packages twice, and installs, upgrades and removes them'
	@echo 'make fuzz       FUZZTIME=10m for each target'
	@echo 'make bench      times and memory, beside the original; SECTION=start for one part, SECTION=native without QEMU'
	@echo 'make vuln       known vulnerabilities of the dependencies'
	@echo
	@echo 'make cookbook   SCENARIO=nat: its section of the cookbook anew'
	@echo 'make changelog  .github/CHANGELOG.md anew'
	@echo 'make clean      removes bin and .cache'

# First of all, so that nothing is fetched in vain.
go:
	@testdata/lab/vm/go.sh '$(GO)'

# -buildvcs=false: a checkout and a tarball make the same binary. touch: go leaves a file that is up to date alone, and install looks at its time.
build: go
	@echo 'building bin/ipvsadm (the first time that takes a minute)'
	@CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/ipvsadm ./cmd/ipvsadm
	@touch bin/ipvsadm

# exec: else a signal for make would end a shell, and leave the virtual machines to themselves.

# What needs nothing but Go: static checks, and the tests against the fake.
check: go build lint unit

# That, and in a virtual machine with a real ip_vs the main tests.
test: setup check lab-main

# What "make test" leaves out: fuzzing for some seconds each, orders of events, other processors, all other tests in the
# virtual machine, reboots, and the packages.
test-rest: setup debians build fuzz-short orders portable lab-rest test-boot test-dist

# Everything. What asks for root comes first.
test-all: setup debians test test-rest

# Installs the tools that are missing (Debian, Ubuntu), and fetches what the tests need. Only the installation needs root.
setup: go
	@testdata/lab/vm/fetch.sh tests

# Makes the Debians that reboot, which needs root.
debians: go
	@testdata/lab/boot/debian.sh systemd
	@testdata/lab/boot/debian.sh sysvinit

LICENCE := SPDX-License-Identifier: Apache-2.0
lint:
	$(begin)
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'gofmt would change these files'; exit 1; }
	@missing=$$(grep -rL '$(LICENCE)' --include='*.go' --include='*.sh' .ci .packaging cmd ipvs format sysconfig testdata); \
	test -z "$$missing" || { echo "$$missing"; echo 'these files lack the line $(LICENCE)'; exit 1; }
	$(GO) vet $(PACKAGES)
	cd testdata/lab/bench/peers && $(GO) vet .
	$(GO) run $(STATICCHECK) $(PACKAGES)
	$(end)

# The race detector needs a C compiler, and one test the kernel's headers. "make check" goes without them where they are
# missing, and says so; "make test" installs them.
HEADER := /usr/include/linux/ip_vs.h
WITHOUT = $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),,race) $(if $(wildcard $(HEADER)),,header)
test test-all: WITHOUT =
unit:
	$(begin)
	@test -r /etc/services || { echo 'make: the tests look up names in /etc/services, which is not there (Debian: netbase)'; exit 1; }
	$(if $(filter race,$(WITHOUT)),@echo 'make: there is no C compiler: no race detector')
	$(if $(filter header,$(WITHOUT)),@echo 'make: there is no $(HEADER): no TestConstantsMatchHeader')
	$(GO) test $(if $(filter race,$(WITHOUT)),,-race) $(if $(filter header,$(WITHOUT)),-skip '^TestConstantsMatchHeader$$') \
		./... ./testdata/cookbook/... ./testdata/kubeproxy ./testdata/lab/setup/...
	@echo 'each benchmark once, so that none rots'
	@$(GO) test -run '^$$' -bench . -benchtime 1x ./... >bin/bench.out || { cat bin/bench.out; exit 1; }
	$(end)

# The tests of the packages on 32 bits, on a big-endian machine, and on another system. 386 runs as it is where the kernel
# can; qemu does not emulate it well enough for Go. An emulated program has no socket of generic netlink. The library builds,
# with its tests, on systems that cannot be run here; their common part runs on WASI, whose error numbers differ from Linux's.
NOT_EMULATED := ^TestNetlink
PORTABLE     := ./ipvs/... ./format ./sysconfig
EVERYWHERE   := ./ipvs/... ./format
portable: export CGO_ENABLED = 0
portable:
	$(begin)
	for system in darwin freebsd windows; do GOOS=$$system $(GO) vet $(EVERYWHERE) || exit 1; done
	GOBIN='$(CURDIR)/bin' $(GO) install $(WAZERO)
	GOOS=wasip1 GOARCH=wasm $(GO) test -exec "'$(CURDIR)/bin/wazero' run -env-inherit -mount /:/" ./ipvs/...
	if GOARCH=386 $(GO) test -run '^$$' ./format >/dev/null 2>&1; then \
		GOARCH=386 $(GO) test $(PORTABLE); \
	else \
		GOARCH=386 $(GO) vet ./...; \
	fi
	GOARCH=arm $(GO) test -exec qemu-arm-static -skip '$(NOT_EMULATED)' $(PORTABLE)
	GOARCH=s390x $(GO) test -exec qemu-s390x-static -skip '$(NOT_EMULATED)' $(PORTABLE)
	GOARCH=s390x $(GO) test -exec qemu-s390x-static -run '^TestScripts$$' ./cmd/ipvsadm
	$(end)

# A reconcile beside other processes that change the same table, in so many orders of their requests. "make unit" tries a
# few thousand.
ORDERS ?= 1000000
orders:
	$(begin)
	$(GO) test -count 1 -timeout 1h -run '^TestEveryOrder$$' -v ./ipvs/reconcile -orders $(ORDERS)
	$(end)

FUZZTIME ?= 10m
MINIMIZETIME ?= 60s
# A number of inputs, since a time that ends while the machine is busy can look like a failure. Interesting inputs stay as
# long as they are, since go test takes up to a minute for each of them otherwise.
fuzz-short: FUZZTIME = 10000x
fuzz-short: MINIMIZETIME = 1x
fuzz-short fuzz:
	$(begin)
	@set -e; for package in $(sort $(dir $(shell grep -rl '^func Fuzz' --include='*_test.go' cmd ipvs format sysconfig))); do \
		for target in $$($(GO) test -list '^Fuzz' ./$$package | grep '^Fuzz'); do \
			echo "fuzz $$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime $(MINIMIZETIME) ./$$package >bin/fuzz.out 2>&1 || { cat bin/fuzz.out; exit 1; }; \
			tail -n 1 bin/fuzz.out; \
		done; \
	done
	$(end)

# What needs a real ip_vs: everything, the main tests, and the others.
lab lab-main lab-rest: export DIFF_SEED := $(DIFF_SEED)
lab lab-main lab-rest: export DIFF_LINES := $(DIFF_LINES)
lab lab-main lab-rest: export SURVIVAL_SEED := $(SURVIVAL_SEED)
lab lab-main lab-rest: go
	$(begin)
	@exec testdata/lab/test.sh $(patsubst lab-%,%,$(filter lab-%,$@))
	$(end)

# The scenarios that take longest, alone; "make test-rest" has them too.
test-lab: build
	@exec testdata/lab/test.sh ospf heartbeat many ldirectord keepalived

# Boots and reboots a Debian with systemd and one with sysvinit, which are made first, for the boot files.
test-boot: go
	$(begin)
	@exec testdata/lab/boot/test.sh $(INIT)
	$(end)

# A scenario on the screen. Only what it needs is fetched.
demo: go
	@testdata/cookbook/run.sh -f '$(SCENARIO)'
	@$(MAKE) -s build
	@exec testdata/cookbook/run.sh -d '$(SCENARIO)'

# A shell in the virtual machine, with ours in it.
shell: go
	@testdata/lab/vm/fetch.sh extra
	@$(MAKE) -s build
	@exec testdata/lab/vm/shell.sh

# Writes the scenario's section of the cookbook anew, from what it prints.
cookbook: export COOKBOOK := write
cookbook: demo

# Measures ipvsadm beside the original; SECTION is one of native, instructions, start, restore, list, connections, names, growth,
# memory and peers, or all. PROCESSOR=lab, max or host is the virtual machine's; without it, lab and then max.
bench: export PROCESSOR := $(PROCESSOR)
bench: build
	@exec testdata/lab/bench/run.sh $(SECTION)

# Needs the Go vulnerability database, which is not everywhere to be reached.
vuln:
	$(GO) run $(GOVULNCHECK) ./...

# Writes .github/CHANGELOG.md anew, from .packaging/changelog.yaml.
changelog: export CHANGELOG := write
changelog: go
	@$(GO) test -count 1 ./cmd/ipvsadm/internal/release

# Packages, tarballs and SBOMs for all architectures, or for those in ARCHITECTURES, in bin/dist.
dist_tools = GO='$(GO)' LDFLAGS='$(LDFLAGS)' NFPM=$(NFPM) CYCLONEDX=$(CYCLONEDX)
dist: go
	$(begin)
	@$(dist_tools) .packaging/dist.sh bin/dist $(ARCHITECTURES)
	$(end)

# Installs, upgrades and removes them in bare roots, which needs root, or sudo.
test-dist: go
	$(begin)
	@$(dist_tools) .packaging/test.sh
	$(end)

sources = go.mod go.sum Makefile $(shell find cmd ipvs format sysconfig -name '*.go' ! -name '*_test.go')

# One word for the shell, whatever is in it.
quoted = '$(subst ','\'',$1)'

# Runs the install script of the tarballs, with the program $1. DISTRIBUTION is whose default settings to install: debian, redhat or suse.
installer = stage=$$(mktemp -d) && trap 'rm -rf "$$stage"' EXIT && .packaging/stage.sh tarball $1 /dev/null "$$stage/files" && \
	"$$stage/files/install.sh" --prefix=$(call quoted,$(PREFIX)) $(if $(DESTDIR),--root=$(call quoted,$(DESTDIR))) \
		$(if $(DISTRIBUTION),--distribution=$(call quoted,$(DISTRIBUTION)))

# Copies what "make" has built, because root may have no go. Settings that exist are left alone.
install:
	@test -x bin/ipvsadm || { echo 'bin/ipvsadm is not built: make && sudo make install' >&2; exit 1; }
	@for file in $(sources); do \
		test ! bin/ipvsadm -ot $$file || { echo "bin/ipvsadm is older than $$file: make && sudo make install" >&2; exit 1; }; \
	done
	@$(call installer,bin/ipvsadm)

# Needs only the names of the files, so the program may be gone.
uninstall:
	@$(call installer,/dev/null) --uninstall

clean:
	rm -rf bin .cache
