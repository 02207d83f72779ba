// SPDX-License-Identifier: Apache-2.0

package format

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// Diagnosis is what was found wrong with a machine.
type Diagnosis struct {
	Title      string // what was diagnosed, for people
	Role       string // director or real-server
	Services   uint64 // of a director
	Servers    uint64
	Kernel     string // its release; empty if it is not known
	Findings   []Finding
	NotChecked []NotChecked
	Passed     uint64 // checks without a finding
	// RealServers are the command lines that diagnose the real servers of a director.
	RealServers []ServersCommand
	// Limit is how many findings of a check, and how many lines for real servers, a Table
	// prints, or 0 for all.
	Limit int
}

// Finding is something that is wrong.
type Finding struct {
	ID       string // of the check
	Severity string // fault, warning or note
	Object   string // such as TCP 10.0.0.1:80; empty for the machine
	Facts    string // what was read
	Symptom  string // what users see
	Mend     string // what to do
	Commands []CommandLine
}

// CommandLine is a command with its arguments.
type CommandLine struct {
	Words []string
	Line  string // quoted for a shell
}

// NotChecked are checks that could not be made.
type NotChecked struct {
	IDs    []string // of the checks; empty for what no check looks at
	Reason string
}

// ServersCommand is a command to run on each of some servers.
type ServersCommand struct {
	Servers []netip.Addr
	Command CommandLine
}

// Diagnosis prints what was found, the worst first.
func (t Table) Diagnosis(w io.Writer, d Diagnosis) error {
	p := diagnosisText{Table: t}
	p.line(0, Sanitize(d.Title))
	p.findings(d)
	if len(d.NotChecked) > 0 {
		p.line(0, "")
		p.line(0, "Not checked: "+notCheckedText(d.NotChecked)+".")
	}
	p.realServers(d)
	p.line(0, "")
	p.line(0, summary(d))
	_, err := w.Write(p.b.Bytes())
	return err
}

// diagnosisText gathers the text of a diagnosis.
type diagnosisText struct {
	Table
	b bytes.Buffer
}

// line adds a line, which is broken if it is too long.
func (p *diagnosisText) line(indent int, text string) {
	margin := strings.Repeat(" ", indent)
	lines := []string{text}
	if p.Width > 0 {
		lines = Wrap(text, max(p.Width-indent, 1), 0)
	}
	for _, line := range lines {
		p.b.WriteString(strings.TrimRight(margin+line, " ") + "\n")
	}
}

// Columns of a heading.
const (
	severityWidth = 8
	checkWidth    = 15
)

func (p *diagnosisText) findings(d Diagnosis) {
	printed := map[string]int{}
	omitted := map[string]int{}
	for i, f := range d.Findings {
		if kind := f.ID + f.Severity; d.Limit > 0 && printed[kind] == d.Limit {
			omitted[kind]++
		} else {
			printed[kind]++
			p.finding(f)
		}
		kind := f.ID + f.Severity
		isLast := i+1 == len(d.Findings) || d.Findings[i+1].ID+d.Findings[i+1].Severity != kind
		if n := omitted[kind]; isLast && n > 0 {
			p.line(2, fmt.Sprintf("%s is found %d more times; --verbose prints all.", f.ID, n))
		}
	}
}

func (p *diagnosisText) finding(f Finding) {
	p.line(0, "")
	look := ordinary
	switch f.Severity {
	case "fault":
		look = red
	case "warning":
		look = bold
	}
	severity := strings.ToUpper(f.Severity)
	gap := strings.Repeat(" ", max(severityWidth-len(severity), 0)+1)
	heading := fmt.Sprintf("%-*s %s", checkWidth, f.ID, Sanitize(f.Object))
	p.b.WriteString((&grid{colour: p.Colour}).paint(severity, look) + gap + strings.TrimRight(heading, " ") + "\n")
	p.line(2, Sanitize(f.Facts))
	p.line(2, f.Symptom)
	if f.Mend != "" || len(f.Commands) > 0 {
		p.line(2, "Mend: "+f.Mend)
		p.commands(f.Commands...)
	}
}

// commands adds lines to copy, which are not broken.
func (p *diagnosisText) commands(commands ...CommandLine) {
	for _, c := range commands {
		p.b.WriteString("    " + Sanitize(c.Line) + "\n")
	}
}

func (p *diagnosisText) realServers(d Diagnosis) {
	if len(d.RealServers) == 0 {
		return
	}
	p.line(0, "")
	p.line(0, "On the real servers, to which this program can be copied:")
	for i, c := range d.RealServers {
		if d.Limit > 0 && i == d.Limit {
			p.line(2, fmt.Sprintf("%d more lines; --verbose prints all.", len(d.RealServers)-i))
			return
		}
		p.line(2, addressList(c.Servers, d.Limit)+":")
		p.commands(c.Command)
	}
}

// addressList lists addresses, at most limit of them unless that is 0.
func addressList(addrs []netip.Addr, limit int) string {
	var names []string
	for i, a := range addrs {
		if limit > 0 && i == limit {
			names = append(names, fmt.Sprintf("and %d more", len(addrs)-i))
			break
		}
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}

func notCheckedText(all []NotChecked) string {
	var items []string
	for _, n := range all {
		item := Sanitize(n.Reason)
		if len(n.IDs) > 0 {
			item = fmt.Sprintf("%s (%s)", strings.Join(n.IDs, ", "), item)
		}
		items = append(items, item)
	}
	return strings.Join(items, "; ")
}

// summary counts what was found.
func summary(d Diagnosis) string {
	counts := map[string]uint64{}
	for _, f := range d.Findings {
		counts[f.Severity]++
	}
	items := []string{}
	for _, severity := range []string{"fault", "warning", "note"} {
		if n := counts[severity]; n > 0 || severity == "fault" {
			items = append(items, plural(n, severity))
		}
	}
	return strings.Join(items, ", ") + "; " + plural(d.Passed, "check") + " passed"
}

// plural returns a number with what it counts.
func plural(n uint64, what string) string {
	if n == 0 {
		return "no " + what + "s"
	}
	return counted(n, what)
}

// Diagnosis prints what was found as one document.
func (j JSON) Diagnosis(w io.Writer, d Diagnosis) error {
	document := DiagnosisDocument{
		Role: d.Role, Kernel: d.Kernel, Passed: d.Passed,
		Findings: []FindingDocument{}, NotChecked: []NotCheckedDocument{},
	}
	if d.Role == "director" {
		document.Services, document.Servers = &d.Services, &d.Servers
	}
	for _, f := range d.Findings {
		document.Findings = append(document.Findings, FindingDocument{f.ID, f.Severity, f.Object, f.Facts, f.Symptom, f.Mend, words(f.Commands)})
	}
	for _, n := range d.NotChecked {
		document.NotChecked = append(document.NotChecked, NotCheckedDocument(n))
	}
	for _, c := range d.RealServers {
		document.RealServers = append(document.RealServers, ServersCommandDocument{c.Servers, c.Command.Words})
	}
	return j.write(w, document)
}

func words(commands []CommandLine) (all [][]string) {
	for _, c := range commands {
		all = append(all, c.Words)
	}
	return all
}
