// SPDX-License-Identifier: Apache-2.0

package ipvs_test

import (
	"errors"
	"os"
	"testing"
)

func TestCallsAfterClose(t *testing.T) {
	_, c := faulty(t)
	must(t, c.Close())
	errs := everyCall(c)
	errs["close"] = c.Close()
	for name, err := range errs {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
