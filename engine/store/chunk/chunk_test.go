package chunk

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// identical compares to the bit: NaN is NaN, and the zeros differ.
func identical(a, b engine.Point) bool {
	return a.At.Equal(b.At) && math.Float64bits(a.Value) == math.Float64bits(b.Value)
}

func roundTrip(t interface {
	Helper()
	Fatalf(string, ...any)
}, points []engine.Point) {
	t.Helper()
	for _, chunk := range [][]byte{Encode(points), EncodeOpen(points)} {
		got, err := Decode(chunk)
		if err != nil {
			t.Fatalf("%v is packed, and unpacked: %v", points, err)
		}
		if !slices.EqualFunc(got, points, identical) {
			t.Fatalf("packed %v\nunpacked %v", points, got)
		}
	}
	for _, r := range encode(points).readers() { // also the forms that were not the smallest
		if got, err := decode(r); err != nil || !slices.EqualFunc(got, points, identical) {
			t.Fatalf("packed (%t) %v\nunpacked %v, %v", r.packed, points, got, err)
		}
	}
}

// readers read a body in each form that can have it.
func (b *body) readers() []reader {
	if b.packed == nil {
		return []reader{{rest: b.plain}}
	}
	return []reader{{rest: b.plain}, {rest: b.packed, packed: true}}
}

func every(step time.Duration, values ...float64) []engine.Point {
	points := make([]engine.Point, len(values))
	for i, v := range values {
		points[i] = engine.Point{At: start.Add(time.Duration(i) * step), Value: v}
	}
	return points
}

func TestRoundTrip(t *testing.T) {
	nan := math.Float64frombits(0x7ff8_0000_dead_beef)
	for name, values := range map[string][]float64{
		"nothing":                     {},
		"one zero":                    {0},
		"zeros":                       {0, 0, 0},
		"negative zero":               {1, math.Copysign(0, -1), 2},
		"whole numbers":               {3, -7, 1200, 0},
		"four digits":                 {42.65, 41.36, 0.001234, 12340},
		"seventeen digits":            {41.361999999999995, 0.1, 1.0 / 3},
		"no common exponent":          {1e300, 1e-300, 5},
		"large":                       {math.MaxFloat64, -math.MaxFloat64, 1e308},
		"large whole numbers":         {1 << 53, 1<<53 + 2, 1 << 62, -1 << 63, 1e22, 1e23},
		"small":                       {math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 2.2250738585072014e-308},
		"not numbers":                 {1, math.NaN(), nan, math.Inf(1), math.Inf(-1)},
		"differences beyond 64 bits":  {9e18, -9e18, 9e18},
		"digits that fit 64 bits":     {9.2e18, 1},
		"digits that don't, by a bit": {9.3e18, 1},
	} {
		t.Run(name, func(t *testing.T) { roundTrip(t, every(15*time.Second, values...)) })
	}
	t.Run("any order, far and twice the same times", func(t *testing.T) {
		points := every(0, 1, 2, 3, 4, 5)
		points[1].At = time.UnixMilli(math.MaxInt64)
		points[2].At = time.UnixMilli(math.MinInt64)
		points[3].At = time.Time{}
		roundTrip(t, points)
	})
	t.Run("finer than a millisecond is cut off", func(t *testing.T) {
		got, err := Decode(Encode([]engine.Point{{At: start.Add(1999 * time.Microsecond), Value: 1}}))
		if err != nil || !got[0].At.Equal(start.Add(time.Millisecond)) || got[0].At.Location() != time.UTC {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("more than one inflates to", func(t *testing.T) {
		roundTrip(t, every(time.Second, make([]float64, maxInflated)...))
	})
}

// values are what metrics say, and anything at all.
func values() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Float64(),
		rapid.Map(rapid.Uint64(), math.Float64frombits),
		rapid.Map(rapid.IntRange(-9999, 9999), func(n int) float64 { return float64(n) / 100 }),
		rapid.Map(rapid.Int64(), func(n int64) float64 { return float64(n) }),
	)
}

func TestAnyPointsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]*rapid.Generator[float64]{
			values(), rapid.Map(rapid.IntRange(-9999, 9999), func(n int) float64 { return float64(n) / 1000 }),
		}).Draw(t, "kind")
		at := rapid.OneOf(rapid.Int64(), rapid.Int64Range(1e12, 1e12+1e6))
		roundTrip(t, rapid.SliceOfN(rapid.Custom(func(t *rapid.T) engine.Point {
			return engine.Point{At: time.UnixMilli(at.Draw(t, "at")), Value: value.Draw(t, "value")}
		}), 0, 300).Draw(t, "points"))
	})
}

