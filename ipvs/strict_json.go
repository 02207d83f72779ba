// SPDX-License-Identifier: Apache-2.0

package ipvs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// UnmarshalJSON reads the JSON form. Fields that it lacks become zero, and unknown fields
// are errors.
func (e *TableEntry) UnmarshalJSON(b []byte) error {
	type fields TableEntry
	return readJSON(b, (*fields)(e))
}

// UnmarshalJSON reads the JSON form. Fields that it lacks become zero, and unknown fields
// are errors.
func (d *Daemon) UnmarshalJSON(b []byte) error {
	type fields Daemon
	return readJSON(b, (*fields)(d))
}

// UnmarshalJSON reads the JSON form. Fields that it lacks become zero, and unknown fields
// are errors.
func (t *Timeouts) UnmarshalJSON(b []byte) error {
	type fields Timeouts
	return readJSON(b, (*fields)(t))
}

// readJSON sets v to what b holds, and leaves it as it is after an error. Like
// json.Unmarshal it takes null for no value.
func readJSON[T any](b []byte, v *T) error {
	if bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		return nil
	}
	var read T
	// A json.Decoder does not pass this option on to methods UnmarshalJSON.
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&read); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("ipvs: more than one JSON value")
	}
	*v = read
	return nil
}
