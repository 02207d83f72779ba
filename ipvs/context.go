// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// WithContext returns a client over the same connection whose calls end when ctx does.
// Their error is then that of ctx. A context ends every wait: for the calls of others
// over the same connection, for the kernel, and for its answer. It does not take back
// what the kernel has begun. The connection stays good for all others; the next call
// discards answers that arrive late.
//
// A change that the kernel may have made is an ErrResultUnknown. The other changes of an
// Apply that ended early were not sent.
//
// The context belongs to a client and is not an argument of each method, because most
// programs do many calls on behalf of one context, and because the kernel usually answers
// in microseconds, so many others need none. A client without a context, or with one that
// never ends, costs nothing more. With RawSyscalls a context cannot end a call that the
// kernel is working on.
//
// WithContext replaces the context of a client that has one, and panics if ctx is nil.
// Close closes the connection for all clients over it.
func (c *Client) WithContext(ctx context.Context) *Client {
	if ctx == nil {
		panic("ipvs: nil context")
	}
	if ctx.Done() == nil {
		ctx = nil
	}
	return &Client{conn: c.conn, ctx: ctx}
}

// ErrResultUnknown is the error of a change that was sent, but whose answer did not
// arrive: because a context ended, the receive buffer overflowed, or the connection
// failed. The kernel may have made the change or not.
var ErrResultUnknown = errors.New("ipvs: result unknown")

// unknownResult is an ErrResultUnknown with a reason.
type unknownResult struct{ reason error }

func (e *unknownResult) Error() string        { return e.reason.Error() }
func (e *unknownResult) Unwrap() error        { return e.reason }
func (e *unknownResult) Is(target error) bool { return target == ErrResultUnknown }

// unanswered returns the error of a change whose answer did not arrive because of err.
func unanswered(err error) error {
	if isContextError(err) {
		return &unknownResult{fmt.Errorf("%w: %w", ErrResultUnknown, err)}
	}
	return &unknownResult{prefixed(err)}
}

// unsent returns the error of a change that was not sent because of err.
func unsent(err error) error {
	if isContextError(err) {
		return fmt.Errorf("ipvs: not sent: %w", err)
	}
	return prefixed(err)
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// acquire waits until the call has the connection for itself.
func (c *Client) acquire() error { return c.conn.nl.Acquire(c.ctx) }

func (c *Client) release() { c.conn.nl.Release() }

// await calls do, and returns early if the context of the client ends. Then do goes on in
// the background, so the caller must not touch what do uses.
func (c *Client) await(do func()) error {
	if c.ctx == nil {
		do()
		return nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// bounded returns a file whose reads fail after the end of the client's context.
func (c *Client) bounded(file io.ReadCloser) io.ReadCloser {
	if c.ctx == nil {
		return file
	}
	return boundedFile{c.ctx, file}
}

type boundedFile struct {
	ctx  context.Context
	file io.ReadCloser
}

func (f boundedFile) Read(b []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.file.Read(b)
}

func (f boundedFile) Close() error { return f.file.Close() }
