// Package chunk packs the samples of a series, and their rollups, into few bytes and back without loss. It is pure.
//
// A chunk is a version byte, a form byte, four bytes of checksum (CRC-32C of all the rest) and the body: a count and one
// column after the other, all times, then all values. Neighbours in a column are alike. The body has the form that is
// smallest: packed, all numbers of a column in as many bits as its largest needs, which is best where they are sampled in
// step; or each in as many bytes as it needs, deflated where that helps, which is best where one is far off.
package chunk

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/flyball-dev/flyball/engine"
)

const (
	version = 1
	header  = 6 // version, form, checksum

	deflated = 1 << 0 // bits of the form byte
	rollups  = 1 << 1 // else points
	packed   = 1 << 2

	// A larger body is not deflated, so that what inflates to more can only be damage.
	maxInflated = 1 << 16
)

// Encode packs points, in the order given. Times are kept to the millisecond, what is finer is cut off; values are kept
// to the bit.
func Encode(points []engine.Point) []byte { return new(Encoder).Encode(points) }

// EncodeOpen is Encode for a chunk that will soon be written again: not deflated, which takes a fraction of the time.
func EncodeOpen(points []engine.Point) []byte { return seal(encode(points).smaller()) }

// Decode unpacks what Encode and EncodeOpen have packed. Times are UTC. What is damaged, cut short, of a newer version
// or of rollups is an error, and costs no more memory than some fifty times its length and a few megabytes.
func Decode(chunk []byte) ([]engine.Point, error) { return new(Decoder).Decode(chunk) }

// EncodeRollups packs rollups, in the order given. From is kept to the millisecond, values are kept to the bit.
func EncodeRollups(all []engine.Rollup) []byte { return new(Encoder).EncodeRollups(all) }

// DecodeRollups unpacks what EncodeRollups has packed. It refuses what Decode refuses, and chunks of points.
func DecodeRollups(chunk []byte) ([]engine.Rollup, error) { return new(Decoder).DecodeRollups(chunk) }

// Encoder packs one chunk after another with one set of flate's tables, of a megabyte. The zero value is ready. It is
// for one goroutine at a time.
type Encoder struct {
	writer *flate.Writer
	out    bytes.Buffer
}

// Encode is the function of that name.
func (e *Encoder) Encode(points []engine.Point) []byte { return e.seal(encode(points), 0) }

// EncodeRollups is the function of that name.
func (e *Encoder) EncodeRollups(all []engine.Rollup) []byte {
	return e.seal(encodeRollups(all), rollups)
}

// Decoder unpacks one chunk after another with one set of flate's tables. The zero value is ready. It is for one
// goroutine at a time.
type Decoder struct {
	reader io.ReadCloser
	out    bytes.Buffer
}

// Decode is the function of that name.
func (d *Decoder) Decode(chunk []byte) ([]engine.Point, error) {
	return unpack(d, chunk, 0, decode)
}

// DecodeRollups is the function of that name.
func (d *Decoder) DecodeRollups(chunk []byte) ([]engine.Rollup, error) {
	return unpack(d, chunk, rollups, decodeRollups)
}

func unpack[T any](d *Decoder, chunk []byte, kind byte, decode func(reader) ([]T, error)) ([]T, error) {
	body, err := d.open(chunk, kind)
	if err != nil {
		return nil, fmt.Errorf("chunk of %d bytes: %w", len(chunk), err)
	}
	all, err := decode(body)
	if err != nil {
		return nil, fmt.Errorf("chunk of %d bytes: %w", len(chunk), err)
	}
	return all, nil
}

func encode(points []engine.Point) *body {
	times, values := make([]int64, len(points)), make([]float64, len(points))
	for i, p := range points {
		times[i], values[i] = p.At.UnixMilli(), p.Value
	}
	b := newBody(len(points), 2)
	b.times(times)
	b.values(values)
	return b
}

func decode(r reader) ([]engine.Point, error) {
	n := r.count(2) // a byte at least for each time, and for each value
	times, values := r.times(n), r.values(n)
	if err := r.end(); err != nil {
		return nil, err
	}
	points := make([]engine.Point, n)
	for i := range points {
		points[i] = engine.Point{At: instant(times[i]), Value: values[i]}
	}
	return points, nil
}

// seal takes the smallest form of a body.
func (e *Encoder) seal(b *body, kind byte) []byte {
	small, form := b.smaller()
	if len(b.plain) <= maxInflated {
		if d := e.deflate(b.plain); len(d) < len(small) {
			small, form = d, deflated
		}
	}
	return seal(small, kind|form)
}

func seal(body []byte, form byte) []byte {
	chunk := make([]byte, header, header+len(body))
	chunk[0], chunk[1] = version, form
	chunk = append(chunk, body...)
	binary.LittleEndian.PutUint32(chunk[2:], checksum(chunk))
	return chunk
}

// open reads the body of a chunk, until the next one is opened.
func (d *Decoder) open(chunk []byte, kind byte) (reader, error) {
	switch {
	case len(chunk) < header:
		return reader{}, errors.New("it is cut short")
	case chunk[0] != version:
		return reader{}, fmt.Errorf("it has version %d, this flyball reads version %d", chunk[0], version)
	case binary.LittleEndian.Uint32(chunk[2:]) != checksum(chunk):
		return reader{}, errors.New("it is damaged: the checksum differs")
	}
	body := chunk[header:]
	switch form := chunk[1]; form {
	case kind:
		return reader{rest: body}, nil
	case kind | packed:
		return reader{rest: body, packed: true}, nil
	case kind | deflated:
		body, err := d.inflate(body)
		return reader{rest: body}, err
	default:
		return reader{}, fmt.Errorf("it has form %d, want %d, or with %d or %d added", form, kind, deflated, packed)
	}
}

func checksum(chunk []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(chunk[:2], table), table, chunk[header:])
}

func (e *Encoder) deflate(body []byte) []byte {
	var err error
	e.out.Reset()
	if e.writer == nil {
		e.writer, err = flate.NewWriter(&e.out, flate.BestSpeed) // the best makes chunks this small no smaller
	} else {
		e.writer.Reset(&e.out)
	}
	if err == nil {
		_, err = e.writer.Write(body)
	}
	if err == nil {
		err = e.writer.Close()
	}
	if err != nil {
		return body // can't be: the level is right, and a buffer takes everything
	}
	return e.out.Bytes()
}

func (d *Decoder) inflate(body []byte) ([]byte, error) {
	in := bytes.NewReader(body)
	if again, ok := d.reader.(flate.Resetter); ok {
		if err := again.Reset(in, nil); err != nil {
			return nil, fmt.Errorf("inflate: %w", err)
		}
	} else {
		d.reader = flate.NewReader(in)
	}
	d.out.Reset()
	if _, err := d.out.ReadFrom(io.LimitReader(d.reader, maxInflated+1)); err != nil {
		return nil, fmt.Errorf("inflate: %w", err)
	}
	if d.out.Len() > maxInflated {
		return nil, fmt.Errorf("it inflates to more than %d bytes", maxInflated)
	}
	return d.out.Bytes(), nil
}
