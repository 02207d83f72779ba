// SPDX-License-Identifier: Apache-2.0

// Package nlattr encodes and decodes netlink attributes. Unlike the encoder and decoder
// of package netlink, its own do not allocate a slice for each attribute.
//
// An attribute has a length and a type of 16 bits each, and a value. Zeros pad the value
// to a multiple of four bytes; the length does not count them. Numbers are in host byte
// order, unless a name says otherwise.
package nlattr

import (
	"encoding/binary"

	"github.com/mdlayher/netlink"
)

// HeaderLen is the size of the length and the type.
const HeaderLen = 4

// Encoder appends attributes to B. The first error stays in Err.
type Encoder struct {
	B   []byte
	Err error
}

// Fail sets the error, unless there is one.
func (e *Encoder) Fail(err error) {
	if e.Err == nil {
		e.Err = err
	}
}

// header starts an attribute with a value of size bytes.
func (e *Encoder) header(typ uint16, size int) {
	e.B = binary.NativeEndian.AppendUint16(e.B, uint16(HeaderLen+size))
	e.B = binary.NativeEndian.AppendUint16(e.B, typ)
}

// Uint8 writes a number.
func (e *Encoder) Uint8(typ uint16, v uint8) {
	e.header(typ, 1)
	e.B = append(e.B, v, 0, 0, 0)
}

// Uint16 writes a number.
func (e *Encoder) Uint16(typ, v uint16) {
	e.header(typ, 2)
	e.B = append(binary.NativeEndian.AppendUint16(e.B, v), 0, 0)
}

// Uint32 writes a number.
func (e *Encoder) Uint32(typ uint16, v uint32) {
	e.header(typ, 4)
	e.B = binary.NativeEndian.AppendUint32(e.B, v)
}

// TwoUint32 writes two numbers as one value.
func (e *Encoder) TwoUint32(typ uint16, first, second uint32) {
	e.header(typ, 8)
	e.B = binary.NativeEndian.AppendUint32(e.B, first)
	e.B = binary.NativeEndian.AppendUint32(e.B, second)
}

// Uint64 writes a number.
func (e *Encoder) Uint64(typ uint16, v uint64) {
	e.header(typ, 8)
	e.B = binary.NativeEndian.AppendUint64(e.B, v)
}

// BigEndian16 writes a number in network byte order.
func (e *Encoder) BigEndian16(typ, v uint16) {
	e.header(typ, 2)
	e.B = append(binary.BigEndian.AppendUint16(e.B, v), 0, 0)
}

// BigEndian32 writes a number in network byte order.
func (e *Encoder) BigEndian32(typ uint16, v uint32) {
	e.header(typ, 4)
	e.B = binary.BigEndian.AppendUint32(e.B, v)
}

// Bytes writes a value of at most 65531 bytes.
func (e *Encoder) Bytes(typ uint16, v []byte) {
	e.header(typ, len(v))
	e.B = append(e.B, v...)
	e.pad(len(v))
}

// Text writes a NUL-terminated string.
func (e *Encoder) Text(typ uint16, s string) {
	e.header(typ, len(s)+1)
	e.B = append(e.B, s...)
	e.B = append(e.B, 0)
	e.pad(len(s) + 1)
}

// pad writes the zeros after a value of size bytes.
func (e *Encoder) pad(size int) {
	for ; size%4 != 0; size++ {
		e.B = append(e.B, 0)
	}
}

// Nest writes an attribute whose value is the attributes that encode writes.
func (e *Encoder) Nest(typ uint16, encode func(*Encoder)) {
	start := len(e.B)
	e.header(netlink.Nested|typ, 0)
	encode(e)
	binary.NativeEndian.PutUint16(e.B[start:], uint16(len(e.B)-start))
}
