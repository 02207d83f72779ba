# ipvsadm in Go. make test and make demo set up all that they need.

GO      ?= go
SBINDIR ?= /sbin

# Whose default settings "make install" installs: debian, redhat or suse.
DISTRIBUTION ?= $(shell . /etc/os-release 2>/dev/null; case "$$ID $$ID_LIKE" in (*debian*) echo debian ;; (*suse*|*sles*|*sled*) echo suse ;; (*) echo redhat ;; esac)
settings.debian := /etc/default/ipvsadm
settings.redhat := /etc/sysconfig/ipvsadm-config
settings.suse   := /etc/sysconfig/ipvsadm

# As cmd/ipvsadm/version.go has it.
VERSION := $(shell sed -n 's/^\tVersion *= "\(.*\)"/\1/p' cmd/ipvsadm/version.go)
LDFLAGS := -s -w

# ./... leaves out what is below testdata.
PACKAGES := ./... ./testdata/lab/...

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4

.PHONY: all go build test setup lint unit portable fuzz-short fuzz lab test-lab test-boot demo shell cookbook bench vuln install clean

all: build

# First of all, so that nothing is fetched in vain.
go:
	@testdata/lab/go.sh '$(GO)'

# -buildvcs=false: a checkout and a tarball make the same binary. touch: go leaves a file that is up to date alone, and install looks at its time.
build: go
	@echo 'building bin/ipvsadm (the first time that takes a minute)'
	@CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/ipvsadm ./cmd/ipvsadm
	@touch bin/ipvsadm

# exec: else a signal for make would end a shell, and leave the virtual machines to themselves.

# Everything: static checks, tests against the fake, fuzzing for some seconds
# each, the tests on a real ip_vs in a virtual machine, and reboots.
test: setup build lint unit portable fuzz-short lab test-boot

# Installs the tools that are missing (Debian, Ubuntu), and fetches and makes what the tests need. All that asks for
# root is here.
setup: go
	@testdata/lab/fetch.sh tests
	@testdata/lab/boot/debian.sh systemd
	@testdata/lab/boot/debian.sh sysvinit

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'gofmt would change these files'; exit 1; }
	$(GO) vet $(PACKAGES)
	$(GO) run $(STATICCHECK) $(PACKAGES)

unit:
	$(GO) test -race ./... ./testdata/lab/scenarios/... ./testdata/lab/setup/...

# The tests of the packages on 32 bits and on a big-endian machine. 386 runs as it is where the kernel can; qemu does not
# emulate it well enough for Go, so else it is arm. An emulated program has no socket of generic netlink.
NOT_EMULATED := ^TestNetlink
PORTABLE     := ./ipvs/... ./format ./sysconfig
portable: export CGO_ENABLED = 0
portable:
	if GOARCH=386 $(GO) test -run '^$$' ./format >/dev/null 2>&1; then \
		GOARCH=386 $(GO) test $(PORTABLE); \
	else \
		GOARCH=386 $(GO) vet ./... && GOARCH=arm $(GO) test -exec qemu-arm-static -skip '$(NOT_EMULATED)' $(PORTABLE); \
	fi
	GOARCH=s390x $(GO) test -exec qemu-s390x-static -skip '$(NOT_EMULATED)' $(PORTABLE)
	GOARCH=s390x $(GO) test -exec qemu-s390x-static -run '^TestScripts$$' ./cmd/ipvsadm

FUZZTIME ?= 10m
# A number of inputs, since a time that ends while the machine is busy can look like a failure.
fuzz-short: FUZZTIME = 10000x
fuzz-short fuzz:
	@set -e; for package in ./ipvs ./cmd/ipvsadm ./sysconfig; do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "fuzz $$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package >bin/fuzz.out 2>&1 || { cat bin/fuzz.out; exit 1; }; \
			tail -n 1 bin/fuzz.out; \
		done; \
	done

# What needs a real ip_vs.
lab: export DIFF_SEED := $(DIFF_SEED)
lab: export DIFF_LINES := $(DIFF_LINES)
lab: export SURVIVAL_SEED := $(SURVIVAL_SEED)
lab: go
	@exec testdata/lab/test.sh

# The scenarios that take longest, alone; "make test" has them too.
test-lab: build
	@exec testdata/lab/test.sh ospf heartbeat many ldirectord keepalived

# Boots and reboots a Debian with systemd and one with sysvinit, which are made first, for the boot files.
test-boot: go
	@exec testdata/lab/boot/test.sh $(INIT)

# A scenario on the screen. Only what it needs is fetched.
demo: go
	@testdata/lab/scenarios/run.sh -f '$(SCENARIO)'
	@$(MAKE) -s build
	@exec testdata/lab/scenarios/run.sh -d '$(SCENARIO)'

# A shell in the virtual machine, with ours in it.
shell: go
	@testdata/lab/fetch.sh extra
	@$(MAKE) -s build
	@exec testdata/lab/shell.sh

# Writes the scenario's section of the cookbook anew, from what it prints.
cookbook: export COOKBOOK := write
cookbook: demo

# Measures ipvsadm beside the original; SECTION is one of start, restore, list, connections, names and growth, or all.
bench: build
	@exec testdata/lab/bench/run.sh $(SECTION)

# Needs the Go vulnerability database, which is not everywhere to be reached.
vuln:
	$(GO) run $(GOVULNCHECK) ./...

sources = go.mod go.sum Makefile $(shell find cmd ipvs format sysconfig -name '*.go' ! -name '*_test.go')

# Copies what "make" has built, because root may have no go. Settings that exist are left alone.
install:
	@test -x bin/ipvsadm || { echo 'bin/ipvsadm is not built: make && sudo make install' >&2; exit 1; }
	@for file in $(sources); do \
		test ! bin/ipvsadm -ot $$file || { echo "bin/ipvsadm is older than $$file: make && sudo make install" >&2; exit 1; }; \
	done
	$(if $(settings.$(DISTRIBUTION)),,$(error DISTRIBUTION is $(DISTRIBUTION), not debian, redhat or suse))
	install -D -m 755 bin/ipvsadm $(DESTDIR)$(SBINDIR)/ipvsadm
	for tool in save restore boot; do ln -sf ipvsadm $(DESTDIR)$(SBINDIR)/ipvsadm-$$tool || exit; done
	install -d $(DESTDIR)/usr/share/man/man8
	install -m 644 cmd/ipvsadm/*.8 $(DESTDIR)/usr/share/man/man8
	install -D -m 755 sysconfig/ipvsadm.init $(DESTDIR)/etc/init.d/ipvsadm
	install -D -m 644 sysconfig/ipvsadm.service $(DESTDIR)/usr/lib/systemd/system/ipvsadm.service
	sed -i 's|/sbin/ipvsadm-boot|$(SBINDIR)/ipvsadm-boot|' $(DESTDIR)/etc/init.d/ipvsadm $(DESTDIR)/usr/lib/systemd/system/ipvsadm.service
	test -e $(DESTDIR)$(settings.$(DISTRIBUTION)) || \
		install -D -m 644 sysconfig/default.$(DISTRIBUTION) $(DESTDIR)$(settings.$(DISTRIBUTION))

clean:
	rm -rf bin .cache
