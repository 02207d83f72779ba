// SPDX-License-Identifier: Apache-2.0

// Package sysconfig reads and writes the files in which distributions keep IPVS rules
// and the settings for boot. It knows the form of the files, but not the options of
// the rules in them.
//
// Locate finds the files of a machine. Open and OpenRules open a file, Lines parses
// rules, and Replace writes a file whole or not at all.
//
// # Rules files
//
// A rules file holds one command per line, as ipvsadm takes it: words separated by
// blanks and tabs, without quoting. The word ipvsadm is ignored wherever it stands. A
// # starts a comment that ends with the line. Lines without words are ignored. The
// last line need not end in a line feed.
package sysconfig
