package ipvs

import (
	"errors"
	"fmt"
	"os"
)

// prefixed names the package in an error, which says so once.
func prefixed(err error) error {
	if err == nil || errors.Is(err, ErrNoIPVS) {
		return err
	}
	return fmt.Errorf("ipvs: %w", err)
}

// failure is why there is no answer from the kernel. Whatever a closed connection
// answers, it is os.ErrClosed.
func (c *Client) failure(err error) error {
	if c.closed.Load() {
		return os.ErrClosed
	}
	return err
}