func TestDamageIsAnError(t *testing.T) {
	points := cpu(240, 3)
	for name, c := range map[string]struct {
		chunk  []byte
		decode func([]byte) error
	}{
		"points":      {Encode(points), func(b []byte) error { _, err := Decode(b); return err }},
		"with a gap":  {Encode(slices.Concat(points[:50], cpu(9000, 3)[8000:8100])), func(b []byte) error { _, err := Decode(b); return err }},
		"open points": {EncodeOpen(points[:20]), func(b []byte) error { _, err := Decode(b); return err }},
		"rollups":     {EncodeRollups(SumUp(points)), func(b []byte) error { _, err := DecodeRollups(b); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.decode(c.chunk); err != nil {
				t.Fatal(err)
			}
			for n := range c.chunk {
				if err := c.decode(c.chunk[:n]); err == nil {
					t.Errorf("cut after %d bytes it is read", n)
				}
				damaged := bytes.Clone(c.chunk)
				damaged[n] ^= 1 << (n % 8)
				if err := c.decode(damaged); err == nil {
					t.Errorf("with byte %d flipped it is read", n)
				}
			}
		})
	}
}

func TestRefusedChunks(t *testing.T) {
	signed := func(form byte, body ...byte) []byte {
		chunk := append([]byte{version, form, 0, 0, 0, 0}, body...)
		binary.LittleEndian.PutUint32(chunk[2:], checksum(chunk))
		return chunk
	}
	var bomb bytes.Buffer
	w, err := flate.NewWriter(&bomb, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 1 << 10 {
		if _, err := w.Write(make([]byte, 1<<16)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		chunk []byte
		says  string
	}{
		"nothing":                  {nil, "cut short"},
		"a newer version":          {[]byte{9, 0, 0, 0, 0, 0}, "version 9"},
		"rollups":                  {EncodeRollups(nil), "form 2, want 0"},
		"an unknown form":          {signed(128, 0), "form 128"},
		"two forms":                {signed(deflated|packed, 0), "form 5"},
		"a bomb":                   {signed(deflated, bomb.Bytes()...), "inflates to more than"},
		"not deflated":             {signed(deflated, 7, 7, 7), "inflate"},
		"more points than bytes":   {signed(0, 255, 255, 255, 255, 15), "cut short"},
		"an endless number":        {signed(0, bytes.Repeat([]byte{255}, 20)...), "cut short"},
		"no values":                {signed(0, 1, 2), "cut short"},
		"an unknown column":        {signed(0, 1, 2, 7, 0), "begins with 7"},
		"too few bits":             {signed(0, 1, 2, inBits, 1, 2, 3), "cut short"},
		"an impossible exponent":   {signed(0, 1, 2, inDecimal, 0xff, 0xff, 1, 2), "exponent"},
		"a number beyond a float":  {signed(0, 1, 2, inDecimal, 0xe8, 4, 200, 1), "no 64-bit float"},
		"more than there is point": {signed(0, 0, inDecimal, 0, 5), "left over"},
		"packed, too many":         {signed(packed, binary.AppendUvarint(nil, maxPacked+1)...), "at most"},
		"packed, very many":        {signed(packed, binary.AppendUvarint(nil, math.MaxUint64)...), "at most"},
		"packed, no times":         {signed(packed, 1), "cut short"},
		"packed, too few bits":     {signed(packed, 3, 0, 0, 9, 1, 2, 3), "cut short"},
		"packed, too wide":         {signed(packed, 1, 0, 0, maxWidth+1, 1, 2, 3, 4, 5, 6, 7, 8), "57 bits"},
		"packed, steps too wide":   {signed(packed, 1, 0, 0, steps|127, 1, 2, 3, 4, 5, 6, 7, 8), "127 bits"},
		"packed, bits left over":   {signed(packed, 1, 0, 0, 3, 8, inDecimal, 0, 0, 0, 0), "bits are left over"},
		"packed, bytes left over":  {signed(packed, 1, 0, 0, 0, inDecimal, 0, 0, 0, 0, 7), "left over"},
		"packed, an exponent":      {signed(packed, 1, 0, 0, 0, inDecimal, 0xff, 0xff, 1, 0, 0, 0), "exponent"},
	} {
		t.Run(name, func(t *testing.T) {
			points, err := Decode(c.chunk)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it is read as %v, %v; want an error that says %q", points, err, c.says)
			}
		})
	}
}

// seeds are bodies of all kinds.
func seeds(f *testing.F) {
	points := cpu(240, 3)
	gap := slices.Concat(points[:100], points[200:])
	for _, some := range [][]engine.Point{points, points[:1], gap, every(time.Second, math.NaN(), 1e300, 1e-300)} {
		f.Add(Encode(some))
		f.Add(EncodeRollups(SumUp(some)))
		for _, b := range []*body{encode(some), encodeRollups(SumUp(some))} {
			f.Add(b.plain)
			f.Add(b.packed)
		}
	}
}

// A body that is read is packed and read as the same again; so is any chunk.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if points, err := Decode(data); err == nil {
			roundTrip(t, points)
		}
		if all, err := DecodeRollups(data); err == nil {
			rollupsRoundTrip(t, all)
		}
		for _, r := range []reader{{rest: data}, {rest: data, packed: true}} {
			if points, err := decode(r); err == nil {
				roundTrip(t, points)
			}
			if all, err := decodeRollups(r); err == nil {
				rollupsRoundTrip(t, all)
			}
		}
		if out, err := new(Decoder).inflate(data); err == nil && len(out) > maxInflated {
			t.Errorf("%d bytes inflate to %d", len(data), len(out))
		}
	})
}

