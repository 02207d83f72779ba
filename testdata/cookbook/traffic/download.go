// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	chunkSize  = 8 << 10
	chunkPause = 100 * time.Millisecond
)

// chunk returns the part of a download with a number, in which each byte depends on its place.
func chunk(n int) []byte {
	sum := sha256.Sum256(strconv.AppendInt(nil, int64(n), 10))
	return bytes.Repeat(sum[:], chunkSize/len(sum))
}

// ended is the trailer of a download with the time when the server had written all of it. The server closes the connection
// after that, so the client's last packet comes later.
const ended = "Ended"

// slow answers with a download that takes as many seconds as the client asks for, or so much longer than until there is a
// file.
func slow(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seconds, err := strconv.Atoi(r.URL.Query().Get("seconds"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Name", name)
		w.Header().Set("Trailer", ended)
		after := r.URL.Query().Get("after")
		for n, left := 0, seconds*int(time.Second/chunkPause); left > 0; n++ {
			if after != "" {
				_, err = os.Stat(after)
			}
			if err == nil {
				left--
			}
			if _, err := w.Write(chunk(n)); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			time.Sleep(chunkPause)
		}
		w.Header().Set(ended, strconv.FormatInt(time.Now().UnixMilli(), 10))
	}
}

// download begins downloads one by one, so that a director spreads them. It prints "NAME begun" for each, and as it ends
// "NAME right SERVER CLIENT", two times in milliseconds since 1970, or what is wrong: the client's last packet came after
// the server had written all, and before the client had closed the connection. half closes the client's side of each connection after the request.
func download(downloads, address string, half bool) error {
	count, err := strconv.Atoi(downloads)
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	for range count {
		begun := make(chan struct{})
		running.Go(func() {
			var once sync.Once
			defer once.Do(func() { close(begun) })
			name, result := downloadOne(address, half, func() { once.Do(func() { close(begun) }) })
			fmt.Println(name, result, time.Now().UnixMilli())
		})
		<-begun
	}
	running.Wait()
	return nil
}

func downloadOne(address string, half bool, begun func()) (name, result string) {
	where, err := url.Parse(address)
	if err != nil {
		return "nobody", reason(err)
	}
	conn, err := dial(context.Background(), "tcp", where.Host)
	if err != nil {
		return "nobody", reason(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", where.RequestURI(), where.Host); err != nil {
		return "nobody", reason(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "nobody", reason(err)
	}
	defer response.Body.Close()
	if half {
		if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			return "nobody", reason(err)
		}
	}
	name = response.Header.Get("Name")
	fmt.Println(name, "begun")
	begun()
	least, err := strconv.Atoi(where.Query().Get("seconds"))
	if err != nil {
		return name, reason(err)
	}
	got := make([]byte, chunkSize)
	for n := 0; ; n++ {
		switch _, err := io.ReadFull(response.Body, got); {
		case err == io.EOF && n >= least*int(time.Second/chunkPause):
			return name, "right " + response.Trailer.Get(ended)
		case err == io.EOF:
			return name, "short"
		case err != nil:
			return name, reason(err)
		case !bytes.Equal(got, chunk(n)):
			return name, "wrong"
		}
	}
}

// probe requests the URLs in turn, a few times a second, each time anew, and prints "NAME SOURCE" for each answer.
func probe(urls []string) error {
	client := newClient()
	for {
		for _, u := range urls {
			name, source, err := askOnce(client, u)
			if err != nil {
				name, source = "nobody", reason(err)
			}
			if _, err := fmt.Println(name, source); err != nil {
				return err
			}
			time.Sleep(chunkPause)
		}
	}
}

// beat requests a URL once a second from one socket, and prints "NAME SOURCE" for each answer.
func beat(u string) error {
	request, err := requester(u, true)
	if err != nil {
		return err
	}
	for {
		name, source, err := request()
		if err != nil {
			name, source = "nobody", reason(err)
		}
		if _, err := fmt.Println(name, source); err != nil {
			return err
		}
		time.Sleep(time.Second)
	}
}
