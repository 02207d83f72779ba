// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/guptarohit/asciigraph"
)

// growth measures the time per line of tables of all sizes.
func (b *bench) growth() error {
	return errors.Join(
		b.grow("Growth with the services, one server each", []size{{100, 1}, {300, 1}, {1000, 1}, {3000, 1}, {10_000, 1}, {30_000, 1}}),
		b.grow("Growth with the servers of each of ten services", []size{{10, 1}, {10, 10}, {10, 30}, {10, 100}, {10, 300}, {10, 1000}}),
	)
}

func (b *bench) grow(title string, sizes []size) error {
	fmt.Printf("\n### %s\n\nMicroseconds per service and server.\n\n", title)
	fmt.Println("| services x servers | `-R`: ours | original | raw | before | `-Ln`: ours | original | raw | before |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
	var restores, listings [4][]float64
	for _, s := range sizes {
		restore, list, err := b.timesOf(s)
		if err != nil {
			return err
		}
		line := "| " + s.String()
		for _, of := range []struct {
			times  []time.Duration
			series *[4][]float64
		}{{restore, &restores}, {list, &listings}} {
			for i, t := range of.times {
				each := t.Seconds() * 1e6 / float64(s.lines())
				of.series[i] = append(of.series[i], each)
				line += " | " + strconv.FormatFloat(each, 'f', 0, 64)
			}
			if len(of.times) < len(of.series) {
				line += " |"
			}
		}
		fmt.Println(line + " |")
	}
	draw("-R", restores[:3])
	draw("-Ln", listings[:3])
	return nil
}

// timesOf measures -R and -Ln of one size, by ours, the original, raw, and an older ours if there is one.
func (b *bench) timesOf(s size) (restore, list []time.Duration, err error) {
	const runs = 3
	if err := errors.Join(s.writeRules(rulesFile), s.writeChanges(changesFile), s.writeReads(readsFile)); err != nil {
		return nil, nil, err
	}
	restore, err = race(runs, b.newNamespace, withOlder(words(ours+" -R").reading(rulesFile), words(original+" -R").reading(rulesFile),
		words(raw+" 4096 "+changesFile))...)
	if err != nil {
		return nil, nil, err
	}
	list, err = race(runs, nothing, withOlder(words(ours+" -Ln"), words(original+" -Ln"), words(s.rawReads()))...)
	return restore, list, errors.Join(err, b.client.Flush())
}

// draw plots the three series over the lines of the table above.
func draw(title string, series [][]float64) {
	fmt.Printf("\n```\n%s\n```\n", asciigraph.PlotMany(series, asciigraph.Height(12), asciigraph.Width(60),
		asciigraph.Caption("us per item of "+title+": o ours, c the C program, r raw"),
		asciigraph.SeriesChars(asciigraph.CreateCharSet("o"), asciigraph.CreateCharSet("c"), asciigraph.CreateCharSet("r"))))
}
