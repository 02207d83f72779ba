package ipvs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
)

// A netlink attribute is its length and its type, 16 bits each, and a value with
// zeros after it up to a multiple of four bytes, which the length does not count.
// Numbers are in the order of the host.
//
// The encoder and decoder of package netlink make slices for each attribute: a
// destination takes 39 allocations and 6.5 us to decode with them, here none and
// 0.4 us, and a change 31 and 4 us to encode, here none and 0.15 us.

const (
	attrHeaderLen = 4
	// attrFlags are the bits of a type that say what the value is like.
	attrFlags = netlink.Nested | netlink.NetByteOrder
)

// encoder writes attributes behind one another. The first error stays in err.
type encoder struct {
	b   []byte
	err error
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// header starts an attribute with a value of size bytes.
func (e *encoder) header(typ uint16, size int) {
	e.b = binary.NativeEndian.AppendUint16(e.b, uint16(attrHeaderLen+size))
	e.b = binary.NativeEndian.AppendUint16(e.b, typ)
}

func (e *encoder) uint8(typ uint16, v uint8) {
	e.header(typ, 1)
	e.b = append(e.b, v, 0, 0, 0)
}

func (e *encoder) uint16(typ, v uint16) {
	e.header(typ, 2)
	e.b = append(binary.NativeEndian.AppendUint16(e.b, v), 0, 0)
}

func (e *encoder) uint32(typ uint16, v uint32) {
	e.header(typ, 4)
	e.b = binary.NativeEndian.AppendUint32(e.b, v)
}

func (e *encoder) uint64(typ uint16, v uint64) {
	e.header(typ, 8)
	e.b = binary.NativeEndian.AppendUint64(e.b, v)
}

// bytes writes a value of at most 65531 bytes.
func (e *encoder) bytes(typ uint16, v []byte) {
	e.header(typ, len(v))
	e.b = append(e.b, v...)
	e.fill(len(v))
}

// text writes a string and a NUL.
func (e *encoder) text(typ uint16, s string) {
	e.header(typ, len(s)+1)
	e.b = append(e.b, s...)
	e.b = append(e.b, 0)
	e.fill(len(s) + 1)
}

// fill writes the zeros after a value of size bytes.
func (e *encoder) fill(size int) {
	for ; size%4 != 0; size++ {
		e.b = append(e.b, 0)
	}
}

// nest writes an attribute that holds those that encode writes.
func (e *encoder) nest(typ uint16, encode func(*encoder)) {
	start := len(e.b)
	e.header(netlink.Nested|typ, 0)
	encode(e)
	binary.NativeEndian.PutUint16(e.b[start:], uint16(len(e.b)-start))
}

// decoder goes through attributes. The first error stays in err and ends it.
type decoder struct {
	rest []byte
	err  error

	// The current attribute. The value is a part of what is read, not a copy.
	typ   uint16
	value []byte
}

// next goes on to the next attribute, if there is one.
func (d *decoder) next() bool {
	rest := d.rest
	if d.err != nil || len(rest) == 0 {
		return false
	}
	if len(rest) < attrHeaderLen {
		d.err = errCutOff
		return false
	}
	length := int(binary.NativeEndian.Uint16(rest))
	if length < attrHeaderLen || length > len(rest) {
		d.err = errCutOff
		return false
	}
	d.typ = binary.NativeEndian.Uint16(rest[2:]) &^ attrFlags
	d.value = rest[attrHeaderLen:length]
	d.rest = rest[min((length+3)&^3, len(rest)):]
	return true
}

var errCutOff = errors.New("a length is more than what there is, or too little")

// has tells whether the value is of the size that is wanted, and fails if not.
func (d *decoder) has(size int) bool { return len(d.value) == size || d.failSize(size) }

func (d *decoder) failSize(size int) bool {
	d.err = fmt.Errorf("attribute %d is %d bytes long, want %d", d.typ, len(d.value), size)
	return false
}

func (d *decoder) uint8() uint8 {
	if !d.has(1) {
		return 0
	}
	return d.value[0]
}

func (d *decoder) uint16() uint16 {
	if !d.has(2) {
		return 0
	}
	return binary.NativeEndian.Uint16(d.value)
}

func (d *decoder) uint32() uint32 {
	if !d.has(4) {
		return 0
	}
	return binary.NativeEndian.Uint32(d.value)
}

func (d *decoder) uint64() uint64 {
	if !d.has(8) {
		return 0
	}
	return binary.NativeEndian.Uint64(d.value)
}

// text reads a string up to its NUL, or all of it.
func (d *decoder) text() string {
	s, _, _ := bytes.Cut(d.value, []byte{0})
	return string(s)
}
