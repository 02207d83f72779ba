// SPDX-License-Identifier: Apache-2.0

package nlattr

import (
	"bytes"
	"errors"
	"testing"

	"github.com/mdlayher/netlink"
	"pgregory.net/rapid"
)

// The encoder writes what that of package netlink writes.
func TestEncoderAgreesWithNetlink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.Uint16Max(0x3fff).Draw(t, "type")
		v, text, raw := rapid.Uint64().Draw(t, "number"), rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "text"), rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes")
		var e Encoder
		e.Nest(typ, func(e *Encoder) {
			e.Uint8(1, uint8(v))
			e.Uint16(2, uint16(v))
			e.Uint32(3, uint32(v))
			e.Uint64(4, v)
			e.Text(5, text)
			e.Bytes(6, raw)
		})
		theirs := netlink.NewAttributeEncoder()
		theirs.Nested(typ, func(ae *netlink.AttributeEncoder) error {
			ae.Uint8(1, uint8(v))
			ae.Uint16(2, uint16(v))
			ae.Uint32(3, uint32(v))
			ae.Uint64(4, v)
			ae.String(5, text)
			ae.Bytes(6, raw)
			return nil
		})
		want, err := theirs.Encode()
		if err != nil || e.Err != nil || !bytes.Equal(e.B, want) {
			t.Fatalf("got %x, %v, want %x, %v", e.B, e.Err, want, err)
		}
		d := Decoder{Rest: e.B}
		if !d.Next() || d.Type != typ {
			t.Fatalf("got %+v", d)
		}
		d = Decoder{Rest: d.Value}
		ok := d.Next() && d.Uint8() == uint8(v) && d.Next() && d.Uint16() == uint16(v) && d.Next() && d.Uint32() == uint32(v) &&
			d.Next() && d.Uint64() == v && d.Next() && d.Text() == text && d.Next() && bytes.Equal(d.Value, raw)
		if !ok || d.Next() || d.Err != nil {
			t.Fatalf("decoded %+v", d)
		}
	})
}

func TestNetworkByteOrder(t *testing.T) {
	var e Encoder
	e.BigEndian16(1, 0x0102)
	e.BigEndian32(2, 0x01020304)
	e.TwoUint32(3, 7, 8)
	d := Decoder{Rest: e.B}
	if !d.Next() || d.BigEndian16() != 0x0102 || !d.Next() || !bytes.Equal(d.Value, []byte{1, 2, 3, 4}) || !d.Next() || !d.CheckSize(8) || d.Next() || d.Err != nil {
		t.Errorf("%x: got %+v", e.B, d)
	}
}

// The first error ends everything.
func TestErrorsStay(t *testing.T) {
	first := errors.New("first")
	var e Encoder
	e.Fail(first)
	e.Fail(errors.New("second"))
	if e.Err != first {
		t.Errorf("got %v", e.Err)
	}
	e = Encoder{}
	e.Uint8(1, 1)
	e.Uint8(2, 2)
	d := Decoder{Rest: e.B}
	if !d.Next() || d.Uint32() != 0 || d.Err == nil || d.Err.Error() != "attribute 1 is 1 bytes long, want 4" || d.Next() {
		t.Errorf("got %+v", d)
	}
}

// Any bytes are attributes and at most one error.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte{5, 0, 1, 0, 7, 0, 0, 0})
	f.Add([]byte{3, 0, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := Decoder{Rest: b}
		for n := 0; d.Next(); n++ {
			if n > len(b)/HeaderLen || d.Type > 0x3fff {
				t.Fatalf("%x: attribute %d: %+v", b, n, d)
			}
		}
	})
}
