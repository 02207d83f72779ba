module github.com/ipvsadm-go/ipvsadm

go 1.25.0

// The program and the library.
require (
	github.com/mattn/go-runewidth v0.0.9
	github.com/mdlayher/genetlink v1.4.0
	github.com/mdlayher/netlink v1.11.2
	github.com/olekukonko/tablewriter v0.0.5
	github.com/spf13/pflag v1.0.10
	github.com/vishvananda/netlink v1.3.1
	golang.org/x/sys v0.43.0
	golang.org/x/term v0.42.0
)

// Tests only.
require (
	github.com/google/go-cmp v0.7.0
	github.com/rogpeppe/go-internal v1.16.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3
	github.com/vishvananda/netns v0.0.5
	go.yaml.in/yaml/v3 v3.0.4
	golang.org/x/net v0.53.0
	pgregory.net/rapid v1.3.0
)

// The lab only: testdata/lab/bench draws charts with asciigraph. "go mod tidy" does not look below testdata, and keeps
// the requirement because of the tool line.
require github.com/guptarohit/asciigraph v0.10.0 // indirect

tool github.com/guptarohit/asciigraph/cmd/asciigraph

// What those need.
require (
	github.com/mdlayher/socket v0.6.0 // indirect
	golang.org/x/sync v0.20.0 // indirect
	golang.org/x/text v0.36.0 // indirect
	golang.org/x/tools v0.43.0 // indirect
)
