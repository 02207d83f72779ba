package main

import (
	"os"
	"runtime/debug"
)

// keepGarbage lets memory grow by 200 percent instead of 100 before garbage is
// collected, unless the environment says otherwise. It is for what holds a whole
// table: a save or a restore of 1000 services with 10 servers each takes a tenth
// less time.
func keepGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

// keepLessGarbage is for what may hold very much.
func keepLessGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(20)
	}
}
