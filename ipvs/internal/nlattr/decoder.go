// SPDX-License-Identifier: Apache-2.0

package nlattr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
)

// Decoder iterates over attributes. The first error stays in Err and ends the iteration.
type Decoder struct {
	Rest []byte
	Err  error

	// The current attribute. The value aliases the input.
	Type  uint16
	Value []byte
}

// typeFlags are the bits of a type that describe the form of the value.
const typeFlags = netlink.Nested | netlink.NetByteOrder

var errTruncated = errors.New("truncated or malformed length")

// Next advances to the next attribute. It returns false at the end and on error.
func (d *Decoder) Next() bool {
	rest := d.Rest
	if d.Err != nil || len(rest) == 0 {
		return false
	}
	if len(rest) < HeaderLen {
		d.Err = errTruncated
		return false
	}
	length := int(binary.NativeEndian.Uint16(rest))
	if length < HeaderLen || length > len(rest) {
		d.Err = errTruncated
		return false
	}
	d.Type = binary.NativeEndian.Uint16(rest[2:]) &^ typeFlags
	d.Value = rest[HeaderLen:length]
	d.Rest = rest[min((length+3)&^3, len(rest)):]
	return true
}

// CheckSize reports whether the value has the wanted size, and sets Err if not.
func (d *Decoder) CheckSize(size int) bool { return len(d.Value) == size || d.failSize(size) }

func (d *Decoder) failSize(size int) bool {
	d.Err = fmt.Errorf("attribute %d is %d bytes long, want %d", d.Type, len(d.Value), size)
	return false
}

// Uint8 reads a number.
func (d *Decoder) Uint8() uint8 {
	if !d.CheckSize(1) {
		return 0
	}
	return d.Value[0]
}

// Uint16 reads a number.
func (d *Decoder) Uint16() uint16 {
	if !d.CheckSize(2) {
		return 0
	}
	return binary.NativeEndian.Uint16(d.Value)
}

// Uint32 reads a number.
func (d *Decoder) Uint32() uint32 {
	if !d.CheckSize(4) {
		return 0
	}
	return binary.NativeEndian.Uint32(d.Value)
}

// Uint64 reads a number.
func (d *Decoder) Uint64() uint64 {
	if !d.CheckSize(8) {
		return 0
	}
	return binary.NativeEndian.Uint64(d.Value)
}

// BigEndian16 reads a number in network byte order.
func (d *Decoder) BigEndian16() uint16 {
	if !d.CheckSize(2) {
		return 0
	}
	return binary.BigEndian.Uint16(d.Value)
}

// Text reads a string up to the first NUL, or the whole value without one.
func (d *Decoder) Text() string {
	s, _, _ := bytes.Cut(d.Value, []byte{0})
	return string(s)
}
