// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"strconv"
	"syscall"
)

// open has the answer of one connection before it opens the next, so that a director that counts them has seen it.
func open(connections, url string) error {
	count, err := strconv.Atoi(connections)
	if err != nil {
		return err
	}
	for range count {
		// Each client has one connection, which it keeps after the answer.
		client := &http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: patience}
		name, source, err := askOnce(client, url)
		if err != nil {
			name, source = "nobody", reason(err)
		}
		fmt.Println(name, source)
	}
	return syscall.Pause()
}
