// SPDX-License-Identifier: Apache-2.0

// Package format writes what ipvsadm prints: listings in four forms, and rules. It
// takes the model of package ipvs and writes bytes. It never reads from the kernel and
// looks nothing up.
//
// Each Form has a type that implements Printer: Classic, JSON, Table and Prometheus. The
// files of a form begin with its name.
//
// The package also defines what a rule can express, in rule_limits.go: the ranges of
// options, and which options go together. Parsers of rules use that too.
package format