// Any points at all come back; sixteen bytes are one.
func FuzzEncode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var points []engine.Point
		for ; len(data) >= 16; data = data[16:] {
			points = append(points, engine.Point{
				At:    time.UnixMilli(int64(binary.LittleEndian.Uint64(data))),
				Value: math.Float64frombits(binary.LittleEndian.Uint64(data[8:])),
			})
		}
		roundTrip(t, points)
	})
}

// One Encoder and one Decoder do for all.
func TestReuse(t *testing.T) {
	var e Encoder
	var d Decoder
	for n := range 20 {
		points := cpu(240-n, n)
		chunk := e.Encode(points)
		if !bytes.Equal(chunk, Encode(points)) {
			t.Fatalf("chunk %d is packed otherwise than the first", n)
		}
		if got, err := d.Decode(chunk); err != nil || !slices.EqualFunc(got, points, identical) {
			t.Fatalf("chunk %d: packed %v\nunpacked %v, %v", n, points, got, err)
		}
		if _, err := d.Decode(chunk[:len(chunk)/2]); err == nil {
			t.Fatal("half a chunk is read")
		}
		broken := append([]byte{version, deflated, 0, 0, 0, 0}, chunk[header:len(chunk)/2]...)
		binary.LittleEndian.PutUint32(broken[2:], checksum(broken))
		if _, err := d.Decode(broken); err == nil {
			t.Fatal("half a body is read")
		}
	}
}
