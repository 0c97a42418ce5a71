package chunk

import "encoding/binary"

// body is what a chunk has in it, in both forms: a count, then one column after the other.
type body struct {
	plain  []byte
	packed []byte // nil: that form can't have it
}

// newBody begins one of n rows, of a column of times or so many more.
func newBody(n, columns int) *body {
	b := &body{plain: binary.AppendUvarint(make([]byte, 0, 16+2*n*columns), uint64(n))}
	if n <= maxPacked {
		b.packed = binary.AppendUvarint(make([]byte, 0, 16*columns+2*n*columns), uint64(n))
	}
	return b
}

func (b *body) times(times []int64) {
	b.plain = appendTimes(b.plain, times)
	b.pack(times)
}

func (b *body) ints(numbers []int64) {
	b.plain = appendInts(b.plain, numbers)
	b.pack(numbers)
}

// values are written as whole numbers at one power of ten, and where that can't be as the bits of each.
func (b *body) values(values []float64) {
	numbers, exponent, ok := decimals(values)
	if !ok {
		b.both(func(to []byte) []byte { return appendBits(append(to, inBits), values) })
		return
	}
	b.both(func(to []byte) []byte { return binary.AppendVarint(append(to, inDecimal), int64(exponent)) })
	b.ints(numbers)
}

func (b *body) both(add func([]byte) []byte) {
	b.plain = add(b.plain)
	if b.packed != nil {
		b.packed = add(b.packed)
	}
}

func (b *body) pack(numbers []int64) {
	if b.packed == nil {
		return
	}
	if more, ok := appendPacked(b.packed, numbers); ok {
		b.packed = more
	} else {
		b.packed = nil
	}
}

// smaller is the smaller of both forms, and its bit of the form byte.
func (b *body) smaller() ([]byte, byte) {
	if b.packed != nil && len(b.packed) < len(b.plain) {
		return b.packed, packed
	}
	return b.plain, 0
}
