package main

import (
	"io"
	"strings"
)

// saveTool is ipvsadm-save: -n for numbers. Words that are no options are
// ignored, as the original does.
func (p *program) saveTool(words []string) error {
	numeric := false
	for _, word := range words {
		if word == "--" {
			break
		}
		if len(word) < 2 || word[0] != '-' {
			continue
		}
		if strings.Trim(word[1:], "n") != "" {
			if _, err := io.WriteString(p.stdout, saveUsage); err != nil {
				return err
			}
			return &statusError{errReported, exitList}
		}
		numeric = true
	}
	if err := p.open(); err != nil {
		return err
	}
	if err := p.saveRules(numeric); err != nil {
		return &statusError{err, exitList}
	}
	return nil
}
